/* random.cu — uniform, normal and integer random numbers, and dropout's, from Philox counters.
 *
 * A thread makes one counter's four words, which are four floats or two of anything wider, and
 * writes them at once. What an element gets depends on (seed, offset, i) alone, by the very
 * functions the CPU uses (philox.h, box_muller.h). Compiled without fused products: the same bits.
 */
#include <cstring>

#include "box_muller.h"
#include "dropout.h"
#include "launch.cuh"
#include "map.cuh"
#include "philox.h"

enum { THREADS = 256 };

/* --- four words become PER elements ----------------------------------------------------------- */

template <class T> struct uniform_draw;

template <> struct uniform_draw<float> {
    static constexpr int PER = 4;
    double low, scale, high;

    __device__ __forceinline__ float operator()(const uint32_t *word, int i) const
    {
        const float v = (float)(low + scale * td_unit_f32(word + i));
        return v < (float)high ? v : (float)low; /* rounding may reach `high`, which is excluded */
    }
};

template <> struct uniform_draw<double> {
    static constexpr int PER = 2;
    double low, scale, high;

    __device__ __forceinline__ double operator()(const uint32_t *word, int i) const
    {
        const double v = low + scale * td_unit_f64(word + 2 * i);
        return v < high ? v : low;
    }
};

/* Box and Muller make two numbers of two: one word each for floats, two for doubles. */
template <class T> struct normal_draw {
    static constexpr int PER = sizeof(T) == 4 ? 4 : 2;
    double mean, std;

    __device__ __forceinline__ T operator()(const uint32_t *word, int i) const
    {
        double z[2];
        if (PER == 4)
            td_box_muller(1 - word[i & 2] * 0x1p-32, word[(i & 2) + 1] * 0x1p-32, &z[0], &z[1]);
        else
            td_box_muller(1 - td_unit_f64(word), td_unit_f64(word + 2), &z[0], &z[1]);
        return (T)(mean + std * z[i & 1]);
    }
};

template <class T> struct exponential_draw {
    static constexpr int EACH = sizeof(T) / 4, PER = 4 / EACH;
    double rate;

    __device__ __forceinline__ T operator()(const uint32_t *word, int i) const
    {
        return (T)(td_exponential_of(word + EACH * i, EACH) / rate);
    }
};

template <class T> struct integer_draw {
    static constexpr int PER = 2;
    int64_t low;
    uint64_t range;

    __device__ __forceinline__ T operator()(const uint32_t *word, int i) const
    {
        return (T)((uint64_t)low + td_below(word + 2 * i, range));
    }
};

struct mask_draw {
    static constexpr int PER = 4;
    double p;

    __device__ __forceinline__ uint8_t operator()(const uint32_t *word, int i) const
    {
        return td_unit_f32(word + i) >= (float)p;
    }
};

/* Of one element, under a mask that is there already. */
template <class T> struct dropout {
    T scale;

    __device__ __forceinline__ T operator()(uint8_t mask, T x) const
    {
        return mask ? x * scale : 0;
    }
};

/* --- the kernel ------------------------------------------------------------------------------- */

/* Whole packs only if y is aligned to them. In a recorded graph `live` is where the rng of this
 * replay is. */
template <class F, class T>
__global__ void __launch_bounds__(THREADS)
    draw_kernel(T *y, int64_t n, bool aligned, td_rng rng, const td_rng *live, const F f)
{
    constexpr int PER = F::PER;
    const int64_t counter = (int64_t)blockIdx.x * THREADS + threadIdx.x, first = counter * PER;
    if (first >= n) return;
    if (live) rng = *live;
    uint32_t word[4];
    td_philox(word, (uint64_t)counter, rng.offset, rng.seed);

    const bool whole = aligned && first + PER <= n;
    td_pack<T, PER> v;
    TD_UNROLL
    for (int i = 0; i < PER; i++) {
        v.at[i] = f(word, i);
        if (!whole && first + i < n) y[first + i] = v.at[i];
    }
    if (whole) td_store(y + first, v);
}

template <class T, class F>
static td_status draw(const char *op, td_tensor *y, const td_rng *rng, F f)
{
    constexpr size_t PACK = F::PER * sizeof(T);
    const int64_t n = td_numel(y);
    const bool aligned = (uintptr_t)y->data % PACK == 0;
    const void *live = NULL;
    if (td_recording()) {
        live = td_upload(sizeof *rng, [rng](char *to) { memcpy(to, rng, sizeof *rng); });
        if (!live) return td_fail(TD_ENOMEM, "%s: no memory for the graph's tables", op);
    }
    return td_launch(op, draw_kernel<F, T>, td_blocks(TD_CEIL_DIV(n, (int64_t)F::PER), THREADS),
                     THREADS, 0, (T *)y->data, n, aligned, *rng, (const td_rng *)live, f);
}

static td_status no_kernel(const char *op, const td_tensor *y)
{
    return td_fail(TD_EDTYPE, "%s has no kernel for %s", op, td_dtype_name(y->dtype));
}

/* --- the ops ---------------------------------------------------------------------------------- */

td_status td_uniform(td_tensor *y, double low, double high, const td_rng *rng)
{
    const uniform_draw<float> f32 = {low, high - low, high};
    const uniform_draw<double> f64 = {low, high - low, high};
    switch (y->dtype) {
    case TD_F32: return draw<float>("uniform", y, rng, f32);
    case TD_F64: return draw<double>("uniform", y, rng, f64);
    default: return no_kernel("uniform", y);
    }
}

td_status td_normal(td_tensor *y, double mean, double std, const td_rng *rng)
{
    switch (y->dtype) {
    case TD_F32: return draw<float>("normal", y, rng, normal_draw<float>{mean, std});
    case TD_F64: return draw<double>("normal", y, rng, normal_draw<double>{mean, std});
    default: return no_kernel("normal", y);
    }
}

td_status td_exponential(td_tensor *y, double rate, const td_rng *rng)
{
    switch (y->dtype) {
    case TD_F32: return draw<float>("exponential", y, rng, exponential_draw<float>{rate});
    case TD_F64: return draw<double>("exponential", y, rng, exponential_draw<double>{rate});
    default: return no_kernel("exponential", y);
    }
}

td_status td_randint(td_tensor *y, int64_t low, int64_t high, const td_rng *rng)
{
    if (high <= low)
        return td_fail(TD_EINVAL, "randint: there is no integer in [%lld, %lld)", (long long)low,
                       (long long)high);
    const uint64_t range = (uint64_t)high - (uint64_t)low;
    switch (y->dtype) {
    case TD_I64: return draw<int64_t>("randint", y, rng, integer_draw<int64_t>{low, range});
    case TD_I32: return draw<int32_t>("randint", y, rng, integer_draw<int32_t>{low, range});
    case TD_I16: return draw<int16_t>("randint", y, rng, integer_draw<int16_t>{low, range});
    case TD_I8: return draw<int8_t>("randint", y, rng, integer_draw<int8_t>{low, range});
    case TD_U8: return draw<uint8_t>("randint", y, rng, integer_draw<uint8_t>{low, range});
    default: return no_kernel("randint", y);
    }
}

td_status td_dropout_mask(td_tensor *mask, double p, const td_rng *rng)
{
    if (mask->dtype != TD_BOOL) return no_kernel("dropout_mask", mask);
    return draw<uint8_t>("dropout_mask", mask, rng, mask_draw{p});
}

td_status td_dropout(td_tensor *y, const td_tensor *mask, const td_tensor *x, double p)
{
    TD_TRY(td_check_dropout(y, mask, x));
    const td_tensor *const operand[] = {y, mask, x};
    const double scale = 1 / (1 - p);
    if (y->dtype == TD_F32)
        return td_run_map<float, uint8_t, float>("dropout", operand, dropout<float>{(float)scale});
    return td_run_map<double, uint8_t, double>("dropout", operand, dropout<double>{scale});
}
