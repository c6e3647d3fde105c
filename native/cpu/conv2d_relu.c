/* conv2d_relu.c — y = relu(max_pool(x ⋆ w + b)), a few images at a time.
 *
 * A convolution's output is several times what L2 holds, so a ReLU and a pool that come after it
 * wait for L3 or main memory. Here a task is a few images: what their convolution gives stays in
 * its core's L2 until it has been pooled, and the pooled part, often a quarter, is all that leaves.
 * Pooling comes first because ReLU keeps order: it does to a window's largest what it does to all.
 */
#include "conv2d_window.h"
#include "parallel.h"

/* Bytes that the convolution of one task may take, and the most where its filter is as large; what
 * the number of tasks is a multiple of, so that a few threads have equal shares; scratch that
 * convolutions and pools leave alone. */
enum { BLOCK = 512 << 10, MOST = 16 << 20, BLOCKS = 8, CONV_SLOT = 4, PLACE_SLOT };

typedef struct {
    td_tensor y, z, idx; /* z is the convolution; idx, where nobody wants it, is scratch too */
    const td_tensor *x, *w, *b;
    const td_conv2d_attrs *a;
    const td_pool2d_attrs *pool;
    int64_t blocks;
    _Atomic td_status status;
} block_t;

/* Images [n0, n0+n) of a contiguous tensor, or n images in memory of their own. */
static td_tensor images(const td_tensor *x, int64_t n0, int64_t n, void *own)
{
    td_tensor some = *x;
    int64_t step = td_numel(x) / x->shape[0] * (int64_t)td_itemsize(x->dtype);
    some.data = own ? own : (char *)x->data + n0 * step;
    some.shape[0] = n;
    return some;
}

static td_status run_block(const block_t *job, int64_t n0, int64_t n)
{
    td_tensor x = images(job->x, n0, n, NULL), y = images(&job->y, n0, n, NULL);
    if (!job->pool) {
        TD_TRY(td_conv2d(&y, &x, job->w, job->b, job->a));
        return td_relu(&y, &y);
    }
    int64_t size = td_numel(&job->z) / job->x->shape[0] * n;
    void *conv = td_scratch(CONV_SLOT, size * td_itemsize(y.dtype)), *places = NULL;
    if (!job->idx.data) places = td_scratch(PLACE_SLOT, td_numel(&y) * sizeof(int32_t));
    if (!conv || !(job->idx.data || places))
        return td_fail(TD_ENOMEM, "conv2d: no memory for the images of one task");
    td_tensor z = images(&job->z, 0, n, conv), idx = images(&job->idx, n0, n, places);
    TD_TRY(td_conv2d(&z, &x, job->w, job->b, job->a));
    TD_TRY(td_max_pool2d(&y, &idx, &z, job->pool));
    return td_relu(&y, &y);
}

static void block_task(void *context, int64_t begin, int64_t end)
{
    block_t *job = context;
    int64_t images = job->x->shape[0];
    for (int64_t i = begin; i < end; i++) {
        int64_t n0 = images * i / job->blocks, n = images * (i + 1) / job->blocks - n0;
        td_status status = run_block(job, n0, n);
        if (status) job->status = status;
    }
}

td_status td_conv2d_relu(td_tensor *y, td_tensor *idx, const td_tensor *x, const td_tensor *w,
                         const td_tensor *b, const td_conv2d_attrs *a, const td_pool2d_attrs *pool)
{
    block_t job = {.y = *y, .z = *y, .x = x, .w = w, .b = b, .a = a, .pool = pool};
    TD_TRY(td_plan_conv2d_relu(&job.z, &job.idx, y, idx, x, w, a, pool));
    TD_TRY(td_check_conv2d("conv2d", x, w, &job.z, a));
    TD_TRY(td_check_conv2d_bias(b, &job.z));
    if (td_numel(y) == 0) return TD_OK;
    int64_t bytes = td_numel(&job.z) * (int64_t)td_itemsize(y->dtype);
    /* Every task packs or transforms the filter anew: it should be small beside what it gives. */
    int64_t filters = 4 * td_numel(w) * (int64_t)td_itemsize(w->dtype) + 1;
    job.blocks = TD_MIN(TD_CEIL_DIV(bytes, BLOCK * BLOCKS) * BLOCKS, bytes / filters);
    job.blocks = TD_MIN(TD_MAX(job.blocks, TD_CEIL_DIV(bytes, MOST)), x->shape[0]);
    td_parallel(job.blocks, 1, block_task, &job);
    if (job.status == TD_ENOMEM) return td_fail(TD_ENOMEM, "conv2d_relu: no memory for a task");
    return job.status ? td_fail(job.status, "conv2d_relu: the pool or idx does not fit") : TD_OK;
}
