/* twins.cu — what every wrapper of an instruction returns for many inputs, written to a file.
 *
 * Compiled by nvcc it asks the GPU; compiled against the emulated device it asks the twins that the
 * tests run on. tests/gpu/twins.py compares the two. The file has, for each wrapper, a line of text
 *
 *     NAME TYPE ULPS            ULPS: how far the two may be apart, in units of the last place
 *
 * and COUNT values of that type, as NumPy calls it. Inputs come first, as wrappers of their own.
 */
#include "twins.cuh"

#include <cfloat>
#include <cstdint>
#include <sstream>
#include <vector>

/* x[3][COUNT] → y[rows][COUNT]. complete[0] says whether the family puts as many results as that. */
template <class Family, class T>
__global__ void __launch_bounds__(THREADS) twin_kernel(T *y, int *complete, const T *x, int rows)
{
    const int i = (int)(blockIdx.x * THREADS + threadIdx.x);
    Results<T> results = {x + i, y + i, rows};
    Family::run(results, x[i], x[i + COUNT], x[i + 2 * COUNT]);
    if (i == 0) complete[0] = results.rows == 0;
}

/* --- inputs: all pairs of what is special, then numbers of every size and of everyday size ------ */

static uint64_t mixed(uint64_t n) /* splitmix64 */
{
    n += 0x9e3779b97f4a7c15u;
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
    n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
    return n ^ (n >> 31);
}

static double special(int k, double tiny, double largest)
{
    const double found[16] = {0,        -0.0,      1,   -1,   0.5,   -2,      3,        -88,
                              INFINITY, -INFINITY, NAN, tiny, -tiny, largest, -largest, 700};
    return found[k];
}

template <class T> static T input(int operand, int i)
{
    const uint64_t r = mixed((uint64_t)(operand * COUNT + i));
    T any;
    memcpy(&any, &r, sizeof any);
    if (!std::is_floating_point<T>::value) return i % 2 ? any : (T)(r % 97);
    if (i < 256) {
        const bool single = sizeof(T) == sizeof(float);
        const double tiny = single ? 1e-40 : 1e-310, largest = single ? FLT_MAX : DBL_MAX;
        return (T)special(operand == 0 ? i % 16 : i / 16 % 16, tiny, largest);
    }
    return i % 2 ? any : (T)((double)(r >> 11) * 0x1p-49 - 8); /* any bits, or in [−8, 8) */
}

/* --- the file --------------------------------------------------------------------------------- */

static FILE *file;

template <class T> static const char *type()
{
    if (std::is_floating_point<T>::value) return sizeof(T) == 4 ? "f4" : "f8";
    if (std::is_signed<T>::value) return sizeof(T) == 4 ? "i4" : "i8";
    return sizeof(T) == 4 ? "u4" : "u8";
}

template <class T> static void write(const std::string &name, int ulps, const T *values)
{
    fprintf(file, "%s %s %d\n", name.c_str(), type<T>(), ulps);
    fwrite(values, sizeof(T), COUNT, file);
}

template <class T> static std::vector<T> inputs()
{
    std::vector<T> x(3 * COUNT);
    for (int i = 0; i < 3 * COUNT; i++) x[(size_t)i] = input<T>(i / COUNT, i % COUNT);
    return x;
}

template <class T> static T *on_device(const std::vector<T> &values)
{
    T *p = nullptr;
    check(cudaMalloc(&p, values.size() * sizeof(T)));
    const size_t bytes = values.size() * sizeof(T);
    check(cudaMemcpyAsync(p, values.data(), bytes, cudaMemcpyHostToDevice, stream()));
    return p;
}

template <class T> static void fetch(std::vector<T> &values, T *p)
{
    check(cudaMemcpy(values.data(), p, values.size() * sizeof(T), cudaMemcpyDeviceToHost));
    check(cudaFree(p));
}

template <class Family, class T> static void run(const char *names, int ulps)
{
    std::vector<std::string> wrappers;
    std::istringstream words(names);
    for (std::string word; words >> word;) wrappers.push_back(word);
    std::vector<T> y(wrappers.size() * COUNT);
    std::vector<int> complete(1);
    T *x = on_device(inputs<T>());
    T *results = on_device(y);
    int *told = on_device(complete);
    launch_on(stream(), twin_kernel<Family, T>, COUNT / THREADS, THREADS, 2 * THREADS * sizeof(T),
              results, told, (const T *)x, (int)wrappers.size());
    check(cudaStreamSynchronize(stream()));
    fetch(y, results);
    fetch(complete, told);
    check(cudaFree(x));
    if (!problem.empty() || !complete[0]) {
        const char *words = "it does not return as many values as its line names";
        printf("%s: %s\n", names, problem.empty() ? words : problem.c_str());
        exit(1); /* after an error of CUDA the others would only repeat it */
    }
    for (size_t k = 0; k < wrappers.size(); k++) write(wrappers[k], ulps, &y[k * COUNT]);
}

/* --- the table -------------------------------------------------------------------------------- */

#define EXACT "td_sqrt_of td_abs_of td_larger td_smaller td_plus td_infinity fma"
#define ELEMENTARY "td_exp_of td_log_of td_tanh_of td_pow_of"
#define FUNCTIONS                                                                                  \
    "td_exp2_of td_expm1_of td_log2_of td_log10_of td_log1p_of td_sin_of td_cos_of td_tan_of "     \
    "td_asin_of td_acos_of td_atan_of td_sinh_of td_cosh_of td_asinh_of td_acosh_of "              \
    "td_atanh_of td_erf_of td_atan2_of td_hypot_of"
#define ROUNDING                                                                                   \
    "td_floor_of td_ceil_of td_trunc_of td_round_of td_copysign_of td_nextafter_of td_fmod_of"
#define INTEGERS                                                                                   \
    "td_abs_of td_pow_of td_truncdiv_of td_floordiv_of td_fmod_of td_mod_of td_shl_of td_shr_of "  \
    "td_gcd_of min max"
#define SHUFFLES                                                                                   \
    "td_shuffle_xor __shfl_sync __shfl_sync/8 __shfl_up_sync __shfl_up_sync/8 __shfl_down_sync "   \
    "__shfl_down_sync/16 __shfl_xor_sync __shfl_xor_sync/8"
#define GROUPS                                                                                     \
    "td_warp_reduce td_warp_reduce/8 td_block_reduce td_block_reduce/smaller td_group_reduce/4 "   \
    "td_group_reduce"
#define CACHES "__ldg __ldca __ldcg __ldcs __ldlu __ldcv __stwb __stcg __stcs __stwt"
#define SUMS "atomicAdd/made atomicAdd atomicExch/made atomicExch"
#define ATOMICS                                                                                    \
    SUMS " atomicMin/made atomicMin atomicMax/made atomicMax atomicAnd/made atomicAnd "            \
         "atomicOr/made atomicOr atomicXor/made atomicXor atomicCAS/made atomicCAS"
#define SUBTRACTIONS "atomicSub/made atomicSub"
typedef unsigned long long ull;

static const struct {
    const char *names;
    int ulps;
    void (*run)(const char *names, int ulps);
} families[] = {
    {EXACT, 0, run<Exact, float>},
    {EXACT, 0, run<Exact, double>},
    {ELEMENTARY, 3, run<Elementary, float>},
    {ELEMENTARY, 4, run<Elementary, double>},
    {FUNCTIONS, 4, run<Functions, float>},
    {FUNCTIONS, 4, run<Functions, double>},
    {ROUNDING, 0, run<Rounding, float>},
    {ROUNDING, 0, run<Rounding, double>},
    {"min max", 1, run<Choices, float>},
    {"min max", 1, run<Choices, double>},
    {"__saturatef", 1, run<Saturated, float>},
    {INTEGERS, 0, run<Integers, int>},
    {INTEGERS, 0, run<Integers, long long>},
    {"__fadd_rn(__fmul_rn) __fsub_rn(__fmul_rn) __fdiv_rn __frcp_rn __fsqrt_rn __fmaf_rn "
     "__double2float_rn",
     0, run<Rounded32, float>},
    {"__dadd_rn(__dmul_rn) __dsub_rn(__dmul_rn) __ddiv_rn __drcp_rn __dsqrt_rn __fma_rn", 0,
     run<Rounded64, double>},
    {"__expf __exp10f __logf __log2f __sinf __cosf __tanf __powf __fdividef rsqrtf", 32,
     run<Approximate, float>},
    {"rsqrt", 3, run<ReciprocalRoot, double>},
    {"__int_as_float __uint_as_float __int2float_rn __float2int_rn __float2int_rz __double2int_rz "
     "__popc __clz __ffs __mulhi __umulhi",
     0, run<Bits32, int>},
    {"__double_as_longlong __popcll __clzll __ffsll __umul64hi", 0, run<Bits64, long long>},
    {SHUFFLES, 0, run<Shuffles, float>},
    {SHUFFLES, 0, run<Shuffles, double>},
    {SHUFFLES, 0, run<Shuffles, int>},
    {SHUFFLES, 0, run<Shuffles, long long>},
    {"__ballot_sync __ballot_sync/16 __any_sync __all_sync", 0, run<Votes, unsigned>},
    {"__reduce_add_sync __reduce_min_sync __reduce_max_sync", 0, run<SignedReductions, int>},
    {"__reduce_add_sync __reduce_min_sync __reduce_max_sync __reduce_and_sync __reduce_or_sync "
     "__reduce_xor_sync",
     0, run<UnsignedReductions, unsigned>},
    {GROUPS, 0, run<Groups, float>},
    {GROUPS, 0, run<Groups, double>},
    {GROUPS, 0, run<Groups, long long>},
    {CACHES, 0, run<Caches, float>},
    {CACHES, 0, run<Caches, double>},
    {"td_load(td_store)", 0, run<Packs, float>},
    {"td_load(td_store)", 0, run<Packs, double>},
    {"cp.async/from cp.async", 0, run<AsyncCopies, float>},
    {SUMS, 0, run<RealSums, float>},
    {"atomicAdd/made atomicAdd", 0, run<DoubleSums, double>},
    {ATOMICS, 0, run<Atomics, int>},
    {ATOMICS, 0, run<Atomics, unsigned>},
    {ATOMICS, 0, run<Atomics, ull>},
    {SUBTRACTIONS, 0, run<Subtractions, int>},
    {SUBTRACTIONS, 0, run<Subtractions, unsigned>},
    {"atomicMin/made atomicMin atomicMax/made atomicMax", 0, run<Extremes, long long>},
};

template <class T> static void write_inputs()
{
    const std::vector<T> x = inputs<T>();
    for (int k = 0; k < 3; k++) write("input", 0, &x[(size_t)k * COUNT]);
}

int main(int count, char **words)
{
    if (count != 2 || !(file = fopen(words[1], "wb"))) {
        printf("give me the name of a file to write\n");
        return 2;
    }
    write_inputs<float>();
    write_inputs<double>();
    write_inputs<long long>();
    for (const auto &family : families) family.run(family.names, family.ulps);
    return fclose(file);
}
