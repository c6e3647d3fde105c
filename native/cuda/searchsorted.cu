/* searchsorted.cu — y[row,j] = how many of sorted[row,n] come before x[row,j]: a thread for each
 * binary search. */
#include "launch.cuh"
#include "sort.h"

enum { THREADS = 256 };

template <class T> struct search_t {
    int64_t *y;
    const T *sorted, *x;
    td_rows plan;
    int64_t step; /* from one row of `sorted` to the next: n, or 0 where one serves all */
    bool right;
};

/* NaN is above all. */
template <class T> __device__ __forceinline__ bool less(T a, T b)
{
    return a < b || (b != b && a == a);
}

template <class T> __global__ void __launch_bounds__(THREADS) search_kernel(const search_t<T> t)
{
    const int64_t at = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (at >= t.plan.rows * t.plan.m) return;
    const T *sorted = t.sorted + at / t.plan.m * t.step, x = t.x[at];
    int64_t low = 0, high = t.plan.n;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (t.right ? !less(x, sorted[middle]) : less(sorted[middle], x))
            low = middle + 1;
        else
            high = middle;
    }
    t.y[at] = low;
}

template <class T>
static td_status search(td_tensor *y, const td_tensor *sorted, const td_tensor *x,
                        const td_rows &plan, bool right)
{
    const search_t<T> t = {(int64_t *)y->data,
                           (const T *)sorted->data,
                           (const T *)x->data,
                           plan,
                           sorted->ndim > 1 ? plan.n : 0,
                           right};
    return td_launch("searchsorted", search_kernel<T>, td_blocks(plan.rows * plan.m, THREADS),
                     THREADS, 0, t);
}

td_status td_searchsorted(td_tensor *y, const td_tensor *sorted, const td_tensor *x, int32_t right)
{
    td_rows plan = {};
    TD_TRY(td_plan_search(&plan, y, sorted, x));
    switch (x->dtype) {
    case TD_F32: return search<float>(y, sorted, x, plan, right);
    case TD_F64: return search<double>(y, sorted, x, plan, right);
    case TD_I64: return search<int64_t>(y, sorted, x, plan, right);
    case TD_I32: return search<int32_t>(y, sorted, x, plan, right);
    case TD_I16: return search<int16_t>(y, sorted, x, plan, right);
    case TD_I8: return search<int8_t>(y, sorted, x, plan, right);
    case TD_U8:
    case TD_BOOL: return search<uint8_t>(y, sorted, x, plan, right);
    default:
        return td_fail(TD_EDTYPE, "searchsorted has no kernel for %s", td_dtype_name(x->dtype));
    }
}
