/* matmul_bf16.h — products of bf16 with sums in f32, for matmul.c. */
#ifndef TD_MATMUL_BF16_H
#define TD_MATMUL_BF16_H

#include "batch.h"

/* The most parts of f32 operands with which this library is faster than with f32; 0: it is not. */
int td_bf16_parts(void);

/* y = a · b (+ bias). bf16 operands are one part; f32 operands are taken as the sum of `parts`,
 * 1 or 3, and *lost tells whether a result that is not finite came out. */
td_status td_matmul_bf16(td_tensor *y, const td_tensor *a, const td_tensor *b,
                         const td_tensor *bias, int parts, int *lost);

#endif
