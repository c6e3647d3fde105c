/* matmul.c — y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]), a and b of any strides.
 *
 * Batch axes that b does not have are folded into m when memory allows: a linear layer over
 * x[n,t,c] is one product. What is left of the batch is split over threads when its matrices are
 * small; large ones are split inside.
 */
#include "matmul_bf16.h"

/* Multiply-adds up to which the plain loop wins. */
enum { PLAIN_WORK = 512 };

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
    static td_range_fn *const integers[TD_NUM_DTYPES] = {[TD_I64] = multiply_rows_i64,
                                                         [TD_I32] = multiply_rows_i32,
                                                         [TD_I16] = multiply_rows_i16,
                                                         [TD_I8] = multiply_rows_i8,
                                                         [TD_U8] = multiply_rows_u8};
    batch_t batch = {.y = *y, .a = *a, .b = *b, .bias = bias};
    int lost;
    if (a->dtype == TD_BF16) return td_matmul_bf16(y, a, b, bias, 1, &lost);
    if (!integers[y->dtype])
        return td_batch_run(&batch, y->dtype == TD_F32 ? multiply_f32 : multiply_f64);
    const int64_t size = td_numel(y), n = y->shape[y->ndim - 1], k = a->shape[a->ndim - 1];
    if (size > 0) td_parallel(size / n, 1 + GEMM_GRAIN / (n * k + 1), integers[y->dtype], &batch);
    return TD_OK;
}

td_status td_matmul_split(td_tensor *y, const td_tensor *a, const td_tensor *b,
                          const td_tensor *bias, int64_t parts)
{
    TD_TRY(td_check_matmul(y, a, b, bias));
    if (y->dtype != TD_F32 || a->dtype != TD_F32 || parts > td_bf16_parts())
        return td_matmul(y, a, b, bias);
    int lost;
    TD_TRY(td_matmul_bf16(y, a, b, bias, (int)parts, &lost));
    return lost ? td_matmul(y, a, b, bias) : TD_OK;
}
