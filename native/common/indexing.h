/* indexing.h — what gather and scatter_add accept, and what they say about a bad index. */
#ifndef TD_INDEXING_H
#define TD_INDEXING_H

#include <stdio.h>

#include "dims.h"

/* gather: y[…,i,…] = x[…,idx[…,i,…],…];  scatter_add: y[…,idx[…,i,…],…] += x[…,i,…].
 * One operand is indexed, the other is shaped like idx. */
static inline td_status td_check_indexing(const char *name, const td_tensor *y, const td_tensor *x,
                                          const td_tensor *idx, int64_t axis, int gather)
{
    const td_tensor *indexed = gather ? x : y, *other = gather ? y : x;
    if (idx->dtype != TD_I64)
        return td_fail(TD_EDTYPE, "%s: expected i64 indices, got %s", name,
                       td_dtype_name(idx->dtype));
    if (x->dtype != y->dtype || y->dtype < 0 || y->dtype >= TD_NUM_DTYPES ||
        (!gather && (y->dtype == TD_BOOL || y->dtype == TD_F16 || y->dtype == TD_BF16)))
        return td_fail(TD_EDTYPE, "%s has no kernel for %s", name, td_dtype_name(y->dtype));
    if (idx->ndim != y->ndim || x->ndim != y->ndim || axis < 0 || axis >= y->ndim)
        return td_fail(TD_EINVAL, "%s: operands of %d, %d and %d axes, axis %lld", name, y->ndim,
                       x->ndim, idx->ndim, (long long)axis);
    for (int k = 0; k < y->ndim; k++)
        if (idx->shape[k] != other->shape[k] || (k != axis && idx->shape[k] > indexed->shape[k]))
            return td_fail(TD_EINVAL, "%s: shapes do not fit on axis %d", name, k);
    return TD_OK;
}

/* The index at `position`, counted in reading order of idx, is outside its axis. */
static inline td_status td_fail_index(const char *name, const td_tensor *idx, int64_t position,
                                      int64_t index, int64_t axis, int64_t size)
{
    int64_t at[TD_MAX_NDIM];
    for (int k = idx->ndim - 1; k >= 0; position /= idx->shape[k--])
        at[k] = position % idx->shape[k];
    char place[TD_MAX_NDIM * 21 + 1] = "";
    for (int k = 0, used = 0; k < idx->ndim; k++)
        used += snprintf(place + used, sizeof place - (size_t)used, "%s%lld", k ? ", " : "",
                         (long long)at[k]);
    return td_fail(TD_EINDEX, "%s: index %lld at [%s] is outside axis %lld of size %lld", name,
                   (long long)index, place, (long long)axis, (long long)size);
}

#endif
