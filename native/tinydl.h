/* tinydl.h — the whole contract between Python and a backend.
 *
 *   · outputs come first, then inputs, then attributes
 *   · the caller allocates outputs; only td_alloc returns memory
 *   · tensors are borrowed for the call; on a GPU work is queued on one stream, td_sync waits
 *   · every function returns a td_status; td_last_error() tells the story for this thread
 *   · Python has already checked shapes and dtypes; backends guard memory only
 *   · operands marked "any" may have any strides (0 = broadcast); all others are contiguous
 *   · an output never overlaps an input, except elementwise, where both may be the same tensor
 *
 * A backend is a shared library that exports these symbols and nothing else; the last two sections
 * are for CPUs and for GPUs alone. build.py turns this very file into the Python declarations, so
 * it holds declarations only: no inline functions.
 * Letters: input n c h w, filter k c r s, output n k p q; g… is the gradient of the loss in ….
 */
#ifndef TINYDL_H
#define TINYDL_H

#ifndef TD_CFFI
#include <stddef.h>
#include <stdint.h>
#define TD_API __attribute__((visibility("default")))
#else
#define TD_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define TD_ABI 5 /* raised with every change of this file's meaning; Python refuses another */
#define TD_MAX_NDIM 8
#define TD_MAX_ARGUMENTS 8

typedef enum td_status {
    TD_OK = 0,
    TD_EINVAL,       /* a shape or attribute no kernel accepts   → ValueError */
    TD_EDTYPE,       /* a dtype this kernel does not have        → TypeError */
    TD_EINDEX,       /* an index or label outside its range      → IndexError */
    TD_ENOMEM,       /* the allocator has nothing left           → MemoryError */
    TD_EDEVICE,      /* the device failed, or cannot do it now   → RuntimeError */
    TD_EUNSUPPORTED, /* this backend does not do that            → NotImplementedError */
} td_status;

typedef enum td_dtype {
    TD_F32 = 0,
    TD_F64,
    TD_I64,
    TD_I32,
    TD_U8,
    TD_BOOL, /* one byte, 0 or 1 */
    TD_I16,
    TD_I8,
    TD_F16,  /* two bytes; td_copy converts it and bf16, and what else only moves values has them */
    TD_BF16, /* the upper half of an f32 */
    TD_NUM_DTYPES,
} td_dtype;

typedef struct td_tensor {
    void *data;                                      /* first element, offset already applied */
    int64_t shape[TD_MAX_NDIM], stride[TD_MAX_NDIM]; /* strides in elements */
    int32_t ndim, dtype;
} td_tensor;

/* --- library and device ------------------------------------------------------------------ */

TD_API int td_abi(void);              /* TD_ABI of the header this library was built from */
TD_API const char *td_name(void);     /* "cpu-avx2", "cuda", … */
TD_API const char *td_compiler(void); /* what built it */
TD_API int td_usable(void);           /* 1 when this machine can run it */
TD_API const char *td_last_error(void);

TD_API int td_threads(void);
TD_API td_status td_set_threads(int n);
TD_API td_status td_sync(void); /* returns when all queued work is done */

TD_API td_status td_alloc(void **p, size_t bytes); /* 64-byte aligned, contents undefined */
TD_API td_status td_free(void *p);
TD_API td_status td_write(void *device, const void *host, size_t bytes); /* host → device */
TD_API td_status td_read(void *host, const void *device, size_t bytes);  /* device → host */

/* --- elementwise: y = f(x, …), operands any and broadcast to y's shape by stride 0 ------- */

#define UNARY(name, domain, ...) TD_API td_status td_##name(td_tensor *y, const td_tensor *x);
#define BINARY(name, domain, ...)                                                                  \
    TD_API td_status td_##name(td_tensor *y, const td_tensor *a, const td_tensor *b);
#define COMPARE(name, ...)                                                                         \
    TD_API td_status td_##name(td_tensor *y, const td_tensor *a, const td_tensor *b);
#include "elementwise.def"
#undef UNARY
#undef BINARY
#undef COMPARE

/* y = c ? a : b, c bool; y, a, b of one dtype. */
TD_API td_status td_where(td_tensor *y, const td_tensor *c, const td_tensor *a, const td_tensor *b);

/* y = x, any strides, any two dtypes. Float → integer truncates; anything → bool is "not 0"; what
 * a float cannot hold is rounded once, to the nearest, ties to even. */
TD_API td_status td_copy(td_tensor *y, const td_tensor *x);

/* --- reductions: y has x's ndim, with size 1 on every reduced axis; x any ---------------- */

/* Of integers, sums and products are i64. */
TD_API td_status td_sum(td_tensor *y, const td_tensor *x);
TD_API td_status td_prod(td_tensor *y, const td_tensor *x);
/* idx (i64) is the winner's place among the reduced elements in reading order; the first of equal
 * values and the first NaN win. y or idx may be NULL. */
TD_API td_status td_max(td_tensor *y, td_tensor *idx, const td_tensor *x);
TD_API td_status td_min(td_tensor *y, td_tensor *idx, const td_tensor *x);

/* --- matmul: y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]); a, b any, batch dims like y's ---
 * Reals; integers too, modulo 2^bits. */

/* All of one dtype; bf16 is summed in f32, and y and bias may be f32 there. */
TD_API td_status td_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b,
                           const td_tensor *bias);
/* The same for f32, each operand taken as the sum of `parts` bf16, 1 or 3, where that is faster:
 * a relative error of 2⁻⁸ or about that of f32. What is not finite is computed again in f32. */
TD_API td_status td_matmul_split(td_tensor *y, const td_tensor *a, const td_tensor *b,
                                 const td_tensor *bias, int64_t parts);

/* --- indexing: k axes of one tensor by k tensors of integers, which broadcast --------------- */

/* Axes b… of the indices, axes r… of what is not indexed; of a tensor they lie anywhere:
 *
 *   index       y[b…,r…] = x[i₀,…,i_{k−1},r…]      where i_j = idx[j,b…,r…]
 *   index_put   y[i₀,…,i_{k−1},r…] ∘= v[b…,r…]     in reading order of b…: the last one wins
 *
 * The b… are neighbours. idx (i64) has the axes of y (index) or v (index_put), with stride 0 along
 * r… as a rule, and one before them where k > 1. All operands any. */
typedef enum td_put_how {
    TD_PUT_SET = 0,
    TD_PUT_ADD, /* of bools: or */
    TD_PUT_MUL,
    TD_PUT_MAX, /* NaN wins over all */
    TD_PUT_MIN,
} td_put_how;

typedef struct td_index_attrs {
    int64_t axes;  /* bit d: axis d of the indexed tensor, x or y, is indexed */
    int64_t place; /* where b… begin among the axes of the other */
    int32_t wrap;  /* whether negative indices count from the end; else they are out of range */
    int32_t once;  /* index_put: no place comes twice, as those of a mask; their order is free */
    int32_t how;   /* index_put: a td_put_how */
} td_index_attrs;

TD_API td_status td_index(td_tensor *y, const td_tensor *x, const td_tensor *idx,
                          const td_index_attrs *a);
TD_API td_status td_index_put(td_tensor *y, const td_tensor *v, const td_tensor *idx,
                              const td_index_attrs *a);

/* Where x (bool) holds: x falls into chunks of so many elements in reading order; starts[c] (i64)
 * is how many hold before chunk c, its last element how many in all. idx[count,axis of x] (i64,
 * any) are the places, in reading order. */
TD_API td_status td_nonzero_starts(td_tensor *starts, const td_tensor *x, int64_t chunk);
TD_API td_status td_nonzero(td_tensor *idx, const td_tensor *x, const td_tensor *starts,
                            int64_t chunk);

/* --- scans along one axis: a step t needs the one before it ------------------------------- */

/* y[t] = y[t−1] + x[t], or y[t+1] + x[t] where reverse; integers add up and multiply in i64. */
TD_API td_status td_cumsum(td_tensor *y, const td_tensor *x, int64_t axis, int32_t reverse);
/* y[t] = y[t−1] · x[t] */
TD_API td_status td_cumprod(td_tensor *y, const td_tensor *x, int64_t axis);
/* The largest or smallest of x[0…t], and (i64) its place: the last of equal ones; NaN beats all. */
TD_API td_status td_cummax(td_tensor *y, td_tensor *idx, const td_tensor *x, int64_t axis);
TD_API td_status td_cummin(td_tensor *y, td_tensor *idx, const td_tensor *x, int64_t axis);
/* y[t] = log Σ_{s≤t} exp x[s] */
TD_API td_status td_logcumsumexp(td_tensor *y, const td_tensor *x, int64_t axis);
/* y[t] = a[t] · y[t−1] + b[t] with y[−1] = 0; where reverse its adjoint in b,
 * y[t] = a[t+1] · y[t+1] + b[t]. */
TD_API td_status td_recurrence(td_tensor *y, const td_tensor *a, const td_tensor *b, int64_t axis,
                               int32_t reverse);

/* --- sorting and searching along the last axis ------------------------------------------- */

/* The first k of x[…,n] in ascending order, or in descending: values[…,k] and their places (i64)
 * idx[…,k], k ≤ n. Equal ones stay in the order they had; NaN is above all. */
TD_API td_status td_sort(td_tensor *values, td_tensor *idx, const td_tensor *x, int32_t descending);
/* y[…,m] (i64) = how many of sorted[…,n] are < x[…,m], or ≤ where right; NaN is above all. sorted
 * may have one axis, for all rows of x. */
TD_API td_status td_searchsorted(td_tensor *y, const td_tensor *sorted, const td_tensor *x,
                                 int32_t right);

/* --- convolution: y[n,k,p,q] = x[n,c,h,w] ⋆ w[k,c/groups,r,s] (+ b[k]) ------------------- */

typedef struct td_conv2d_attrs {
    int64_t stride[2], padding[2], dilation[2], groups;
} td_conv2d_attrs;

TD_API td_status td_conv2d(td_tensor *y, const td_tensor *x, const td_tensor *w, const td_tensor *b,
                           const td_conv2d_attrs *a);
TD_API td_status td_conv2d_input(td_tensor *gx, const td_tensor *gy, const td_tensor *w,
                                 const td_conv2d_attrs *a);
TD_API td_status td_conv2d_weight(td_tensor *gw, const td_tensor *x, const td_tensor *gy,
                                  const td_conv2d_attrs *a);

/* --- pooling: x[n,c,h,w] → y[n,c,p,q] ---------------------------------------------------- */

typedef struct td_pool2d_attrs {
    int64_t window[2], stride[2], padding[2], dilation[2];
    int32_t count_include_pad; /* average only: divide by the whole window, padding included */
    int32_t divisor;           /* average only: divide by this instead, when not 0 */
} td_pool2d_attrs;

/* idx[n,c,p,q] (i32) is the winner's offset in its plane h·w. */
TD_API td_status td_max_pool2d(td_tensor *y, td_tensor *idx, const td_tensor *x,
                               const td_pool2d_attrs *a);
/* gx = 0, then gx[plane][idx] += gy[plane], over every plane of the last two axes; its adjoint
 * gathers. */
TD_API td_status td_max_pool2d_scatter(td_tensor *gx, const td_tensor *gy, const td_tensor *idx);
TD_API td_status td_max_pool2d_gather(td_tensor *y, const td_tensor *x, const td_tensor *idx);
TD_API td_status td_avg_pool2d(td_tensor *y, const td_tensor *x, const td_pool2d_attrs *a);
TD_API td_status td_avg_pool2d_input(td_tensor *gx, const td_tensor *gy, const td_pool2d_attrs *a);

/* --- softmax and losses ------------------------------------------------------------------ */

TD_API td_status td_softmax(td_tensor *y, const td_tensor *x, int64_t axis);
TD_API td_status td_softmax_grad(td_tensor *gx, const td_tensor *gy, const td_tensor *y,
                                 int64_t axis);
TD_API td_status td_log_softmax(td_tensor *y, const td_tensor *x, int64_t axis);
TD_API td_status td_log_softmax_grad(td_tensor *gx, const td_tensor *gy, const td_tensor *y,
                                     int64_t axis);
/* loss[n] = lse[n] − x[n,target[n]], lse[n] = log Σ_c exp x[n,c]; 0 where target = ignore_index. */
TD_API td_status td_cross_entropy(td_tensor *loss, td_tensor *lse, const td_tensor *x,
                                  const td_tensor *target, int64_t ignore_index);
/* mean = Σ_n loss[n] / count, where count is how many targets are not ignored; lse as above. */
TD_API td_status td_cross_entropy_mean(td_tensor *mean, td_tensor *count, td_tensor *lse,
                                       const td_tensor *x, const td_tensor *target,
                                       int64_t ignore_index);
/* gx[n,c] = g[n] (exp(x[n,c] − lse[n]) − [c = target[n]]);  g any */
TD_API td_status td_cross_entropy_grad(td_tensor *gx, const td_tensor *g, const td_tensor *x,
                                       const td_tensor *lse, const td_tensor *target,
                                       int64_t ignore_index);

/* --- random numbers: Philox 4×32-10; element i is a pure function of (seed, offset, i) --- */

typedef struct td_rng {
    uint64_t seed, offset;
} td_rng;

/* uniform and randint: low ≤ y < high */
TD_API td_status td_uniform(td_tensor *y, double low, double high, const td_rng *rng);
TD_API td_status td_normal(td_tensor *y, double mean, double std, const td_rng *rng);
/* y = −ln(u) / rate, never 0 */
TD_API td_status td_exponential(td_tensor *y, double rate, const td_rng *rng);
TD_API td_status td_randint(td_tensor *y, int64_t low, int64_t high, const td_rng *rng);
/* mask[i] = u_i ≥ p, a bool: what dropout keeps. */
TD_API td_status td_dropout_mask(td_tensor *mask, double p, const td_rng *rng);
/* y[i] = mask[i] ? x[i] · 1 / (1 − p) : 0: linear in x, its own derivative under the same mask. */
TD_API td_status td_dropout(td_tensor *y, const td_tensor *mask, const td_tensor *x, double p);

/* --- optimizers: one call updates a whole list of parameters ----------------------------- */

typedef struct td_sgd_attrs {
    double lr, momentum, dampening, weight_decay;
    int32_t nesterov, maximize, first; /* first: the momentum buffers hold nothing yet */
} td_sgd_attrs;

typedef struct td_adam_attrs {
    double lr, beta1, beta2, eps, weight_decay;
    int64_t step;                         /* 1 for the first update */
    int32_t decoupled, maximize, amsgrad; /* decoupled weight decay is AdamW */
} td_adam_attrs;

TD_API td_status td_sgd(td_tensor *const *p, td_tensor *const *buf, const td_tensor *const *g,
                        int64_t count, const td_sgd_attrs *a); /* buf NULL without momentum */
TD_API td_status td_adam(td_tensor *const *p, td_tensor *const *m, td_tensor *const *v,
                         td_tensor *const *vmax, const td_tensor *const *g, int64_t count,
                         const td_adam_attrs *a); /* vmax NULL without amsgrad */

/* --- CPUs only: kernels computed together, and recorded calls ------------------------------ */

/* y = relu(max_pool2d(x ⋆ w + b)), or without a pool relu(x ⋆ w + b): idx and pool may be NULL. */
TD_API td_status td_conv2d_relu(td_tensor *y, td_tensor *idx, const td_tensor *x,
                                const td_tensor *w, const td_tensor *b, const td_conv2d_attrs *a,
                                const td_pool2d_attrs *pool);

/* Recorded calls in one: a kernel's number is what td_function says, −1 where it is none. */
typedef union td_argument {
    void *pointer;
    int64_t integer;
    double real;
} td_argument;

typedef struct td_call {
    int32_t function;
    td_argument argument[TD_MAX_ARGUMENTS];
} td_call;

TD_API int td_function(const char *name);
/* Stops at the first call that fails and says which. */
TD_API td_status td_replay(const td_call *calls, int64_t count, int64_t *failed);

/* --- GPUs only: the device, streams, events, graphs ---------------------------------------- */

typedef struct td_device {
    char name[256];
    int32_t major, minor; /* compute capability */
    int32_t multiprocessors, warp, threads_per_block, threads_per_multiprocessor;
    int32_t driver, runtime;              /* CUDA versions: 1000 · major + 10 · minor */
    int64_t memory, l2, shared_per_block; /* bytes; of shared memory the most a kernel may ask */
} td_device;

TD_API td_status td_device_count(int *count);
TD_API td_status td_device_describe(td_device *device);
TD_API td_status td_memory_info(size_t *unused, size_t *total); /* bytes, as the driver sees it */
/* How often a call has waited for the device, or the driver may have: td_read, td_sync, td_free,
 * and where memory for copies or partial results was short. */
TD_API int64_t td_waits(void);

/* Work is queued on the calling thread's current stream: the library's own until td_stream_use,
 * and again after td_stream_use(NULL). Handles are CUDA's; elsewhere NULL is the current one. */
TD_API td_status td_stream_open(void **stream);
TD_API td_status td_stream_close(void *stream); /* waits for it */
TD_API td_status td_stream_use(void *stream);
TD_API void *td_stream_current(void);
TD_API td_status td_stream_sync(void *stream);
TD_API td_status td_stream_query(int *done, void *stream);
TD_API td_status td_stream_wait(void *stream, void *other); /* for what is queued on other now */

TD_API td_status td_event_open(void **event, int timed);
TD_API td_status td_event_close(void *event);
TD_API td_status td_event_record(void *event, void *stream);
TD_API td_status td_event_wait(void *event, void *stream); /* the stream waits, not the caller */
TD_API td_status td_event_sync(void *event);
TD_API td_status td_event_query(int *done, void *event);
TD_API td_status td_event_elapsed(float *milliseconds, void *start, void *stop);

/* What this thread queues between begin and end is not run but recorded; replay runs all of it on
 * the current stream. Tensors keep their addresses. td_rng and the attributes of optimizers keep
 * theirs too: the caller keeps them alive, and each replay reads the values they have then. What
 * would wait, and td_write, whose bytes would be the same in every replay, fail meanwhile. */
TD_API td_status td_graph_begin(void **graph);
TD_API td_status td_graph_end(void *graph);
TD_API td_status td_graph_replay(void *graph);
TD_API td_status td_graph_close(void *graph); /* also one that was begun and not ended */

#ifdef __cplusplus
}
#endif
#endif
