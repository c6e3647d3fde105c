/* matmul.h — what all backends do to a batch of products before they multiply. */
#ifndef TD_MATMUL_H
#define TD_MATMUL_H

#include "dims.h"

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
