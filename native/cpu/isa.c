/* isa.c — can this machine run this library, and if not, why? Compiled with no -m flags, or asking
 * would crash. */
#define _GNU_SOURCE /* syscall */
#include "status.h"

#if defined(TD_NEEDS_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Tiles are 8 KB that Linux must keep for each thread: a process has to ask for that. */
static td_status ask_for_tiles(void)
{
    enum { ASK = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    const unsigned bf16 = 1 << 22, tile = 1 << 24;
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & bf16) || !(d & tile))
        return td_fail(TD_EUNSUPPORTED, "the processor has no tile units");
    if (syscall(SYS_arch_prctl, ASK, TILE_DATA))
        return td_fail(TD_EUNSUPPORTED, "the system does not let this process use the tile units");
    return TD_OK;
}
#endif

#if defined(TD_NEEDS_AVX512) || defined(TD_NEEDS_AVX512BF16) || defined(TD_NEEDS_AMX)
static int has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("fma");
}
#endif

static int has_all(void)
{
#if defined(TD_NEEDS_AMX) || defined(TD_NEEDS_AVX512)
    return has_avx512();
#elif defined(TD_NEEDS_AVX512BF16)
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
#elif defined(TD_NEEDS_AVX2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 1;
#endif
}

int td_usable(void)
{
    if (!has_all()) {
        td_fail(TD_EUNSUPPORTED, "the processor lacks its instructions");
        return 0;
    }
#if defined(TD_NEEDS_AMX)
    return ask_for_tiles() == TD_OK;
#elif defined(TD_NEEDS_AMX_EMU)
    td_fail(TD_EUNSUPPORTED, "its tile units are emulated, for tests");
    return 0;
#else
    return 1;
#endif
}
