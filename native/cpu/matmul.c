/* matmul.c — y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]), a and b of any strides.
 *
 * Batch axes that b does not have are folded into m when memory allows: a linear layer over
 * x[n,t,c] is one product. What is left of the batch is split over threads when its matrices are
 * small; large ones are split inside.
 */
#include "dims.h"
#include "gemm.h"

/* Multiply-adds up to which the plain loop wins. */
enum { PLAIN_WORK = 512 };

typedef struct {
    td_tensor y, a, b; /* all of y's ndim */
    const td_tensor *bias;
    _Atomic td_status status;
} batch_t;

#define TD_BODY "gemm.inl"
#include "for_reals.h"
#define TD_BODY "dot.inl"
#include "for_reals.h"
#define TD_BODY "matmul_plain.inl"
#include "for_reals.h"
#define TD_BODY "matmul_packed.inl"
#include "for_reals.h"
#define TD_BODY "matmul_dot.inl"
#include "for_reals.h"
#define TD_BODY "matmul.inl"
#include "for_reals.h"

/* Drops the last batch axis of all three when b ignores it and a steps over it like over rows. */
static int fold(td_tensor *y, td_tensor *a, td_tensor *b)
{
    int axis = y->ndim - 3, row = y->ndim - 2;
    int same_b = axis >= 0 && (b->stride[axis] == 0 || y->shape[axis] == 1);
    if (!same_b || a->stride[axis] != a->shape[row] * a->stride[row]) return 0;
    td_tensor *const operand[] = {y, a, b};
    for (int k = 0; k < 3; k++) {
        td_tensor *x = operand[k];
        int64_t rows = k < 2 ? x->shape[axis] * x->shape[row] : x->shape[row];
        for (int i = axis; i < x->ndim - 1; i++) {
            x->shape[i] = x->shape[i + 1];
            x->stride[i] = x->stride[i + 1];
        }
        x->shape[axis] = rows;
        x->ndim--;
    }
    return 1;
}

td_status td_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b, const td_tensor *bias)
{
    if (y->dtype != TD_F32 && y->dtype != TD_F64)
        return td_fail(TD_EDTYPE, "matmul has no kernel for %s", td_dtype_name(y->dtype));
    if (a->dtype != y->dtype || b->dtype != y->dtype || (bias && bias->dtype != y->dtype))
        return td_fail(TD_EDTYPE, "matmul: operands and result have different dtypes");
    if (a->ndim != y->ndim || b->ndim != y->ndim || y->ndim < 2)
        return td_fail(TD_EINVAL, "matmul: expected operands of one ndim, at least 2");
    int row = y->ndim - 2, col = y->ndim - 1;
    int fits = a->shape[row] == y->shape[row] && a->shape[col] == b->shape[row] &&
               b->shape[col] == y->shape[col] && (!bias || td_numel(bias) == y->shape[col]);
    for (int i = 0; i < row; i++) fits &= a->shape[i] == y->shape[i] && b->shape[i] == y->shape[i];
    if (!fits) return td_fail(TD_EINVAL, "matmul: shapes do not fit together");
    int64_t size = td_numel(y), k = a->shape[col];
    if (size == 0) return TD_OK;

    batch_t batch = {.y = *y, .a = *a, .b = *b, .bias = bias};
    while (fold(&batch.y, &batch.a, &batch.b)) {}
    int64_t matrix = batch.y.shape[batch.y.ndim - 2] * batch.y.shape[batch.y.ndim - 1];
    td_range_fn *multiply = y->dtype == TD_F32 ? multiply_f32 : multiply_f64;
    if (matrix * k < 16 * GEMM_GRAIN && size > matrix)
        td_parallel(size / matrix, 1 + GEMM_GRAIN / (matrix * k + 1), multiply, &batch);
    else
        multiply(&batch, 0, size / matrix);
    return batch.status;
}
