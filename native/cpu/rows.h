/* rows.h — runs a kernel for one row over whole tensors of any shape and stride, in parallel. */
#ifndef TD_ROWS_H
#define TD_ROWS_H

#include "dims.h"

/* One row: n elements; p[k] is operand k's first element, stride[k] its step in elements.
 * p[0] is the output, which may be the same memory as an input but not overlap it otherwise. */
typedef void td_row_fn(int64_t n, char *const *p, const int64_t *stride);

td_status td_for_rows(td_row_fn *row, const td_tensor *const *operand, int count);

#endif
