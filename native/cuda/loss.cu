/* loss.cu — cross-entropy from logits: td_cross_entropy and its gradient.
 *
 *   x[n,c], target[n] → loss[n], lse[n]        a group of 4 to 32 threads per row, or a block
 *
 * lse is all the gradient needs. The row's maximum is subtracted before any exponential; the
 * second pass over the row finds it in the cache. A target that is no class is noted for the next
 * td_sync without touching memory.
 */
#include "errors.cuh"
#include "math.cuh"
#include "targets.h"

enum { THREADS = 256 };

template <class T> struct loss_t {
    T *loss, *lse, *gx;
    const T *x, *g;
    const int64_t *target;
    int64_t n, c, g_stride, ignore_index;
    int width; /* threads per row */
    td_checked checked;
};

/* Whether this row's target is a class; notes the row where it neither is nor may be ignored. */
template <class T> __device__ bool counts(const loss_t<T> &t, int64_t row, bool note)
{
    const int64_t class_ = t.target[row];
    if (class_ == t.ignore_index) return false;
    if (class_ >= 0 && class_ < t.c) return true;
    if (note) td_note(t.checked, row);
    return false;
}

template <class T>
__global__ void __launch_bounds__(THREADS, 3)
    cross_entropy_kernel(const __grid_constant__ loss_t<T> t)
{
    const int lane = threadIdx.x % t.width;
    const int64_t row = (int64_t)blockIdx.x * (THREADS / t.width) + threadIdx.x / t.width;
    const int64_t c = row < t.n ? t.c : 0; /* all threads take part in the reductions */
    const T *x = t.x + row * t.c;
    T max = -td_infinity<T>(), sum = 0;
    for (int64_t j = lane; j < c; j += t.width) max = td_larger()(max, x[j]);
    max = td_group_reduce<THREADS>(max, t.width, td_larger());
    for (int64_t j = lane; j < c; j += t.width) sum += td_exp_of(x[j] - max);
    sum = td_group_reduce<THREADS>(sum, t.width, td_plus());
    if (lane > 0 || row >= t.n) return;
    const T log_sum = td_log_of(sum);
    t.lse[row] = max + log_sum;
    t.loss[row] = counts(t, row, true) ? log_sum - (x[t.target[row]] - max) : 0;
}

template <class T>
__global__ void __launch_bounds__(THREADS)
    cross_entropy_grad_kernel(const __grid_constant__ loss_t<T> t)
{
    const int lane = threadIdx.x % t.width;
    const int64_t row = (int64_t)blockIdx.x * (THREADS / t.width) + threadIdx.x / t.width;
    if (row >= t.n) return;
    const bool counted = counts(t, row, lane == 0);
    const T *x = t.x + row * t.c, lse = t.lse[row], g = t.g[row * t.g_stride];
    const int64_t class_ = t.target[row];
    T *gx = t.gx + row * t.c;
    for (int64_t j = lane; j < t.c; j += t.width)
        gx[j] = counted ? g * (td_exp_of(x[j] - lse) - (j == class_)) : 0;
}

/* Of losses that are there already: one block, each thread in steps of THREADS. */
template <class T>
__global__ void __launch_bounds__(THREADS)
    cross_entropy_mean_kernel(const __grid_constant__ loss_t<T> t, T *mean, T *count)
{
    double sum = 0;
    int64_t counted = 0;
    for (int64_t row = threadIdx.x; row < t.n; row += THREADS) {
        sum += t.loss[row];
        counted += t.target[row] != t.ignore_index;
    }
    sum = td_block_reduce<THREADS>(sum, td_plus());
    counted = td_block_reduce<THREADS>(counted, td_plus());
    if (threadIdx.x > 0) return;
    *mean = (T)(sum / (double)counted);
    *count = (T)counted;
}

static td_status tell(const td_mistake *m)
{
    return td_fail_target((int64_t)m->value, (int64_t)m->position, m->checked.size[0]);
}

template <class T>
static td_status run(const char *op, void (*kernel)(loss_t<T>), td_tensor *loss, td_tensor *gx,
                     const td_tensor *g, const td_tensor *lse, const td_tensor *x,
                     const td_tensor *target, int64_t ignore_index)
{
    loss_t<T> t = {};
    t.loss = loss ? (T *)loss->data : NULL;
    t.lse = (T *)lse->data;
    t.gx = gx ? (T *)gx->data : NULL;
    t.x = (const T *)x->data;
    t.g = g ? (const T *)g->data : NULL;
    t.g_stride = g && g->ndim && g->shape[0] != 1 ? g->stride[0] : 0;
    t.target = (const int64_t *)target->data;
    t.n = x->shape[0], t.c = x->shape[1];
    t.ignore_index = ignore_index;
    t.width = t.c <= 16 ? 4 : t.c <= 1024 ? (int)TD_WARP : (int)THREADS;
    t.checked = td_watch(op, target, 0, t.c, 0, tell);
    return td_launch(op, kernel, td_blocks(t.n, THREADS / t.width), THREADS, 0, t);
}

template <class T>
static td_status mean_of(td_tensor *mean, td_tensor *count, td_tensor *lse, const td_tensor *x,
                         const td_tensor *target, int64_t ignore_index)
{
    const char *op = "cross_entropy";
    td_tensor loss = *lse;
    loss.data = td_scratch((size_t)td_numel(lse) * sizeof(T));
    if (!loss.data) return td_fail(TD_ENOMEM, "%s: out of memory", op);
    TD_TRY(run<T>(op, cross_entropy_kernel<T>, &loss, NULL, NULL, lse, x, target, ignore_index));
    loss_t<T> t = {};
    t.loss = (T *)loss.data;
    t.target = (const int64_t *)target->data;
    t.n = td_numel(lse), t.ignore_index = ignore_index;
    return td_launch(op, cross_entropy_mean_kernel<T>, 1, THREADS, 0, t, (T *)mean->data,
                     (T *)count->data);
}

td_status td_cross_entropy_mean(td_tensor *mean, td_tensor *count, td_tensor *lse,
                                const td_tensor *x, const td_tensor *target, int64_t ignore_index)
{
    TD_TRY(td_check_cross_entropy_mean(mean, count, lse, x, target));
    return x->dtype == TD_F32 ? mean_of<float>(mean, count, lse, x, target, ignore_index)
                              : mean_of<double>(mean, count, lse, x, target, ignore_index);
}

td_status td_cross_entropy(td_tensor *loss, td_tensor *lse, const td_tensor *x,
                           const td_tensor *target, int64_t ignore_index)
{
    const char *op = "cross_entropy";
    TD_TRY(td_check_cross_entropy(loss, lse, x, target));
    if (x->dtype == TD_F32)
        return run<float>(op, cross_entropy_kernel<float>, loss, NULL, NULL, lse, x, target,
                          ignore_index);
    return run<double>(op, cross_entropy_kernel<double>, loss, NULL, NULL, lse, x, target,
                       ignore_index);
}

td_status td_cross_entropy_grad(td_tensor *gx, const td_tensor *g, const td_tensor *x,
                                const td_tensor *lse, const td_tensor *target, int64_t ignore_index)
{
    const char *op = "cross_entropy_grad";
    TD_TRY(td_check_cross_entropy_grad(gx, g, x, lse, target));
    if (x->dtype == TD_F32)
        return run<float>(op, cross_entropy_grad_kernel<float>, NULL, gx, g, lse, x, target,
                          ignore_index);
    return run<double>(op, cross_entropy_grad_kernel<double>, NULL, gx, g, lse, x, target,
                       ignore_index);
}
