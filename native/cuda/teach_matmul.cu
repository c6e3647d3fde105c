/* teach_matmul.cu — the numbered versions of matmul, callable. */
#include "teach.h"
#include "teach_matmul.cuh"

template <class T>
static td_status teach(td_tensor *y, const td_tensor *a, const td_tensor *b, int version)
{
    const int64_t m = y->shape[0], n = y->shape[1], k = a->shape[1];
    T *to = (T *)y->data;
    const T *x = (const T *)a->data, *w = (const T *)b->data;
    switch (version) {
    case 1: return td_launch_teach(td_matmul_1<T>, TD_TEACH_SIDE, to, x, w, m, n, k);
    case 2: return td_launch_teach(td_matmul_2<T>, TD_TEACH_SIDE, to, x, w, m, n, k);
    case 3: return td_launch_teach(td_matmul_3<T>, 4 * TD_TEACH_SIDE, to, x, w, m, n, k);
    case 4: return td_matmul(y, a, b, NULL);
    default: return td_fail(TD_EINVAL, "teach_matmul has versions 1 to 4, not %d", version);
    }
}

td_status td_teach_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b, int32_t version)
{
    if (y->ndim != 2 || a->ndim != 2 || b->ndim != 2)
        return td_fail(TD_EINVAL, "teach_matmul multiplies two matrices");
    switch (y->dtype) {
    case TD_F32: return teach<float>(y, a, b, version);
    case TD_F64: return teach<double>(y, a, b, version);
    default:
        return td_fail(TD_EDTYPE, "teach_matmul has no kernel for %s", td_dtype_name(y->dtype));
    }
}
