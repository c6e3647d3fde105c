/* symbols.cpp — the library reads its own symbol table: which kernels it has, what they are called,
 * and where each one's __shared__ arrays lie.
 *
 * __global__ puts the address of every kernel into a section (see cuda_runtime.h). A __shared__
 * array is a variable of a function, and its mangled name begins with that function's:
 * _ZZ6kernelPfE4tile is the array `tile` of _Z6kernelPf.
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
#include "sanitizers.h"

extern "C" {
thread_local char td_emu_anchor; /* tells where this thread's copy of the segment begins */
extern const uintptr_t __start___patchable_function_entries[]
    __attribute__((weak, visibility("hidden")));
extern const uintptr_t __stop___patchable_function_entries[]
    __attribute__((weak, visibility("hidden")));
}

namespace td_emu
{

struct Symbol {
    std::string name;
    uintptr_t start; /* from the start of the loaded file, or of the thread-local segment */
    size_t bytes;
};
static struct {
    uintptr_t base, anchor; /* where the file was loaded; td_emu_anchor's place in its segment */
    std::vector<Symbol> functions, arrays;
} symbols;

char *shared_base() { return tsan() ? (char *)symbols.base : &td_emu_anchor - symbols.anchor; }

static void read_symbols(const char *image, uintptr_t address)
{
    const ElfW(Ehdr) *header = (ElfW(Ehdr) *)image;
    const ElfW(Shdr) *section = (ElfW(Shdr) *)(image + header->e_shoff);
    symbols.base = header->e_type == ET_DYN ? address : 0;
    for (int i = 0; i < header->e_shnum; i++) {
        if (section[i].sh_type != SHT_SYMTAB) continue;
        const char *names = image + section[section[i].sh_link].sh_offset;
        const ElfW(Sym) *entry = (ElfW(Sym) *)(image + section[i].sh_offset);
        for (size_t n = section[i].sh_size / sizeof *entry; n--; entry++) {
            if (entry->st_shndx == SHN_UNDEF || entry->st_shndx >= header->e_shnum) continue;
            const Symbol symbol = {names + entry->st_name, entry->st_value, entry->st_size};
            const int type = entry->st_info & 15;
            const bool zeros = section[entry->st_shndx].sh_type == SHT_NOBITS;
            const bool local = !symbol.name.compare(0, 3, "_ZZ");
            if (type == STT_FUNC) symbols.functions.push_back(symbol);
            if (local && zeros && type == (tsan() ? STT_OBJECT : STT_TLS))
                symbols.arrays.push_back(symbol);
            if (type == STT_TLS && symbol.name == "td_emu_anchor") symbols.anchor = symbol.start;
        }
    }
}

/* From the file this code was loaded from. If it was stripped, kernels have no names and shared
 * arrays are not filled. */
static void find_symbols()
{
    Dl_info self;
    if (!dladdr((const void *)__start___patchable_function_entries, &self)) return;
    int file = open(self.dli_fname, O_RDONLY | O_CLOEXEC);
    if (file < 0) file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status)) return;
    const size_t bytes = (size_t)status.st_size;
    void *image = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (image == MAP_FAILED) return;
    read_symbols((const char *)image, (uintptr_t)self.dli_fbase);
    munmap(image, bytes);
}

/* void softmax<float, 4>(float const*, int) → softmax<float, 4> */
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

/* Arrays that touch become one. They come in the order of their addresses. */
static void add_shared(Kernel &kernel, const Symbol &array)
{
    if (!kernel.shared.empty()) {
        Kernel::Range &last = kernel.shared.back();
        if (last.offset + last.bytes == array.start) {
            last.bytes += array.bytes;
            return;
        }
    }
    kernel.shared.push_back({array.start, array.bytes});
}

static std::vector<Kernel> list_kernels()
{
    std::vector<Kernel> kernels;
    find_symbols();
    for (auto at = __start___patchable_function_entries; at < __stop___patchable_function_entries;
         at++) {
        Kernel kernel = {};
        kernel.entry = (const void *)*at;
        kernel.dynamic_shared_limit = SHARED;
        for (const Symbol &f : symbols.functions)
            if (f.start <= *at - symbols.base && *at - symbols.base < f.start + f.bytes) {
                kernel.entry = (const void *)(symbols.base + f.start);
                kernel.symbol = f.name;
            }
        kernel.name = kernel.symbol.empty() ? "(unnamed kernel)" : readable(kernel.symbol);
        kernels.push_back(kernel);
    }
    std::sort(symbols.arrays.begin(), symbols.arrays.end(),
              [](const Symbol &a, const Symbol &b) { return a.start < b.start; });
    for (const Symbol &array : symbols.arrays) {
        Kernel *owner = nullptr; /* none when a __device__ function declares it: anyone's */
        for (Kernel &kernel : kernels) {
            if (kernel.symbol.empty()) continue;
            const std::string prefix = "_ZZ" + kernel.symbol.substr(2) + "E";
            if (!array.name.compare(0, prefix.size(), prefix)) owner = &kernel;
        }
        if (owner) owner->static_shared += array.bytes;
        for (Kernel &kernel : kernels)
            if (!owner || owner == &kernel) add_shared(kernel, array);
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

/* --- for tests: every kernel of the library and how often it was launched --------------------- */

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int td_emu_kernels() { return (int)td_emu::all_kernels().size(); }
EXPORT const char *td_emu_kernel_name(int i)
{
    return td_emu::all_kernels()[(size_t)i].name.c_str();
}
EXPORT int64_t td_emu_kernel_launches(int i) { return td_emu::all_kernels()[(size_t)i].launches; }
