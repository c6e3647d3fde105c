/* elementwise.c — exported elementwise ops: pick the row kernel of the dtype, walk the tensors.
 *
 * The kernels themselves are lines of elementwise.def compiled by elementwise.inl.
 */
#include <math.h>

#include "by_dtype.h"
#include "rows.h"
#include "simd.h"

#define TD_BODY "vmath.inl"
#include "for_numbers.h"
#include "vtrig.h"
#include "vspecial.h"
#define TD_BODY "elementwise.inl"
#include "for_numbers.h"

/* operand[0] is the result: bool from comparisons, else of the operands' common dtype. */
static td_status run(const char *name, td_row_fn *const table[TD_NUM_DTYPES],
                     const td_tensor *const *operand, int count, int compares)
{
    int32_t dtype = operand[1]->dtype;
    if (dtype < 0 || dtype >= TD_NUM_DTYPES || !table[dtype])
        return td_fail(TD_EDTYPE, "%s has no kernel for %s", name, td_dtype_name(dtype));
    TD_TRY(td_check_dtypes(name, operand, count, compares ? TD_BOOL : dtype));
    return td_for_rows(table[dtype], operand, count);
}

#define UNARY(name, domain, formula)                                                               \
    td_status td_##name(td_tensor *y, const td_tensor *x)                                          \
    {                                                                                              \
        static td_row_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_##domain(name);                    \
        return run(#name, table, (const td_tensor *const[]){y, x}, 2, 0);                          \
    }
#define TWO_OPERANDS(name, domain, compares)                                                       \
    td_status td_##name(td_tensor *y, const td_tensor *a, const td_tensor *b)                      \
    {                                                                                              \
        static td_row_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_##domain(name);                    \
        return run(#name, table, (const td_tensor *const[]){y, a, b}, 3, compares);                \
    }
#define BINARY(name, domain, formula) TWO_OPERANDS(name, domain, 0)
#define COMPARE(name, condition) TWO_OPERANDS(name, all, 1)
#include "elementwise.def"
