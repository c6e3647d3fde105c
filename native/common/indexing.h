/* indexing.h — the plan of index and index_put, and what they and nonzero refuse.
 *
 * One operand is indexed; the other has axes b… for the indices in a row and, before and after
 * them, those axes r… of the indexed one that are not. Seen along the axes of the other one, the
 * indexed operand has stride 0 along b…, so all three are walked together.
 */
#ifndef TD_INDEXING_H
#define TD_INDEXING_H

#include <stdio.h>
#include <string.h>

#include "dims.h"

typedef struct td_indexing {
    int k, first, last;                           /* indices; b… are axes first … last − 1 */
    int wrap;                                     /* negative indices count from the end */
    int axis[TD_MAX_NDIM];                        /* of the indexed operand, for each index */
    int64_t size[TD_MAX_NDIM], step[TD_MAX_NDIM]; /* of those axes */
    int64_t next;                                 /* from one index to the next, in elements */
    td_tensor indexed;                            /* seen along the axes of the other one */
    td_tensor idx;                                /* the first index, along the same axes */
} td_indexing;

static inline td_status td_plan_indexing(td_indexing *p, const char *name, const td_tensor *indexed,
                                         const td_tensor *other, const td_tensor *idx,
                                         const td_index_attrs *a)
{
    if (idx->dtype != TD_I64)
        return td_fail(TD_EDTYPE, "%s: expected i64 indices, got %s", name,
                       td_dtype_name(idx->dtype));
    if (indexed->dtype != other->dtype)
        return td_fail(TD_EDTYPE, "%s: %s and %s are different dtypes", name,
                       td_dtype_name(indexed->dtype), td_dtype_name(other->dtype));
    if (a->how < TD_PUT_SET || a->how > TD_PUT_MIN)
        return td_fail(TD_EINVAL, "%s: no td_put_how is %d", name, (int)a->how);
    memset(p, 0, sizeof *p);
    p->wrap = a->wrap, p->indexed = *other, p->idx = *idx;
    for (int d = 0; d < indexed->ndim; d++)
        if (a->axes >> d & 1) {
            p->axis[p->k] = d, p->size[p->k] = indexed->shape[d];
            p->step[p->k++] = indexed->stride[d];
        }
    const int several = p->k > 1, indices = other->ndim - (indexed->ndim - p->k);
    p->first = (int)a->place, p->last = p->first + indices;
    if (p->k == 0 || a->axes >> indexed->ndim || indices < 0 || p->first < 0 ||
        p->last > other->ndim || idx->ndim != other->ndim + several ||
        (several && idx->shape[0] != p->k))
        return td_fail(TD_EINVAL, "%s: operands of %d and %d axes, indices of %d", name,
                       indexed->ndim, other->ndim, idx->ndim);

    p->next = several ? idx->stride[0] : 0;
    p->idx.ndim = other->ndim;
    p->indexed.data = indexed->data;
    for (int axis = 0, d = 0; axis < other->ndim; axis++) {
        p->idx.shape[axis] = idx->shape[axis + several];
        p->idx.stride[axis] = idx->stride[axis + several];
        int fits = p->idx.shape[axis] == other->shape[axis];
        if (axis >= p->first && axis < p->last) {
            p->indexed.stride[axis] = 0;
        } else {
            while (a->axes >> d & 1) d++;
            p->indexed.stride[axis] = indexed->stride[d];
            fits &= other->shape[axis] <= indexed->shape[d++];
        }
        if (!fits) return td_fail(TD_EINVAL, "%s: shapes do not fit on axis %d", name, axis);
    }
    if (a->once) p->last = p->first; /* where nothing meets, b… are walked like r… */
    return TD_OK;
}

/* The indices without what they only repeat along: each is looked at once, and even where there is
 * nothing to pick or put. */
static inline td_tensor td_unrepeated(td_tensor idx)
{
    for (int axis = 0; axis < idx.ndim; axis++)
        if (idx.stride[axis] == 0) idx.shape[axis] = 1;
    return idx;
}

/* Index number j, at `position` in reading order of its places, is outside its axis. Axes along
 * which the indices only repeat go without saying. */
static inline td_status td_fail_index(const char *name, const td_tensor *idx, int64_t position,
                                      int64_t index, int64_t axis, int64_t size)
{
    int64_t at[TD_MAX_NDIM];
    for (int k = idx->ndim - 1; k >= 0; position /= idx->shape[k--])
        at[k] = position % idx->shape[k];
    char place[TD_MAX_NDIM * 21 + 1] = "";
    for (int k = 0, used = 0; k < idx->ndim; k++)
        if (idx->stride[k] != 0)
            used += snprintf(place + used, sizeof place - (size_t)used, "%s%lld", used ? ", " : "",
                             (long long)at[k]);
    return td_fail(TD_EINDEX, "%s: index %lld at [%s] is outside axis %lld of size %lld", name,
                   (long long)index, place, (long long)axis, (long long)size);
}

static inline td_status td_check_nonzero(const char *name, const td_tensor *x,
                                         const td_tensor *starts, int64_t chunk,
                                         const td_tensor *idx)
{
    if (x->dtype != TD_BOOL || starts->dtype != TD_I64)
        return td_fail(TD_EDTYPE, "%s: expected a bool mask and i64 starts", name);
    if (chunk < 1 || td_numel(starts) != TD_CEIL_DIV(td_numel(x), chunk) + 1)
        return td_fail(TD_EINVAL, "%s: %lld starts for %lld elements", name,
                       (long long)td_numel(starts), (long long)td_numel(x));
    if (idx && (idx->dtype != TD_I64 || idx->ndim != 2 || idx->shape[1] != x->ndim))
        return td_fail(TD_EINVAL, "%s: expected i64 places[count,%d]", name, x->ndim);
    return TD_OK;
}

#endif
