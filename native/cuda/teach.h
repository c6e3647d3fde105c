/* teach.h — kernels in numbered versions, from the obvious to the one the library uses.
 *
 * Not part of the contract: only the CUDA library exports them, for reading, comparing and timing
 * beside each other. All versions of an op compute the same thing. Operands are contiguous;
 * version 1 is the first and a version that does not exist is TD_EINVAL.
 */
#ifndef TD_TEACH_H
#define TD_TEACH_H

#include "tinydl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[m,n] = a[m,k] · b[k,n]: 1 a thread for each element · 2 tiles in shared memory · 3 a block of
 * sums in each thread's registers · 4 the library's */
TD_API td_status td_teach_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b,
                                 int32_t version);

/* y = x ⋆ w: 1 a thread for each element · 2 windows written out as a matrix, then a product · 3
 * the library's: the product without the matrix */
TD_API td_status td_teach_conv2d(td_tensor *y, const td_tensor *x, const td_tensor *w,
                                 const td_conv2d_attrs *attrs, int32_t version);

#ifdef __cplusplus
}
#endif
#endif
