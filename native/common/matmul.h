/* matmul.h — what products accept, and what all backends do to a batch of them first. */
#ifndef TD_MATMUL_H
#define TD_MATMUL_H

#include "dims.h"

/* y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]), the batch axes of a and b expanded to y's. */
static inline td_status td_check_matmul(const td_tensor *y, const td_tensor *a, const td_tensor *b,
                                        const td_tensor *bias)
{
    if (a->dtype < 0 || a->dtype == TD_BOOL || a->dtype == TD_F16 || a->dtype >= TD_NUM_DTYPES)
        return td_fail(TD_EDTYPE, "matmul has no kernel for %s", td_dtype_name(a->dtype));
    const int32_t sums = a->dtype == TD_BF16 ? TD_F32 : a->dtype;
    if (b->dtype != a->dtype || (y->dtype != a->dtype && y->dtype != sums) ||
        (bias && bias->dtype != a->dtype && bias->dtype != sums))
        return td_fail(TD_EDTYPE, "matmul: operands and result have different dtypes");
    if (a->ndim != y->ndim || b->ndim != y->ndim || y->ndim < 2)
        return td_fail(TD_EINVAL, "matmul: expected operands of one ndim, at least 2");
    const int row = y->ndim - 2, col = y->ndim - 1;
    int fits = a->shape[row] == y->shape[row] && a->shape[col] == b->shape[row] &&
               b->shape[col] == y->shape[col] && (!bias || td_numel(bias) == y->shape[col]);
    for (int i = 0; i < row; i++) fits &= a->shape[i] == y->shape[i] && b->shape[i] == y->shape[i];
    return fits ? TD_OK : td_fail(TD_EINVAL, "matmul: shapes do not fit together");
}

/* Drops the last batch axis of y[…,m,n] = a[…,m,k] · b[…,k,n] when b ignores it and a steps over it
 * like over rows: then it is more rows. Returns whether it did. */
static inline int td_fold_batch(td_tensor *y, td_tensor *a, td_tensor *b)
{
    const int axis = y->ndim - 3, row = y->ndim - 2;
    const int same_b = axis >= 0 && (b->stride[axis] == 0 || y->shape[axis] == 1);
    if (!same_b || a->stride[axis] != a->shape[row] * a->stride[row]) return 0;
    td_tensor *const operand[] = {y, a, b};
    for (int k = 0; k < 3; k++) {
        td_tensor *x = operand[k];
        const int64_t rows = k < 2 ? x->shape[axis] * x->shape[row] : x->shape[row];
        for (int i = axis; i < x->ndim - 1; i++) {
            x->shape[i] = x->shape[i + 1];
            x->stride[i] = x->stride[i + 1];
        }
        x->shape[axis] = rows;
        x->ndim--;
    }
    return 1;
}

#endif
