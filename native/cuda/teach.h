/* teach.h — kernels in numbered versions, from the obvious to the one the library uses.
 *
 * Not part of the contract: only the CUDA library exports them, for reading, comparing and timing
 * beside each other (tinydl.inspect.versions, which takes the numbered lines from here). All
 * versions of an op compute the same thing. Operands are contiguous float32 or float64 of one
 * dtype and have fewer than 2³¹ elements; a version that does not exist is TD_EINVAL.
 */
#ifndef TD_TEACH_H
#define TD_TEACH_H

#include "tinydl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = a + b, all of one shape
 *   1  a stretch of 32 neighbours for each thread, as on a CPU
 *   2  neighbours for neighbouring threads
 *   3  16 bytes of neighbours for each thread
 *   4  the library's: several loads on their way
 */
TD_API td_status td_teach_add(td_tensor *y, const td_tensor *a, const td_tensor *b,
                              int32_t version);

/* y[1] = Σ x
 *   1  one thread
 *   2  a tree of additions in each block, level upon level
 *   3  a crowd of threads, many elements for each before the tree
 *   4  the library's: 16 bytes at a time, several loads on their way
 */
TD_API td_status td_teach_sum(td_tensor *y, const td_tensor *x, int32_t version);

/* y[…,n] = softmax of x's rows
 *   1  a thread for each row
 *   2  a block for each row, trees in shared memory
 *   3  a warp for each row, maximum and sum in one pass
 *   4  the library's: rows kept on the chip
 */
TD_API td_status td_teach_softmax(td_tensor *y, const td_tensor *x, int32_t version);

/* y[m,n] = a[m,k] · b[k,n]
 *   1  a thread for each element
 *   2  tiles in shared memory
 *   3  a block of 4 × 4 sums in each thread's registers
 *   4  the library's: larger blocks, the next tiles on their way
 */
TD_API td_status td_teach_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b,
                                 int32_t version);

/* y[n,k,p,q] = x[n,c,h,w] ⋆ w[k,c/groups,r,s]
 *   1  a thread for each element
 *   2  windows written out as a matrix, then a product
 *   3  the library's: the product without the matrix
 */
TD_API td_status td_teach_conv2d(td_tensor *y, const td_tensor *x, const td_tensor *w,
                                 const td_conv2d_attrs *attrs, int32_t version);

#ifdef __cplusplus
}
#endif
#endif
