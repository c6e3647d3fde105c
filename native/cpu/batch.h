/* batch.h — the matrices of a batch, one product after the other: what matmul.c and matmul_bf16.c
 * do alike. */
#ifndef TD_BATCH_H
#define TD_BATCH_H

#include "gemm.h"
#include "matmul.h"

typedef struct {
    td_tensor y, a, b; /* all of y's ndim */
    const td_tensor *bias;
    _Atomic td_status status;
} batch_t;

/* One product: a[i,t] at i·a_row + t·a_col, b[t,j] at t·b_row + j·b_col, rows of y n apart. */
typedef struct {
    int64_t m, n, k;
    char *y;
    const char *a, *b;
    int64_t a_row, a_col, b_row, b_col;
} matrices_t;

/* Number `index` of the batch. */
static inline matrices_t td_batch_at(const batch_t *batch, int64_t index)
{
    const td_tensor *y = &batch->y, *a = &batch->a, *b = &batch->b;
    const int row = y->ndim - 2, col = y->ndim - 1;
    matrices_t p = {.m = y->shape[row], .n = y->shape[col], .k = a->shape[col]};
    p.a_row = a->stride[row], p.a_col = a->stride[col];
    p.b_row = b->stride[row], p.b_col = b->stride[col];
    p.y = (char *)y->data + index * p.m * p.n * (int64_t)td_itemsize(y->dtype);
    int64_t a_at = 0, b_at = 0;
    for (int64_t axis = row - 1, at = index; axis >= 0; at /= y->shape[axis--]) {
        a_at += at % y->shape[axis] * a->stride[axis];
        b_at += at % y->shape[axis] * b->stride[axis];
    }
    p.a = (const char *)a->data + a_at * (int64_t)td_itemsize(a->dtype);
    p.b = (const char *)b->data + b_at * (int64_t)td_itemsize(b->dtype);
    return p;
}

/* Calls `multiply` on the matrices of the batch: on all at once where each is worth several
 * threads, else in pieces. */
static inline td_status td_batch_run(batch_t *batch, td_range_fn *multiply)
{
    const int64_t size = td_numel(&batch->y), k = batch->a.shape[batch->a.ndim - 1];
    if (size == 0) return TD_OK;
    while (td_fold_batch(&batch->y, &batch->a, &batch->b)) {}
    const int64_t matrix = batch->y.shape[batch->y.ndim - 2] * batch->y.shape[batch->y.ndim - 1];
    if (matrix * k < 16 * GEMM_GRAIN && size > matrix)
        td_parallel(size / matrix, 1 + GEMM_GRAIN / (matrix * k + 1), multiply, batch);
    else
        multiply(batch, 0, size / matrix);
    return batch->status;
}

#endif
