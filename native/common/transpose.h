/* transpose.h — the plan of a copy whose source runs along another axis than its target.
 *
 * Row by row, such a copy would touch a new cache line with every element it reads; tile by tile,
 * lines are used whole. Both backends cut the two axes into tiles of their own size.
 */
#ifndef TD_TRANSPOSE_H
#define TD_TRANSPOSE_H

#include "dims.h"

/* y[i · y_row + j] = x[j · x_column + i], i < rows, j < columns, for each place in `outer`. */
typedef struct td_transpose {
    td_walk outer; /* the axes besides these two */
    int64_t rows, columns, y_row, x_column;
} td_transpose;

/* Whether y and x are contiguous along different axes, each at least `least` long. */
static inline int td_plan_transpose(td_transpose *t, const td_tensor *y, const td_tensor *x,
                                    int64_t least)
{
    td_walk *w = &t->outer;
    const td_tensor *const operand[] = {y, x};
    if (td_walk_init(w, operand, 2) != TD_OK || w->size == 0) return 0;
    int inner = w->ndim - 1, axis = inner - 1;
    if (w->stride[0][inner] != 1 || td_abs64(w->stride[1][inner]) <= 1) return 0;
    while (axis >= 0 && w->stride[1][axis] != 1) axis--;
    if (axis < 0 || w->shape[axis] < least || w->shape[inner] < least) return 0;
    t->rows = w->shape[axis], t->y_row = w->stride[0][axis];
    t->columns = w->shape[inner], t->x_column = w->stride[1][inner];
    td_walk_drop(w, inner);
    td_walk_drop(w, axis);
    w->size /= t->rows * t->columns;
    return 1;
}

#endif
