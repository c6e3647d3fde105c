/* symbols.cpp — the library reads its own symbol table: which kernels it has, what they are called,
 * and where each one's __shared__ arrays lie.
 *
 * __global__ puts the address of every kernel into a section (see cuda_runtime.h). A __shared__
 * array is a thread-local variable of a function, and its mangled name begins with that
 * function's: _ZZ6kernelPfE4tile is the array `tile` of _Z6kernelPf.
 */
#include <cxxabi.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>

#include "emulate.h"

extern "C" {
thread_local char td_emu_shared_anchor;
extern const uintptr_t __start___patchable_function_entries[]
    __attribute__((weak, visibility("hidden")));
extern const uintptr_t __stop___patchable_function_entries[]
    __attribute__((weak, visibility("hidden")));
}

namespace td_emu
{

char *shared_anchor() { return &td_emu_shared_anchor; }

struct Symbol {
    std::string name;
    uintptr_t start; /* an address; an offset within the thread's segment for thread-local ones */
    size_t bytes;
};
struct Symbols {
    std::vector<Symbol> functions, arrays;
    uintptr_t anchor;
};

/* The symbols of the file this code was loaded from, or none if they were stripped. */
static Symbols read_symbols()
{
    Symbols symbols = {};
    Dl_info self;
    if (!dladdr((const void *)__start___patchable_function_entries, &self)) return symbols;
    int file = open(self.dli_fname, O_RDONLY | O_CLOEXEC);
    if (file < 0) file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status)) return symbols;
    char *image = (char *)mmap(nullptr, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (image == MAP_FAILED) return symbols;

    const ElfW(Ehdr) *header = (ElfW(Ehdr) *)image;
    const ElfW(Shdr) *section = (ElfW(Shdr) *)(image + header->e_shoff);
    const uintptr_t base = header->e_type == ET_DYN ? (uintptr_t)self.dli_fbase : 0;
    for (int i = 0; i < header->e_shnum; i++) {
        if (section[i].sh_type != SHT_SYMTAB) continue;
        const char *names = image + section[section[i].sh_link].sh_offset;
        const ElfW(Sym) *entry = (ElfW(Sym) *)(image + section[i].sh_offset);
        for (size_t n = section[i].sh_size / sizeof *entry; n--; entry++) {
            const char *name = names + entry->st_name;
            const int type = entry->st_info & 15;
            if (type == STT_FUNC && entry->st_value)
                symbols.functions.push_back({name, base + entry->st_value, entry->st_size});
            if (type == STT_TLS && !strncmp(name, "_ZZ", 3))
                symbols.arrays.push_back({name, entry->st_value, entry->st_size});
            if (type == STT_TLS && !strcmp(name, "td_emu_shared_anchor"))
                symbols.anchor = entry->st_value;
        }
    }
    munmap(image, (size_t)status.st_size);
    return symbols;
}

/* void tdl::softmax<float, 4>(float const*, int) → tdl::softmax<float, 4> */
static std::string readable(const std::string &symbol)
{
    int error;
    char *text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &error);
    if (!text) return symbol;
    std::string name = text;
    free(text);
    int depth = 0; /* of < > and ( ): the arguments are the last parenthesis outside all others */
    size_t end = name.size(), begin = 0;
    for (size_t i = name.size(); i--;) {
        const char c = name[i];
        if (c == ')' || c == '>') depth++;
        if (c == '(' || c == '<') depth--;
        if (c == '(' && !depth && end == name.size()) end = i;
        if (c == ' ' && !depth && end < name.size() && !begin) begin = i + 1;
    }
    return name.substr(begin, end - begin);
}

static std::vector<Kernel> list_kernels()
{
    std::vector<Kernel> kernels;
    const Symbols symbols = read_symbols();
    for (auto at = __start___patchable_function_entries;
         at < __stop___patchable_function_entries; at++) {
        Kernel kernel = {};
        kernel.entry = (const void *)*at;
        kernel.dynamic_shared_limit = SHARED;
        for (const Symbol &f : symbols.functions)
            if (f.start <= *at && *at < f.start + f.bytes) {
                kernel.entry = (const void *)f.start;
                kernel.symbol = f.name;
            }
        kernel.name = kernel.symbol.empty() ? "(unnamed kernel)" : readable(kernel.symbol);
        kernels.push_back(kernel);
    }
    for (const Symbol &array : symbols.arrays) {
        const Kernel::Range range = {(ptrdiff_t)(array.start - symbols.anchor), array.bytes};
        Kernel *owner = nullptr; /* none when a __device__ function declares it: anyone's */
        for (Kernel &kernel : kernels) {
            if (kernel.symbol.empty()) continue;
            const std::string prefix = "_ZZ" + kernel.symbol.substr(2) + "E";
            if (!array.name.compare(0, prefix.size(), prefix)) owner = &kernel;
        }
        if (owner) owner->static_shared += range.bytes;
        for (Kernel &kernel : kernels)
            if (!owner || owner == &kernel) kernel.shared.push_back(range);
    }
    std::sort(kernels.begin(), kernels.end(),
              [](const Kernel &a, const Kernel &b) { return a.name < b.name; });
    return kernels;
}

std::vector<Kernel> &all_kernels()
{
    static std::vector<Kernel> kernels = list_kernels();
    return kernels;
}

Kernel &find_kernel(const void *entry)
{
    static const auto index = [] {
        std::unordered_map<const void *, Kernel *> map;
        for (Kernel &kernel : all_kernels()) map[kernel.entry] = &kernel;
        return map;
    }();
    const auto found = index.find(entry);
    if (found != index.end()) return *found->second;
    static Kernel unknown = {};
    unknown.name = "(function without __global__)";
    unknown.dynamic_shared_limit = SHARED;
    return unknown;
}

} // namespace td_emu

/* --- for tests: every kernel of the library and how often it was launched ----------------------- */

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int td_emu_kernels() { return (int)td_emu::all_kernels().size(); }
EXPORT const char *td_emu_kernel_name(int i)
{
    return td_emu::all_kernels()[(size_t)i].name.c_str();
}
EXPORT int64_t td_emu_kernel_launches(int i) { return td_emu::all_kernels()[(size_t)i].launches; }
