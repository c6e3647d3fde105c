/* optim.cu — one launch updates a whole list of parameters: td_sgd and td_adam.
 *
 * A table in device memory lists the tensors; each is cut into chunks, and a block finds the
 * tensor of its chunk by bisection. So a hundred small tensors cost one launch, and each element
 * is read and written once, four or two at a time. The formulas are common/optimizer.inl's.
 */
#include <vector>

#include "launch.cuh"
#include "optimizer.h"

#define FN(name) name##_f32
#define REAL float
#include "optimizer.inl"
#undef FN
#undef REAL
#define FN(name) name##_f64
#define REAL double
#include "optimizer.inl"
#undef FN
#undef REAL

enum { THREADS = 256, CHUNK = 16 * THREADS /* elements */, TENSORS = 5 };
enum { P, G, STATE }; /* places in `data`: up to three tensors of state follow */

struct entry_t {
    void *data[TENSORS]; /* NULL where there is no such state */
    int64_t n, chunk;    /* elements; number of the first chunk */
    int32_t dtype, aligned;
};

/* What the whole call has in common; entries follow it in the table. */
struct table_t {
    td_step_f32 f32;
    td_step_f64 f64;
    int64_t count;
};

/* --- device ------------------------------------------------------------------------------------- */

/* The formulas under one name for both dtypes; T's step is a local copy, for registers. */
template <int STATES, bool NESTEROV> struct sgd_rule {
    static constexpr int states = STATES;
    static __device__ float update(float p, float *own, float g, const td_step_f32 &s)
    {
        return td_sgd_element_f32(p, own, g, &s, STATES, NESTEROV);
    }
    static __device__ double update(double p, double *own, double g, const td_step_f64 &s)
    {
        return td_sgd_element_f64(p, own, g, &s, STATES, NESTEROV);
    }
};
template <bool AMSGRAD> struct adam_rule {
    static constexpr int states = AMSGRAD ? 3 : 2;
    static __device__ float update(float p, float *own, float g, const td_step_f32 &s)
    {
        return td_adam_element_f32(p, own, own + 1, own + 2, g, &s, AMSGRAD);
    }
    static __device__ double update(double p, double *own, double g, const td_step_f64 &s)
    {
        return td_adam_element_f64(p, own, own + 1, own + 2, g, &s, AMSGRAD);
    }
};

/* V elements from number i on. */
template <class RULE, int V, class T, class STEP>
__device__ __forceinline__ void update(const entry_t &e, int64_t i, const STEP &step)
{
    td_pack<T, V> p = td_load<V>((const T *)e.data[P] + i), state[3] = {};
    const td_pack<T, V> g = td_load<V>((const T *)e.data[G] + i);
    TD_UNROLL
    for (int k = 0; k < RULE::states; k++) state[k] = td_load<V>((const T *)e.data[STATE + k] + i);
    TD_UNROLL
    for (int j = 0; j < V; j++) {
        T own[3] = {state[0].at[j], state[1].at[j], state[2].at[j]};
        p.at[j] = RULE::update(p.at[j], own, g.at[j], step);
        TD_UNROLL
        for (int k = 0; k < RULE::states; k++) state[k].at[j] = own[k];
    }
    td_store((T *)e.data[P] + i, p);
    TD_UNROLL
    for (int k = 0; k < RULE::states; k++) td_store((T *)e.data[STATE + k] + i, state[k]);
}

template <class RULE, class T, class STEP>
__device__ __forceinline__ void update_chunk(const entry_t &e, int64_t begin, const STEP &step)
{
    constexpr int V = 16 / sizeof(T);
    const int64_t end = TD_MIN(begin + CHUNK, e.n), packs = e.aligned ? (end - begin) / V : 0;
    for (int64_t k = threadIdx.x; k < packs; k += THREADS)
        update<RULE, V, T>(e, begin + k * V, step);
    for (int64_t i = begin + packs * V + threadIdx.x; i < end; i += THREADS)
        update<RULE, 1, T>(e, i, step);
}

template <class RULE> __global__ void __launch_bounds__(THREADS, 3) update_kernel(const table_t *t)
{
    const entry_t *entry = (const entry_t *)(t + 1);
    int64_t low = 0, high = t->count; /* the last entry whose first chunk is not after ours */
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (entry[middle].chunk <= (int64_t)blockIdx.x)
            low = middle;
        else
            high = middle;
    }
    const entry_t e = entry[low];
    const int64_t begin = ((int64_t)blockIdx.x - e.chunk) * CHUNK;
    if (e.dtype == TD_F32) {
        const td_step_f32 step = t->f32;
        update_chunk<RULE, float>(e, begin, step);
    } else {
        const td_step_f64 step = t->f64;
        update_chunk<RULE, double>(e, begin, step);
    }
}

/* --- host --------------------------------------------------------------------------------------- */

struct lists_t {
    td_tensor *const *p, *const *state[3]; /* buf, or m, v, vmax; may be NULL */
    const td_tensor *const *g;
};

/* A table that would be too large to upload goes in several. */
constexpr int64_t MOST = (TD_UPLOAD_LIMIT - sizeof(table_t)) / sizeof(entry_t);

static td_status run_part(const char *op, void (*kernel)(const table_t *), const lists_t &l,
                          int64_t first, int64_t count, const td_step &step)
{
    std::vector<char> bytes(sizeof(table_t) + (size_t)count * sizeof(entry_t));
    table_t *table = (table_t *)bytes.data();
    entry_t *entry = (entry_t *)(table + 1);
    *table = {td_step_of_f32(&step), td_step_of_f64(&step), count};
    int64_t chunks = 0;
    for (int64_t k = 0; k < count; k++) {
        const int64_t i = first + k;
        entry_t e = {{l.p[i]->data, l.g[i]->data}, td_numel(l.p[i]), chunks, l.p[i]->dtype, 1};
        for (int j = 0; j < 3; j++)
            if (l.state[j]) e.data[STATE + j] = l.state[j][i]->data;
        for (int j = 0; j < TENSORS; j++) e.aligned &= (uintptr_t)e.data[j] % 16 == 0;
        chunks += TD_CEIL_DIV(e.n, (int64_t)CHUNK);
        entry[k] = e;
    }
    const table_t *uploaded = (const table_t *)td_upload(bytes.data(), bytes.size());
    if (!uploaded) return td_fail(TD_EDEVICE, "%s: no table on the device", op);
    return td_launch(op, kernel, td_blocks(chunks, 1), THREADS, 0, uploaded);
}

static td_status run(const char *op, void (*kernel)(const table_t *), const lists_t &l,
                     int64_t count, const td_step &step)
{
    for (int64_t k = 0; k < count; k++) TD_TRY(td_check_parameter(op, k, l.p[k], l.g[k], l.state));
    for (int64_t first = 0; first < count; first += MOST)
        TD_TRY(run_part(op, kernel, l, first, TD_MIN(MOST, count - first), step));
    return TD_OK;
}

td_status td_sgd(td_tensor *const *p, td_tensor *const *buf, const td_tensor *const *g,
                 int64_t count, const td_sgd_attrs *a)
{
    const lists_t lists = {p, {buf, NULL, NULL}, g};
    return run("sgd",
               !buf          ? update_kernel<sgd_rule<0, false>>
               : a->nesterov ? update_kernel<sgd_rule<1, true>>
                             : update_kernel<sgd_rule<1, false>>,
               lists, count, td_sgd_step(a));
}

td_status td_adam(td_tensor *const *p, td_tensor *const *m, td_tensor *const *v,
                  td_tensor *const *vmax, const td_tensor *const *g, int64_t count,
                  const td_adam_attrs *a)
{
    if (a->step < 1) return td_fail(TD_EINVAL, "adam: steps are counted from 1");
    const lists_t lists = {p, {m, v, a->amsgrad ? vmax : NULL}, g};
    return run("adam",
               lists.state[2] ? update_kernel<adam_rule<true>> : update_kernel<adam_rule<false>>,
               lists, count, td_adam_step(a));
}
