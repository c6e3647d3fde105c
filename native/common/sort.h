/* sort.h — numbers as unsigned keys that have their order, and what sorting and searching accept.
 *
 * Key of an integer: the sign bit turned over. Of a float: negative ones have all bits turned over,
 * since more of them is less; both zeros are one number, and NaN, whatever its bits, is above all.
 */
#ifndef TD_SORT_H
#define TD_SORT_H

#include <string.h>

#include "dims.h"

TD_EVERYWHERE uint32_t td_key_f32(float x)
{
    uint32_t bits, sign = (uint32_t)1 << 31;
    memcpy(&bits, &x, sizeof bits);
    if (x != x) return UINT32_MAX;
    if (x == 0) return sign;
    return bits & sign ? ~bits : bits | sign;
}

TD_EVERYWHERE uint64_t td_key_f64(double x)
{
    uint64_t bits, sign = (uint64_t)1 << 63;
    memcpy(&bits, &x, sizeof bits);
    if (x != x) return UINT64_MAX;
    if (x == 0) return sign;
    return bits & sign ? ~bits : bits | sign;
}

TD_EVERYWHERE uint64_t td_key_i64(int64_t x) { return (uint64_t)x ^ (uint64_t)1 << 63; }
TD_EVERYWHERE uint32_t td_key_i32(int32_t x) { return (uint32_t)x ^ (uint32_t)1 << 31; }
TD_EVERYWHERE uint32_t td_key_i16(int16_t x) { return td_key_i32(x); }
TD_EVERYWHERE uint32_t td_key_i8(int8_t x) { return td_key_i32(x); }
TD_EVERYWHERE uint32_t td_key_u8(uint8_t x) { return x; }

typedef struct td_rows {
    int64_t rows, n, m; /* x[rows, n] → y[rows, m] */
} td_rows;

static inline int64_t td_last_axis(const td_tensor *x)
{
    return x->ndim ? x->shape[x->ndim - 1] : 1;
}

/* values or idx may be NULL. Places of elements of 4 bytes are counted in 32 bits. */
static inline td_status td_plan_sort(td_rows *r, const td_tensor *values, const td_tensor *idx,
                                     const td_tensor *x)
{
    const td_tensor *y = values ? values : idx;
    if ((values && values->dtype != x->dtype) || (idx && idx->dtype != TD_I64))
        return td_fail(TD_EDTYPE, "sort has no kernel for %s", td_dtype_name(x->dtype));
    if (!y) return td_fail(TD_EINVAL, "sort: neither values nor places are asked for");
    r->n = td_last_axis(x), r->m = td_last_axis(y);
    r->rows = r->n ? td_numel(x) / r->n : 0;
    if (r->m > r->n || td_numel(y) != r->rows * r->m || (idx && td_numel(idx) != td_numel(y)))
        return td_fail(TD_EINVAL, "sort: %lld of %lld elements, or shapes that differ",
                       (long long)r->m, (long long)r->n);
    if (r->n > UINT32_MAX && td_itemsize(x->dtype) <= 4)
        return td_fail(TD_EUNSUPPORTED, "sort: rows of %lld elements", (long long)r->n);
    if (r->m == 0) r->rows = 0;
    return TD_OK;
}

/* One row of `sorted` serves all of x where it has one axis. */
static inline td_status td_plan_search(td_rows *r, const td_tensor *y, const td_tensor *sorted,
                                       const td_tensor *x)
{
    if (y->dtype != TD_I64 || sorted->dtype != x->dtype)
        return td_fail(TD_EDTYPE, "searchsorted: %s among %s", td_dtype_name(x->dtype),
                       td_dtype_name(sorted->dtype));
    r->n = td_last_axis(sorted), r->m = td_last_axis(x);
    r->rows = r->m ? td_numel(x) / r->m : 0;
    if (td_numel(y) != td_numel(x) || (sorted->ndim > 1 && td_numel(sorted) != r->rows * r->n))
        return td_fail(TD_EINVAL, "searchsorted: shapes that differ");
    return TD_OK;
}

#endif
