/* teach_operands.cuh — what all numbered kernels ask of their operands before memory is touched.
 *
 * Python checks first. This is for whoever calls the library from elsewhere: an error, not a crash.
 */
#ifndef TD_TEACH_OPERANDS_CUH
#define TD_TEACH_OPERANDS_CUH

#include <initializer_list>

#include "launch.cuh"
#include "teach.h"

/* Output first. One dtype, float32 or float64; contiguous; grids count the elements in 31 bits. */
static inline td_status td_teach_operands(const char *op,
                                          std::initializer_list<const td_tensor *> operands)
{
    const int32_t dtype = (*operands.begin())->dtype;
    if (dtype != TD_F32 && dtype != TD_F64)
        return td_fail(TD_EDTYPE, "%s has no kernel for %s", op, td_dtype_name(dtype));
    for (const td_tensor *x : operands) {
        if (x->dtype != dtype)
            return td_fail(TD_EDTYPE, "%s: operands of %s and %s", op, td_dtype_name(dtype),
                           td_dtype_name(x->dtype));
        if (!td_contiguous(x)) return td_fail(TD_EINVAL, "%s: operands must be contiguous", op);
        if (td_numel(x) > INT32_MAX)
            return td_fail(TD_EINVAL, "%s: operands must have fewer than 2^31 elements", op);
    }
    return TD_OK;
}

static inline td_status td_no_version(const char *op, int last, int version)
{
    return td_fail(TD_EINVAL, "%s has versions 1 to %d, not %d", op, last, version);
}

#endif
