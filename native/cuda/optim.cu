/* optim.cu — one launch updates a whole list of parameters: td_sgd and td_adam.
 *
 * A table in device memory lists the tensors; each is cut into chunks, and a block finds the
 * tensor of its chunk by bisection. So a hundred small tensors cost one launch (two where floats
 * and doubles are mixed), and each element is read and written once, 16 bytes at a time. The
 * formulas are common/optimizer.inl's.
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
    bool aligned;
};

template <class T> struct step_of;
template <> struct step_of<float> {
    using type = td_step_f32;
    static type make(const td_step *s) { return td_step_of_f32(s); }
};
template <> struct step_of<double> {
    using type = td_step_f64;
    static type make(const td_step *s) { return td_step_of_f64(s); }
};

/* The table: what all tensors have in common; entries follow it. */
template <class T> struct table_t {
    typename step_of<T>::type step;
    int64_t count;
};

/* --- device ----------------------------------------------------------------------------------- */

/* The formulas under one name for both dtypes. */
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
template <class RULE, int V, class T>
__device__ __forceinline__ void update(const entry_t &e, int64_t i,
                                       const typename step_of<T>::type &step)
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

template <class RULE, class T>
__global__ void __launch_bounds__(THREADS, 2) update_kernel(const table_t<T> *t)
{
    constexpr int V = 16 / sizeof(T);
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
    const typename step_of<T>::type step = t->step; /* in registers, whatever is stored below */
    const int64_t begin = ((int64_t)blockIdx.x - e.chunk) * CHUNK;
    const int64_t end = TD_MIN(begin + CHUNK, e.n), packs = e.aligned ? (end - begin) / V : 0;
    for (int64_t k = threadIdx.x; k < packs; k += THREADS)
        update<RULE, V, T>(e, begin + k * V, step);
    for (int64_t i = begin + packs * V + threadIdx.x; i < end; i += THREADS)
        update<RULE, 1, T>(e, i, step);
}

/* --- host ------------------------------------------------------------------------------------- */

struct lists_t {
    td_tensor *const *p, *const *state[3]; /* buf, or m, v, vmax; may be NULL */
    const td_tensor *const *g;
};

constexpr size_t HEAD = TD_MAX(sizeof(table_t<float>), sizeof(table_t<double>));
constexpr int64_t MOST = (TD_UPLOAD_LIMIT - HEAD) / sizeof(entry_t); /* in one table */

/* Updates those of tensors first … first + MOST − 1 that are of dtype T. `step_now` works out the
 * step from the caller's attributes, once for each replay of a graph. */
template <class RULE, class T, class F>
static td_status run_part(const char *op, int32_t dtype, const lists_t &l, int64_t first,
                          int64_t count, F step_now)
{
    std::vector<entry_t> entries;
    int64_t chunks = 0;
    for (int64_t i = first; i < TD_MIN(first + MOST, count); i++) {
        if (l.p[i]->dtype != dtype) continue;
        entry_t e = {{l.p[i]->data, l.g[i]->data}, td_numel(l.p[i]), chunks, true};
        for (int j = 0; j < 3; j++)
            if (l.state[j]) e.data[STATE + j] = l.state[j][i]->data;
        for (int j = 0; j < TENSORS; j++) e.aligned &= (uintptr_t)e.data[j] % 16 == 0;
        chunks += TD_CEIL_DIV(e.n, (int64_t)CHUNK);
        entries.push_back(e);
    }
    if (chunks == 0) return TD_OK;
    const size_t size = entries.size() * sizeof(entry_t);
    const void *table = td_upload(HEAD + size, [=](char *to) {
        const td_step step = step_now();
        const table_t<T> head = {step_of<T>::make(&step), (int64_t)entries.size()};
        memcpy(to, &head, sizeof head);
        memcpy(to + sizeof head, entries.data(), size);
    });
    if (!table) return td_fail(TD_EDEVICE, "%s: no table on the device", op);
    return td_launch(op, update_kernel<RULE, T>, td_blocks(chunks, 1), THREADS, 0,
                     (const table_t<T> *)table);
}

template <class RULE, class F>
static td_status run(const char *op, const lists_t &l, int64_t count, F step_now)
{
    for (int64_t k = 0; k < count; k++) TD_TRY(td_check_parameter(op, k, l.p[k], l.g[k], l.state));
    for (int64_t first = 0; first < count; first += MOST) {
        TD_TRY((run_part<RULE, float>(op, TD_F32, l, first, count, step_now)));
        TD_TRY((run_part<RULE, double>(op, TD_F64, l, first, count, step_now)));
    }
    return TD_OK;
}

td_status td_sgd(td_tensor *const *p, td_tensor *const *buf, const td_tensor *const *g,
                 int64_t count, const td_sgd_attrs *a)
{
    const lists_t lists = {p, {buf, NULL, NULL}, g};
    const auto step = [a] { return td_sgd_step(a); };
    if (!buf) return run<sgd_rule<0, false>>("sgd", lists, count, step);
    return a->nesterov ? run<sgd_rule<1, true>>("sgd", lists, count, step)
                       : run<sgd_rule<1, false>>("sgd", lists, count, step);
}

td_status td_adam(td_tensor *const *p, td_tensor *const *m, td_tensor *const *v,
                  td_tensor *const *vmax, const td_tensor *const *g, int64_t count,
                  const td_adam_attrs *a)
{
    if (a->step < 1) return td_fail(TD_EINVAL, "adam: steps are counted from 1");
    const lists_t lists = {p, {m, v, a->amsgrad ? vmax : NULL}, g};
    const auto step = [a] { return td_adam_step(a); };
    return lists.state[2] ? run<adam_rule<true>>("adam", lists, count, step)
                          : run<adam_rule<false>>("adam", lists, count, step);
}
