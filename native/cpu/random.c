/* random.c — uniform, normal and integer random numbers, and dropout's, from Philox counters.
 *
 * A tensor is filled in blocks of COUNTERS counters. 32-bit draws take one word each, so element
 * i comes from counter i / 4; 64-bit draws take two, and element i comes from counter i / 2.
 * Blocks are loops without branches, which the compiler turns into vectors; what an element gets
 * depends on (seed, offset, i) alone. Compiled without fused products: the same bits everywhere.
 */
#include <string.h>

#include "box_muller.h"
#include "dropout.h"
#include "parallel.h"
#include "philox.h"

enum { COUNTERS = 64, WORDS = 4 * COUNTERS, GRAIN = 8192 /* elements per thread */ };

typedef struct job job_t;

/* Fills one block of y, which starts at counter `first`. */
typedef void block_fn(const job_t *job, void *y, uint64_t first);

struct job {
    block_fn *block;
    char *y;
    int64_t n, per_block;
    size_t itemsize;
    td_rng rng;
    double low, scale; /* y = low + scale · u, or mean and standard deviation */
    double high;
    uint64_t range; /* integers: high − low */
    int64_t base;
};

/* word[4 i + k] is word k of counter first + i. */
static void draw(uint32_t *restrict word, const job_t *job, uint64_t first)
{
    uint32_t a[COUNTERS], b[COUNTERS], c[COUNTERS], d[COUNTERS];
    uint32_t key0 = (uint32_t)job->rng.seed, key1 = (uint32_t)(job->rng.seed >> 32);
    for (int i = 0; i < COUNTERS; i++) {
        a[i] = (uint32_t)(first + (uint64_t)i), b[i] = (uint32_t)((first + (uint64_t)i) >> 32);
        c[i] = (uint32_t)job->rng.offset, d[i] = (uint32_t)(job->rng.offset >> 32);
    }
    for (int round = 0; round < TD_PHILOX_ROUNDS; round++) {
        for (int i = 0; i < COUNTERS; i++) td_philox_round(&a[i], &b[i], &c[i], &d[i], key0, key1);
        key0 += TD_PHILOX_STEP0, key1 += TD_PHILOX_STEP1;
    }
    for (int i = 0; i < COUNTERS; i++) {
        word[4 * i] = a[i], word[4 * i + 1] = b[i];
        word[4 * i + 2] = c[i], word[4 * i + 3] = d[i];
    }
}

static void uniform_f32(const job_t *job, void *y, uint64_t first)
{
    uint32_t word[WORDS];
    draw(word, job, first);
    const double low = job->low, scale = job->scale;
    const float high = (float)job->high;
    float *restrict out = y;
    for (int i = 0; i < WORDS; i++) {
        const float v = (float)(low + scale * td_unit_f32(word + i));
        out[i] = v < high ? v : (float)low; /* rounding may reach `high`, which is excluded */
    }
}

static void uniform_f64(const job_t *job, void *y, uint64_t first)
{
    uint32_t word[WORDS];
    draw(word, job, first);
    const double low = job->low, scale = job->scale, high = job->high;
    double *restrict out = y;
    for (int i = 0; i < WORDS / 2; i++) {
        const double v = low + scale * td_unit_f64(word + 2 * i);
        out[i] = v < high ? v : low;
    }
}

static void normal_f32(const job_t *job, void *y, uint64_t first)
{
    uint32_t word[WORDS];
    draw(word, job, first);
    const double mean = job->low, std = job->scale;
    float *restrict out = y;
    for (int i = 0; i < WORDS / 2; i++) {
        double z0, z1;
        td_box_muller(1 - word[2 * i] * 0x1p-32, word[2 * i + 1] * 0x1p-32, &z0, &z1);
        out[2 * i] = (float)(mean + std * z0);
        out[2 * i + 1] = (float)(mean + std * z1);
    }
}

static void normal_f64(const job_t *job, void *y, uint64_t first)
{
    uint32_t word[WORDS];
    draw(word, job, first);
    const double mean = job->low, std = job->scale;
    double *restrict out = y;
    for (int i = 0; i < WORDS / 4; i++) {
        double z0, z1;
        td_box_muller(1 - td_unit_f64(word + 4 * i), td_unit_f64(word + 4 * i + 2), &z0, &z1);
        out[2 * i] = mean + std * z0;
        out[2 * i + 1] = mean + std * z1;
    }
}

#define EXPONENTIAL(suffix, type)                                                                  \
    static void exponential_##suffix(const job_t *job, void *y, uint64_t first)                    \
    {                                                                                              \
        enum { EACH = sizeof(type) / 4 };                                                          \
        uint32_t word[WORDS];                                                                      \
        draw(word, job, first);                                                                    \
        const double rate = job->scale;                                                            \
        type *restrict out = y;                                                                    \
        for (int i = 0; i < WORDS / EACH; i++)                                                     \
            out[i] = (type)(td_exponential_of(word + EACH * i, EACH) / rate);                      \
    }
EXPONENTIAL(f32, float)
EXPONENTIAL(f64, double)

#define RANDINT(suffix, type)                                                                      \
    static void randint_##suffix(const job_t *job, void *y, uint64_t first)                        \
    {                                                                                              \
        uint32_t word[WORDS];                                                                      \
        draw(word, job, first);                                                                    \
        type *restrict out = y;                                                                    \
        for (int i = 0; i < WORDS / 2; i++)                                                        \
            out[i] = (type)((uint64_t)job->base + td_below(word + 2 * i, job->range));             \
    }
RANDINT(i64, int64_t)
RANDINT(i32, int32_t)
RANDINT(i16, int16_t)
RANDINT(i8, int8_t)
RANDINT(u8, uint8_t)

/* What dropout keeps: u ≥ p. */
static void mask_u8(const job_t *job, void *y, uint64_t first)
{
    uint32_t word[WORDS];
    draw(word, job, first);
    const float p = (float)job->low;
    uint8_t *restrict out = y;
    for (int i = 0; i < WORDS; i++) out[i] = td_unit_f32(word + i) >= p;
}

static void run_blocks(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    for (int64_t b = begin; b < end; b++) {
        const int64_t start = b * job->per_block, n = TD_MIN(job->per_block, job->n - start);
        char *y = job->y + start * (int64_t)job->itemsize;
        const uint64_t first = (uint64_t)b * COUNTERS;
        if (n == job->per_block) {
            job->block(job, y, first);
        } else { /* the last block is filled elsewhere and cut */
            double whole[WORDS];
            job->block(job, whole, first);
            memcpy(y, whole, (size_t)n * job->itemsize);
        }
    }
}

static td_status run(const char *name, block_fn *block, int words, job_t *job, td_tensor *y)
{
    if (!block) return td_fail(TD_EDTYPE, "%s has no kernel for %s", name, td_dtype_name(y->dtype));
    job->block = block;
    job->y = y->data;
    job->n = td_numel(y);
    job->itemsize = td_itemsize(y->dtype);
    job->per_block = WORDS / words;
    td_parallel(TD_CEIL_DIV(job->n, job->per_block), GRAIN / job->per_block, run_blocks, job);
    return TD_OK;
}

static td_status run_real(const char *name, block_fn *f32, block_fn *f64, job_t *job, td_tensor *y)
{
    block_fn *block = y->dtype == TD_F32 ? f32 : y->dtype == TD_F64 ? f64 : NULL;
    return run(name, block, y->dtype == TD_F32 ? 1 : 2, job, y);
}

td_status td_uniform(td_tensor *y, double low, double high, const td_rng *rng)
{
    job_t job = {.rng = *rng, .low = low, .high = high, .scale = high - low};
    return run_real("uniform", uniform_f32, uniform_f64, &job, y);
}

td_status td_normal(td_tensor *y, double mean, double std, const td_rng *rng)
{
    job_t job = {.rng = *rng, .low = mean, .scale = std};
    return run_real("normal", normal_f32, normal_f64, &job, y);
}

td_status td_exponential(td_tensor *y, double rate, const td_rng *rng)
{
    job_t job = {.rng = *rng, .scale = rate};
    return run_real("exponential", exponential_f32, exponential_f64, &job, y);
}

td_status td_randint(td_tensor *y, int64_t low, int64_t high, const td_rng *rng)
{
    if (high <= low)
        return td_fail(TD_EINVAL, "randint: there is no integer in [%lld, %lld)", (long long)low,
                       (long long)high);
    job_t job = {.rng = *rng, .base = low, .range = (uint64_t)high - (uint64_t)low};
    block_fn *block = y->dtype == TD_I64   ? randint_i64
                      : y->dtype == TD_I32 ? randint_i32
                      : y->dtype == TD_I16 ? randint_i16
                      : y->dtype == TD_I8  ? randint_i8
                      : y->dtype == TD_U8  ? randint_u8
                                           : NULL;
    return run("randint", block, 2, &job, y);
}

td_status td_dropout_mask(td_tensor *mask, double p, const td_rng *rng)
{
    job_t job = {.rng = *rng, .low = p};
    return run("dropout_mask", mask->dtype == TD_BOOL ? mask_u8 : NULL, 1, &job, mask);
}

typedef struct {
    void *y;
    const void *x;
    const uint8_t *mask;
    double scale;
} dropout_t;

#define DROPOUT(suffix, type)                                                                      \
    static void dropout_##suffix(void *context, int64_t begin, int64_t end)                        \
    {                                                                                              \
        const dropout_t *job = context;                                                            \
        type *restrict y = job->y;                                                                 \
        const type *restrict x = job->x, scale = (type)job->scale;                                 \
        const uint8_t *restrict mask = job->mask;                                                  \
        for (int64_t i = begin; i < end; i++) {                                                    \
            const type v = x[i] * scale;                                                           \
            y[i] = mask[i] ? v : 0;                                                                \
        }                                                                                          \
    }
DROPOUT(f32, float)
DROPOUT(f64, double)

td_status td_dropout(td_tensor *y, const td_tensor *mask, const td_tensor *x, double p)
{
    TD_TRY(td_check_dropout(y, mask, x));
    dropout_t job = {.y = y->data, .x = x->data, .mask = mask->data, .scale = 1 / (1 - p)};
    td_parallel(td_numel(y), 4 * GRAIN, y->dtype == TD_F32 ? dropout_f32 : dropout_f64, &job);
    return TD_OK;
}
