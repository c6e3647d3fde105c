/* matmul.c — y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]), a and b of any strides.
 *
 * Batch axes that b does not have are folded into m when memory allows: a linear layer over
 * x[n,t,c] is one product. What is left of the batch is split over threads when its matrices are
 * small; large ones are split inside.
 */
#include "gemm.h"
#include "matmul.h"

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
#define TD_BODY "transpose.inl"
#include "for_reals.h"
#define TD_BODY "matmul_plain.inl"
#include "for_reals.h"
#define TD_BODY "matmul_packed.inl"
#include "for_reals.h"
#define TD_BODY "matmul_dot.inl"
#include "for_reals.h"
#define TD_BODY "matmul_rows.inl"
#include "for_reals.h"
#define TD_BODY "matmul.inl"
#include "for_reals.h"
#define TD_BODY "matmul_integers.inl"
#include "for_numbers.h"

td_status td_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b, const td_tensor *bias)
{
    TD_TRY(td_check_matmul(y, a, b, bias));
    const int64_t size = td_numel(y), k = a->shape[a->ndim - 1];
    if (size == 0) return TD_OK;

    batch_t batch = {.y = *y, .a = *a, .b = *b, .bias = bias};
    while (td_fold_batch(&batch.y, &batch.a, &batch.b)) {}
    int64_t matrix = batch.y.shape[batch.y.ndim - 2] * batch.y.shape[batch.y.ndim - 1];
    static td_range_fn *const integers[TD_NUM_DTYPES] = {[TD_I64] = multiply_rows_i64,
                                                         [TD_I32] = multiply_rows_i32,
                                                         [TD_I16] = multiply_rows_i16,
                                                         [TD_I8] = multiply_rows_i8,
                                                         [TD_U8] = multiply_rows_u8};
    if (integers[y->dtype]) {
        const int64_t n = batch.y.shape[batch.y.ndim - 1];
        td_parallel(size / n, 1 + GEMM_GRAIN / (n * k + 1), integers[y->dtype], &batch);
        return TD_OK;
    }
    td_range_fn *multiply = y->dtype == TD_F32 ? multiply_f32 : multiply_f64;
    if (matrix * k < 16 * GEMM_GRAIN && size > matrix)
        td_parallel(size / matrix, 1 + GEMM_GRAIN / (matrix * k + 1), multiply, &batch);
    else
        multiply(&batch, 0, size / matrix);
    return batch.status;
}
