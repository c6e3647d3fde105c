/* teach_matmul.cu — the numbered versions of matmul, callable. */
#include "teach_matmul.cuh"

template <class T>
static td_status teach(td_tensor *y, const td_tensor *a, const td_tensor *b, int version)
{
    const int64_t m = y->shape[0], n = y->shape[1], k = a->shape[1];
    T *to = (T *)y->data;
    const T *u = (const T *)a->data, *v = (const T *)b->data;
    switch (version) {
    case 1: return td_launch_product(td_matmul_1<T>, TD_TEACH_SIDE, to, u, v, m, n, k);
    case 2: return td_launch_product(td_matmul_2<T>, TD_TEACH_SIDE, to, u, v, m, n, k);
    case 3: return td_launch_product(td_matmul_3<T>, 4 * TD_TEACH_SIDE, to, u, v, m, n, k);
    case 4: return td_matmul(y, a, b, NULL);
    default: return td_no_version("teach_matmul", 4, version);
    }
}

td_status td_teach_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b, int32_t version)
{
    TD_TRY(td_teach_operands("teach_matmul", {y, a, b}));
    if (y->ndim != 2 || a->ndim != 2 || b->ndim != 2 || a->shape[1] != b->shape[0] ||
        y->shape[0] != a->shape[0] || y->shape[1] != b->shape[1])
        return td_fail(TD_EINVAL, "teach_matmul: expected y[m,n], a[m,k] and b[k,n]");
    return y->dtype == TD_F32 ? teach<float>(y, a, b, version) : teach<double>(y, a, b, version);
}
