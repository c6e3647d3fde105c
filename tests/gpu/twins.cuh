/* twins.cuh — every wrapper of an instruction, called by each thread with inputs of its own.
 *
 * A family is a function that calls wrappers of one kind and puts down what each returns, in the
 * order in which its line in twins.cu names them. A wrapper that is new joins with a line here and
 * a word there; tests/gpu/test_gpu_check.py finds those that did not.
 */
#ifndef TWINS_CUH
#define TWINS_CUH

#include "../cuda/cases.cuh"
#include "math.cuh"

enum { COUNT = 8192, THREADS = 256 }; /* inputs of a wrapper; all threads of a block take part */

/* Where a thread puts its results: y[row][COUNT]. */
template <class T> struct Results {
    const T *input; /* where the first of its inputs lies */
    T *next;
    int rows; /* how many more results there may be */

    __device__ T *put(T value)
    {
        T *place = next;
        if (rows-- > 0) {
            *place = value;
            next += COUNT;
        }
        return place;
    }
};

/* --- arithmetic ------------------------------------------------------------------------------- */

struct Exact {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T c)
    {
        y.put(td_sqrt_of(a));
        y.put(td_abs_of(a));
        y.put(td_larger()(a, b));
        y.put(td_smaller()(a, b));
        y.put(td_plus()(a, b));
        y.put(td_infinity<T>());
        y.put(fma(a, b, c));
    }
};

struct Elementary {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(td_exp_of(a));
        y.put(td_log_of(a));
        y.put(td_tanh_of(a));
        y.put(td_pow_of(a, b));
    }
};

struct Functions {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(td_exp2_of(a));
        y.put(td_expm1_of(a));
        y.put(td_log2_of(a));
        y.put(td_log10_of(a));
        y.put(td_log1p_of(a));
        y.put(td_sin_of(a));
        y.put(td_cos_of(a));
        y.put(td_tan_of(a));
        y.put(td_asin_of(a));
        y.put(td_acos_of(a));
        y.put(td_atan_of(a));
        y.put(td_sinh_of(a));
        y.put(td_cosh_of(a));
        y.put(td_asinh_of(a));
        y.put(td_acosh_of(a));
        y.put(td_atanh_of(a));
        y.put(td_erf_of(a));
        y.put(td_atan2_of(a, b));
        y.put(td_hypot_of(a, b));
    }
};

struct Rounding {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(td_floor_of(a));
        y.put(td_ceil_of(a));
        y.put(td_trunc_of(a));
        y.put(td_round_of(a));
        y.put(td_copysign_of(a, b));
        y.put(td_nextafter_of(a, b));
        y.put(td_fmod_of(a, b));
    }
};

struct Choices { /* which zero min and max choose of +0 and −0 is not said */
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(min(a, b));
        y.put(max(a, b));
    }
};

struct Saturated { /* nor which one this makes of −0 */
    __device__ static void run(Results<float> &y, float a, float, float) { y.put(__saturatef(a)); }
};

struct Integers {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(td_abs_of(a));
        y.put(td_pow_of(a, b));
        y.put(td_truncdiv_of(a, b));
        y.put(td_floordiv_of(a, b));
        y.put(td_fmod_of(a, b));
        y.put(td_mod_of(a, b));
        y.put(td_shl_of(a, b));
        y.put(td_shr_of(a, b));
        y.put(td_gcd_of(a, b));
        y.put(min(a, b));
        y.put(max(a, b));
    }
};

struct Rounded32 {
    __device__ static void run(Results<float> &y, float a, float b, float c)
    {
        y.put(__fadd_rn(__fmul_rn(a, b), c));
        y.put(__fsub_rn(__fmul_rn(a, b), c));
        y.put(__fdiv_rn(a, b));
        y.put(__frcp_rn(a));
        y.put(__fsqrt_rn(a));
        y.put(__fmaf_rn(a, b, c));
        y.put(__double2float_rn((double)a * b));
    }
};

struct Rounded64 {
    __device__ static void run(Results<double> &y, double a, double b, double c)
    {
        y.put(__dadd_rn(__dmul_rn(a, b), c));
        y.put(__dsub_rn(__dmul_rn(a, b), c));
        y.put(__ddiv_rn(a, b));
        y.put(__drcp_rn(a));
        y.put(__dsqrt_rn(a));
        y.put(__fma_rn(a, b, c));
    }
};

/* A number in [0, 1) made of the bits of any. */
__device__ static inline float fraction(float x)
{
    return (float)(__float_as_uint(x) >> 8) * 0x1p-24f;
}

/* Arguments in ranges where the relative errors of CUDA's approximations are bounded. */
struct Approximate {
    __device__ static void run(Results<float> &y, float a, float b, float)
    {
        const float u = fraction(a), v = fraction(b);
        y.put(__expf(u));
        y.put(__exp10f(u));
        y.put(__logf(2 + u));
        y.put(__log2f(2 + u));
        y.put(__sinf((1 + u) / 2));
        y.put(__cosf((1 + u) / 2));
        y.put(__tanf((1 + u) / 2));
        y.put(__powf(2 + u, v));
        y.put(__fdividef(u, 1 + v));
        y.put(rsqrtf(u));
    }
};

struct ReciprocalRoot {
    __device__ static void run(Results<double> &y, double a, double, double) { y.put(rsqrt(a)); }
};

struct Bits32 {
    __device__ static void run(Results<int> &y, int a, int b, int)
    {
        const float real = 0.37f * __int2float_rn(a); /* an int has its integer part */
        y.put(__float_as_int(__int_as_float(a)));
        y.put((int)__float_as_uint(__uint_as_float((unsigned)a)));
        y.put(__float_as_int(__int2float_rn(a)));
        y.put(__float2int_rn(real));
        y.put(__float2int_rz(real));
        y.put(__double2int_rz(0.37 * a));
        y.put(__popc((unsigned)a));
        y.put(__clz(a));
        y.put(__ffs(a));
        y.put(__mulhi(a, b));
        y.put((int)__umulhi((unsigned)a, (unsigned)b));
    }
};

struct Bits64 {
    __device__ static void run(Results<long long> &y, long long a, long long b, long long)
    {
        const unsigned long long x = (unsigned long long)a;
        y.put(__double_as_longlong(__longlong_as_double(a)));
        y.put(__popcll(x));
        y.put(__clzll(a));
        y.put(__ffsll(a));
        y.put((long long)__umul64hi(x, (unsigned long long)b));
    }
};

/* --- threads together ------------------------------------------------------------------------- */

struct Shuffles {
    template <class T> __device__ static void run(Results<T> &y, T a, T, T)
    {
        const int lane = (int)threadIdx.x % TD_WARP;
        y.put(td_shuffle_xor(a, 5));
        y.put(__shfl_sync(FULL, a, 7 * lane + 3));
        y.put(__shfl_sync(FULL, a, 3 * lane, 8));
        y.put(__shfl_up_sync(FULL, a, 3));
        y.put(__shfl_up_sync(FULL, a, 3, 8));
        y.put(__shfl_down_sync(FULL, a, 6));
        y.put(__shfl_down_sync(FULL, a, 6, 16));
        y.put(__shfl_xor_sync(FULL, a, 17));
        y.put(__shfl_xor_sync(FULL, a, 12, 8));
    }
};

struct Votes {
    __device__ static void run(Results<unsigned> &y, unsigned a, unsigned b, unsigned)
    {
        const unsigned half = threadIdx.x % TD_WARP < 16 ? 0xffffu : 0xffff0000u;
        y.put(__ballot_sync(FULL, a & 1));
        y.put(__ballot_sync(half, (b & 2) != 0));
        y.put((unsigned)__any_sync(FULL, a % 64 == 0));
        y.put((unsigned)__all_sync(FULL, a % 64 != 0));
    }
};

struct SignedReductions {
    __device__ static void run(Results<int> &y, int a, int, int)
    {
        y.put(__reduce_add_sync(FULL, a));
        y.put(__reduce_min_sync(FULL, a));
        y.put(__reduce_max_sync(FULL, a));
    }
};

struct UnsignedReductions {
    __device__ static void run(Results<unsigned> &y, unsigned a, unsigned b, unsigned)
    {
        y.put(__reduce_add_sync(FULL, a));
        y.put(__reduce_min_sync(FULL, a));
        y.put(__reduce_max_sync(FULL, a));
        y.put(__reduce_and_sync(FULL, a | b));
        y.put(__reduce_or_sync(FULL, a & b));
        y.put(__reduce_xor_sync(FULL, a));
    }
};

struct Groups {
    template <class T> __device__ static void run(Results<T> &y, T a, T, T)
    {
        y.put(td_warp_reduce(a, td_plus()));
        y.put(td_warp_reduce<8>(a, td_larger()));
        y.put(td_block_reduce<THREADS>(a, td_plus()));
        y.put(td_block_reduce<THREADS>(a, td_smaller()));
        y.put(td_group_reduce<THREADS>(a, 4, td_plus()));
        y.put(td_group_reduce<THREADS>(a, THREADS, td_larger()));
    }
};

/* --- memory ----------------------------------------------------------------------------------- */

/* The compiler may move these loads anywhere, so they are of memory that nobody writes. */
struct Caches {
    template <class T> __device__ static void run(Results<T> &y, T a, T, T)
    {
        const T *p = y.input;
        y.put(__ldg(p));
        y.put(__ldca(p));
        y.put(__ldcg(p));
        y.put(__ldcs(p));
        y.put(__ldlu(p));
        y.put(__ldcv(p));
        __stwb(y.put(0), a);
        __stcg(y.put(0), a);
        __stcs(y.put(0), a);
        __stwt(y.put(0), a);
    }
};

/* 16 bytes at a time through shared memory: every pack turned around, by the thread that has its
 * first element. */
struct Packs {
    template <class T> __device__ static void run(Results<T> &y, T a, T, T)
    {
        enum { V = 16 / sizeof(T) };
        TD_DYN_SMEM(T, from);
        T *to = from + THREADS;
        const int i = (int)threadIdx.x;
        from[i] = a;
        __syncthreads();
        if (i % V == 0) {
            const td_pack<T, V> x = td_load<V>(from + i);
            td_pack<T, V> turned;
            for (int k = 0; k < V; k++) turned.at[k] = x.at[V - 1 - k];
            td_store(to + i, turned);
        }
        __syncthreads();
        y.put(to[i]);
    }
};

struct
    AsyncCopies { /* inline PTX: 16 bytes from global to shared memory behind the thread's back */
    __device__ static void run(Results<float> &y, float a, float, float)
    {
        TD_DYN_SMEM(float, shared);
        const int i = (int)threadIdx.x;
        const float *mine = y.put(a);
        __syncthreads();
        if (i % 4 == 0) {
            copy16(shared + i, mine);
            wait_for_copies();
        }
        __syncthreads();
        y.put(shared[i]);
    }
};

/* Each leaves what it made in one row and what it returned in the next. */
struct Sums {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(atomicAdd(y.put(a), b));
        y.put(atomicExch(y.put(a), b));
    }
};

struct Extremes {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(atomicMin(y.put(a), b));
        y.put(atomicMax(y.put(a), b));
    }
};

struct Atomics {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        Sums::run(y, a, b, b);
        Extremes::run(y, a, b, b);
        y.put(atomicAnd(y.put(a), b));
        y.put(atomicOr(y.put(a), b));
        y.put(atomicXor(y.put(a), b));
        y.put(atomicCAS(y.put(a), a & 1 ? a : b, b));
    }
};

struct RealSums { /* away from subnormal numbers, which a GPU's atomics take for zeros */
    __device__ static void run(Results<float> &y, float a, float b, float)
    {
        Sums::run(y, 1 + fraction(a), -fraction(b), 0.0f);
    }
};

struct DoubleSums {
    __device__ static void run(Results<double> &y, double a, double b, double)
    {
        y.put(atomicAdd(y.put(a), b));
    }
};

struct Subtractions {
    template <class T> __device__ static void run(Results<T> &y, T a, T b, T)
    {
        y.put(atomicSub(y.put(a), b));
    }
};

#endif
