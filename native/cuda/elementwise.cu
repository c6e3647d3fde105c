/* elementwise.cu — the lines of elementwise.def as functors, and the exported ops.
 *
 * A line becomes a struct whose operator() is the formula for one element of any type; map.cuh
 * runs it over tensors.
 */
#include "map.cuh"
#include "math.cuh"

/* What formulas are written with; T is the functor's. */
#define ABS(v) td_abs_of((T)(v))
#define SQRT(v) td_sqrt_of(v)
#define EXP(v) td_exp_of(v)
#define LOG(v) td_log_of(v)
#define TANH(v) td_tanh_of(v)
#define EXP2(v) td_exp2_of(v)
#define EXPM1(v) td_expm1_of(v)
#define LOG1P(v) td_log1p_of(v)
#define LOG2(v) td_log2_of(v)
#define LOG10(v) td_log10_of(v)
#define SIN(v) td_sin_of(v)
#define COS(v) td_cos_of(v)
#define TAN(v) td_tan_of(v)
#define ASIN(v) td_asin_of(v)
#define ACOS(v) td_acos_of(v)
#define ATAN(v) td_atan_of(v)
#define SINH(v) td_sinh_of(v)
#define COSH(v) td_cosh_of(v)
#define ASINH(v) td_asinh_of(v)
#define ACOSH(v) td_acosh_of(v)
#define ATANH(v) td_atanh_of(v)
#define ERF(v) td_erf_of(v)
#define ERFC(v) td_erfc_of(v)
#define PHI(v) (td_erfc_of((v) * (T) - 0.70710678118654752) / 2)
#define ERFINV(v) td_erfinv_of(v)
#define LGAMMA(v) td_lgamma_of(v)
#define FLOOR(v) td_floor_of(v)
#define CEIL(v) td_ceil_of(v)
#define TRUNC(v) td_trunc_of(v)
#define ROUND(v) td_round_of(v)
#define ATAN2(u, v) td_atan2_of(u, v)
#define HYPOT(u, v) td_hypot_of(u, v)
#define COPYSIGN(u, v) td_copysign_of(u, v)
#define NEXTAFTER(u, v) td_nextafter_of(u, v)
#define FMOD(u, v) td_fmod_of(u, v)
#define MOD(u, v) td_mod_of(u, v)
#define FLOORDIV(u, v) td_floordiv_of(u, v)
#define TRUNCDIV(u, v) td_truncdiv_of(u, v)
#define SHL(u, v) td_shl_of(u, v)
#define SHR(u, v) td_shr_of(u, v)
#define GCD(u, v) td_gcd_of(u, v)
#define CONST(number) ((T)(number))
#define POW(u, v) td_pow_of(u, v)
#define MAX(u, v) td_larger()((T)(u), (T)(v))
#define MIN(u, v) td_smaller()((T)(u), (T)(v))
#define SELECT(condition, u, v) ((condition) ? (T)(u) : (T)(v))

/* --- domains: which dtypes an op has ---------------------------------------------------------- */

static td_status no_kernel(const char *op, int32_t dtype)
{
    return td_fail(TD_EDTYPE, "%s has no kernel for %s", op, td_dtype_name(dtype));
}

/* Numbers give numbers of their dtype … */
template <class F, class T, bool LONG = false, int K>
static td_status same(const char *op, const td_tensor *const (&operand)[K])
{
    TD_TRY(td_check_dtypes(op, operand, K, operand[1]->dtype));
    return td_run_map<T, T, T, LONG>(op, operand, F());
}
template <class F, class T, int K>
static td_status one_by_one(const char *op, const td_tensor *const (&operand)[K])
{
    return same<F, T, true>(op, operand);
}
/* … and comparisons a byte, 0 or 1. */
template <class F, class T, int K>
static td_status yes_or_no(const char *op, const td_tensor *const (&operand)[K])
{
    TD_TRY(td_check_dtypes(op, operand, K, TD_BOOL));
    return td_run_map<uint8_t, T, T>(op, operand, F());
}

/* operand[1] has the inputs' common dtype. */
#define DOMAIN(domain, ...)                                                                        \
    template <class F, int K>                                                                      \
    static td_status domain(const char *op, const td_tensor *const(&operand)[K])                   \
    {                                                                                              \
        switch (operand[1]->dtype) {                                                               \
            __VA_ARGS__                                                                            \
        default: return no_kernel(op, operand[1]->dtype);                                          \
        }                                                                                          \
    }
#define FOR(run, dtype, T)                                                                         \
    case dtype: return run<F, T>(op, operand);
#define F32_F64(run) FOR(run, TD_F32, float) FOR(run, TD_F64, double)
#define INTEGERS(run)                                                                              \
    FOR(run, TD_I64, int64_t)                                                                      \
    FOR(run, TD_I32, int32_t)                                                                      \
    FOR(run, TD_I16, int16_t) FOR(run, TD_I8, int8_t) FOR(run, TD_U8, uint8_t)
#define BOOL(run) FOR(run, TD_BOOL, uint8_t) /* a bool is a byte, and its bits are a u8's */

DOMAIN(reals, F32_F64(same))
DOMAIN(functions, F32_F64(one_by_one))
DOMAIN(integers, INTEGERS(same))
DOMAIN(numbers, F32_F64(same) INTEGERS(same))
DOMAIN(bits, INTEGERS(same) BOOL(same))
DOMAIN(comparable, F32_F64(yes_or_no) INTEGERS(yes_or_no) BOOL(yes_or_no))

/* --- the ops ---------------------------------------------------------------------------------- */

#define UNARY(name, domain, formula)                                                               \
    struct name##_op {                                                                             \
        template <class T> __device__ __forceinline__ T operator()(T x) const { return formula; }  \
    };                                                                                             \
    td_status td_##name(td_tensor *y, const td_tensor *x)                                          \
    {                                                                                              \
        return domain<name##_op>(#name, {y, x});                                                   \
    }
#define BINARY_RESULT(name, domain, R, formula)                                                    \
    struct name##_op {                                                                             \
        template <class T> __device__ __forceinline__ R operator()(T x, T y) const                 \
        {                                                                                          \
            return formula;                                                                        \
        }                                                                                          \
    };                                                                                             \
    td_status td_##name(td_tensor *y, const td_tensor *a, const td_tensor *b)                      \
    {                                                                                              \
        return domain<name##_op>(#name, {y, a, b});                                                \
    }
#define BINARY(name, domain, formula) BINARY_RESULT(name, domain, T, formula)
#define COMPARE(name, condition) BINARY_RESULT(name, comparable, bool, condition)

#ifdef __CUDACC__
#pragma nv_diag_suppress 186 /* a u8 is never negative; formulas need not know */
#endif
#include "elementwise.def"
