/* pool.cu — max and average pooling and their adjoints, x[n,c,h,w] ↔ y[n,c,p,q].
 *
 * A thread per element of what is written, each looking at the elements it is made of, so nothing
 * is added by two threads at once. Only max_pool2d_scatter knows nothing of windows, just where
 * each element goes: there a block owns a stretch of gx in shared memory and lets threads that
 * meet in one place add one after the other, in order. All results are the CPU's to the bit.
 */
#include "axes.cuh"
#include "errors.cuh"
#include "math.cuh"
#include "pooling.h"

enum { THREADS = 256 };
constexpr int64_t STRETCH = 3072; /* elements of gx that a block owns */
constexpr int64_t OUTPUTS = 512;  /* elements of gy that it should at least have work from */

template <class T> struct pool_t {
    td_planes g;
    int64_t items;            /* elements written, or read, by a thread each */
    td_divisor rows, columns; /* of the planes they are in */
    td_divisor stride[2];     /* avg_pool2d_input: of the windows */
    int64_t base;             /* elements of idx in earlier launches */
    td_checked checked;

    /* Item i's plane, row and column. */
    __device__ __forceinline__ int64_t at(uint32_t i, int64_t &row, int64_t &column) const
    {
        const uint32_t above = td_divide(i, columns), plane = td_divide(above, rows);
        row = above - plane * rows.size, column = i - above * columns.size;
        return plane;
    }
};

__device__ __forceinline__ int64_t item_number(void)
{
    return (int64_t)blockIdx.x * THREADS + threadIdx.x;
}

/* The window of output i: which of its rows r and columns s lie in the plane, and where. */
template <class T> struct window_t {
    const T *x; /* the plane */
    int64_t row, column, top, left, below, beside, w;
    td_range down, across;

    __device__ __forceinline__ window_t(const pool_t<T> &t, uint32_t i)
    {
        const td_pool2d_attrs &a = t.g.a;
        x = (const T *)t.g.x + t.at(i, row, column) * t.g.h * t.g.w;
        top = row * a.stride[0] - a.padding[0], left = column * a.stride[1] - a.padding[1];
        below = a.dilation[0], beside = a.dilation[1], w = t.g.w;
        down = td_inside(top, below, t.g.h, a.window[0]);
        across = td_inside(left, beside, w, a.window[1]);
    }
    __device__ __forceinline__ int64_t at(int64_t r, int64_t s) const
    {
        return (top + r * below) * w + left + s * beside;
    }
};

/* --- max pooling ------------------------------------------------------------------------------ */

/* Challengers come in reverse reading order and a draw is a win, so that of equal values, and of
 * several NaNs, the first one stays. */
template <class T> struct champion_t {
    T value;
    int32_t place;

    __device__ __forceinline__ void meet(T v, int64_t here)
    {
        if (v >= value || v != v) value = v, place = (int32_t)here;
    }
};

template <class T>
__global__ void __launch_bounds__(THREADS) max_pool2d_kernel(const __grid_constant__ pool_t<T> t)
{
    const int64_t i = item_number();
    if (i >= t.items) return;
    const window_t<T> v(t, (uint32_t)i);
    champion_t<T> best = {-td_infinity<T>(), 0};
    for (int64_t r = v.down.end - 1; r >= v.down.begin; r--)
        for (int64_t s = v.across.end - 1; s >= v.across.begin; s--)
            best.meet(v.x[v.at(r, s)], v.at(r, s));
    ((T *)t.g.y)[i] = best.value;
    t.g.idx[i] = best.place;
}

/* Window 2×2, stride 2, nothing padded, rows of even length: two loads of two elements each. */
template <class T>
__global__ void __launch_bounds__(THREADS)
    max_pool2d_2x2_kernel(const __grid_constant__ pool_t<T> t)
{
    const int64_t i = item_number();
    if (i >= t.items) return;
    int64_t row, column;
    const int64_t plane = t.at((uint32_t)i, row, column), corner = 2 * (row * t.g.w + column);
    const T *x = (const T *)t.g.x + plane * t.g.h * t.g.w + corner;
    const td_pack<T, 2> above = td_load<2>(x), below = td_load<2>(x + t.g.w);
    champion_t<T> best = {below.at[1], (int32_t)(corner + t.g.w + 1)};
    best.meet(below.at[0], corner + t.g.w);
    best.meet(above.at[1], corner + 1);
    best.meet(above.at[0], corner);
    ((T *)t.g.y)[i] = best.value;
    t.g.idx[i] = best.place;
}

/* y[p,q] = x[idx[p,q]] */
template <class T>
__global__ void __launch_bounds__(THREADS) max_gather_kernel(const __grid_constant__ pool_t<T> t)
{
    const int64_t i = item_number();
    if (i >= t.items) return;
    int64_t row, column;
    const int64_t plane = t.at((uint32_t)i, row, column), hw = t.g.h * t.g.w, k = t.g.idx[i];
    if ((uint64_t)k < (uint64_t)hw)
        ((T *)t.g.y)[i] = ((const T *)t.g.x)[plane * hw + k];
    else
        td_note(t.checked, t.base + i);
}

/* What a block of max_pool2d_scatter owns: a stretch of one large plane, or several whole ones. */
struct stretch_t {
    int64_t planes;     /* per block */
    td_divisor pieces;  /* per plane */
    td_divisor outputs; /* p·q */
};

/* gx[h,w] = 0, then gx[idx[p,q]] += gy[p,q] */
template <class T>
__global__ void __launch_bounds__(THREADS)
    max_scatter_kernel(const __grid_constant__ pool_t<T> t, const stretch_t s)
{
    __shared__ T sum[STRETCH];
    __shared__ int claim[STRETCH]; /* the first thread that has something to add here */
    const int thread = threadIdx.x;
    const int64_t hw = t.g.h * t.g.w, pq = s.outputs.size;
    const int64_t above = td_divide(blockIdx.x, s.pieces);
    const int64_t piece = blockIdx.x - above * s.pieces.size;
    const int64_t plane = above * s.planes, planes = TD_MIN(s.planes, t.g.planes - plane);
    const int64_t begin = piece * STRETCH, size = TD_MIN(STRETCH, planes * hw - begin);
    for (int k = thread; k < size; k += THREADS) sum[k] = 0, claim[k] = THREADS;

    for (int64_t first = 0; first < planes * pq; first += THREADS) {
        const int64_t i = first + thread;
        int pending = 0;
        int64_t to = 0;
        T g = 0;
        if (i < planes * pq) {
            const int64_t k = t.g.idx[plane * pq + i];
            to = td_divide((uint32_t)i, s.outputs) * hw + k - begin;
            pending = (uint64_t)k < (uint64_t)hw && to >= 0 && to < size;
            if (pending) g = ((const T *)t.g.y)[plane * pq + i];
            if ((uint64_t)k >= (uint64_t)hw && piece == 0)
                td_note(t.checked, t.base + plane * pq + i);
        }
        do { /* one round for each of those that meet in one place */
            __syncthreads();
            if (pending) atomicMin(&claim[to], thread);
            __syncthreads();
            const bool mine = pending && claim[to] == thread;
            __syncthreads();
            if (mine) {
                sum[to] += g;
                claim[to] = THREADS;
                pending = 0;
            }
        } while (td_block_reduce<THREADS>(pending, td_larger()));
    }
    __syncthreads();
    T *gx = (T *)t.g.x + plane * hw + begin;
    for (int k = thread; k < size; k += THREADS) gx[k] = sum[k];
}

/* --- average pooling -------------------------------------------------------------------------- */

/* What the average at (i, j) divides by. */
template <class T> __device__ __forceinline__ T divisor(const td_planes &g, int64_t i, int64_t j)
{
    return (T)((double)td_count(&g.a, 0, g.h, i) * (double)td_count(&g.a, 1, g.w, j));
}

template <class T>
__global__ void __launch_bounds__(THREADS) avg_pool2d_kernel(const __grid_constant__ pool_t<T> t)
{
    const int64_t i = item_number();
    if (i >= t.items) return;
    const window_t<T> v(t, (uint32_t)i);
    T sum = 0;
    for (int64_t r = v.down.begin; r < v.down.end; r++)
        for (int64_t s = v.across.begin; s < v.across.end; s++) sum += v.x[v.at(r, s)];
    ((T *)t.g.y)[i] = sum / divisor<T>(t.g, v.row, v.column);
}

/* The windows that may meet element `at` along axis k; there are `count`. */
template <class T>
__device__ __forceinline__ td_range windows(const pool_t<T> &t, int k, int64_t at, int64_t count)
{
    const td_pool2d_attrs &a = t.g.a;
    const int64_t last = at + a.padding[k], first = last - (a.window[k] - 1) * a.dilation[k];
    const int64_t begin = td_divide((uint32_t)TD_MAX(first + a.stride[k] - 1, 0), t.stride[k]);
    const int64_t end = td_divide((uint32_t)last, t.stride[k]) + 1;
    return {begin, TD_MIN(end, count)};
}

/* Whether window i meets element `at` along axis k: dilated windows skip some. */
__device__ __forceinline__ bool meets(const td_pool2d_attrs &a, int k, int64_t i, int64_t at)
{
    const int64_t offset = at + a.padding[k] - i * a.stride[k];
    return a.dilation[k] == 1 || (int)offset % (int)a.dilation[k] == 0;
}

/* Columns go backwards, so that an element's terms come in the order of the CPU's taps. */
template <class T>
__global__ void __launch_bounds__(THREADS)
    avg_pool2d_input_kernel(const __grid_constant__ pool_t<T> t)
{
    const int64_t item = item_number();
    if (item >= t.items) return;
    int64_t row, column;
    const int64_t plane = t.at((uint32_t)item, row, column);
    const td_range down = windows(t, 0, row, t.g.p), across = windows(t, 1, column, t.g.q);
    const T *gy = (const T *)t.g.y + plane * t.g.p * t.g.q;
    T sum = 0;
    for (int64_t i = down.begin; i < down.end; i++) {
        if (!meets(t.g.a, 0, i, row)) continue;
        for (int64_t j = across.end - 1; j >= across.begin; j--)
            if (meets(t.g.a, 1, j, column)) sum += gy[i * t.g.q + j] / divisor<T>(t.g, i, j);
    }
    ((T *)t.g.x)[item] = sum;
}

/* --- host ------------------------------------------------------------------------------------- */

static td_status tell(const td_mistake *m)
{
    return td_fail_plane(m->checked.op, (int64_t)m->value, (int64_t)m->position, m->checked.size[0],
                         m->checked.size[1]);
}

/* A thread for each element of the planes p·q (by_outputs) or h·w. */
template <class T>
static td_status launch(const char *op, void (*kernel)(pool_t<T>), pool_t<T> t, bool by_outputs)
{
    const int64_t rows = by_outputs ? t.g.p : t.g.h, columns = by_outputs ? t.g.q : t.g.w;
    t.rows = td_divide_by(rows), t.columns = td_divide_by(columns);
    for (int k = 0; k < 2; k++) t.stride[k] = td_divide_by(t.g.a.stride[k]);
    t.items = t.g.planes * rows * columns;
    return td_launch(op, kernel, td_blocks(t.items, THREADS), THREADS, 0, t);
}

/* An op on some planes, of which there are few enough to number the elements of. */
struct max_op {
    template <class T> static td_status run(const char *op, const pool_t<T> &t)
    {
        if (td_quarters(&t.g) && t.g.w % 2 == 0 && (uintptr_t)t.g.x % (2 * sizeof(T)) == 0)
            return launch<T>(op, max_pool2d_2x2_kernel<T>, t, true);
        return launch<T>(op, max_pool2d_kernel<T>, t, true);
    }
};
struct max_scatter_op {
    template <class T> static td_status run(const char *op, const pool_t<T> &t)
    {
        const int64_t hw = t.g.h * t.g.w, pq = t.g.p * t.g.q;
        if (hw == 0) return TD_OK;
        stretch_t s = {1, td_divide_by(TD_CEIL_DIV(hw, STRETCH)), td_divide_by(pq)};
        s.planes = TD_MAX(1, TD_MIN(STRETCH / hw, OUTPUTS / TD_MAX(pq, 1)));
        const unsigned blocks = td_blocks(t.g.planes, s.planes) * s.pieces.size;
        return td_launch(op, max_scatter_kernel<T>, blocks, THREADS, 0, t, s);
    }
};
struct max_gather_op {
    template <class T> static td_status run(const char *op, const pool_t<T> &t)
    {
        return launch<T>(op, max_gather_kernel<T>, t, true);
    }
};
struct avg_op {
    template <class T> static td_status run(const char *op, const pool_t<T> &t)
    {
        return launch<T>(op, avg_pool2d_kernel<T>, t, true);
    }
};
struct avg_input_op {
    template <class T> static td_status run(const char *op, const pool_t<T> &t)
    {
        return launch<T>(op, avg_pool2d_input_kernel<T>, t, false);
    }
};

/* As many planes at a time as 31 bits can number the elements of. */
template <class OP, class T>
static td_status by_chunks(const char *op, const td_planes &all, const td_tensor *idx)
{
    const int64_t hw = all.h * all.w, pq = all.p * all.q;
    const int64_t most = INT32_MAX / TD_MAX(TD_MAX(hw, pq), 1);
    pool_t<T> t = {};
    if (idx) {
        td_tensor flat = {};
        flat.data = all.idx;
        flat.ndim = 1, flat.dtype = TD_I32;
        flat.shape[0] = all.planes * pq, flat.stride[0] = 1;
        t.checked = td_watch(op, &flat, 0, all.h, all.w, tell);
    }
    for (int64_t done = 0; done < all.planes; done += most) {
        t.g = all;
        t.g.planes = TD_MIN(most, all.planes - done);
        t.base = done * pq;
        t.g.x = (T *)all.x + done * hw;
        t.g.y = (T *)all.y + t.base;
        if (idx) t.g.idx = all.idx + t.base;
        TD_TRY(OP::run(op, t));
    }
    return TD_OK;
}

/* x is the tensor with planes h·w, y the one with planes p·q. */
template <class OP>
static td_status pool(const char *op, const td_tensor *x, const td_tensor *y, const td_tensor *idx,
                      const td_pool2d_attrs *a)
{
    td_planes g = {};
    TD_TRY(td_plan_pooling(&g, op, x, y, idx, a));
    return x->dtype == TD_F32 ? by_chunks<OP, float>(op, g, idx)
                              : by_chunks<OP, double>(op, g, idx);
}

td_status td_max_pool2d(td_tensor *y, td_tensor *idx, const td_tensor *x, const td_pool2d_attrs *a)
{
    return pool<max_op>("max_pool2d", x, y, idx, a);
}

td_status td_max_pool2d_scatter(td_tensor *gx, const td_tensor *gy, const td_tensor *idx)
{
    return pool<max_scatter_op>("max_pool2d_scatter", gx, gy, idx, NULL);
}

td_status td_max_pool2d_gather(td_tensor *y, const td_tensor *x, const td_tensor *idx)
{
    return pool<max_gather_op>("max_pool2d_gather", x, y, idx, NULL);
}

td_status td_avg_pool2d(td_tensor *y, const td_tensor *x, const td_pool2d_attrs *a)
{
    return pool<avg_op>("avg_pool2d", x, y, NULL, a);
}

td_status td_avg_pool2d_input(td_tensor *gx, const td_tensor *gy, const td_pool2d_attrs *a)
{
    return pool<avg_input_op>("avg_pool2d_input", gx, gy, NULL, a);
}
