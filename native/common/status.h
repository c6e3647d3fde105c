/* status.h — how a kernel says no: return td_fail(TD_E…, "what happened", …). C, and C++ too. */
#ifndef TD_STATUS_H
#define TD_STATUS_H

#include "tinydl.h"

/* What kernels of both backends call: plain C that C++ and CUDA compile as well. */
#ifdef __CUDACC__
#define TD_EVERYWHERE static inline __host__ __device__
#else
#define TD_EVERYWHERE static inline __attribute__((always_inline))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Stores the formatted sentence for td_last_error() on this thread and returns `status`. */
td_status td_fail(td_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

/* Evaluates a td_status expression and leaves the function if it failed. */
#define TD_TRY(expression)                                                                         \
    do {                                                                                           \
        td_status status_ = (expression);                                                          \
        if (status_ != TD_OK) return status_;                                                      \
    } while (0)

static inline const char *td_dtype_name(int32_t dtype)
{
    static const char *const names[TD_NUM_DTYPES] = {"f32",  "f64", "i64", "i32", "u8",
                                                     "bool", "i16", "i8",  "f16", "bf16"};
    return dtype >= 0 && dtype < TD_NUM_DTYPES ? names[dtype] : "unknown";
}

static inline size_t td_itemsize(int32_t dtype)
{
    static const size_t sizes[TD_NUM_DTYPES] = {4, 8, 8, 4, 1, 1, 2, 1, 2, 2};
    return sizes[dtype];
}

#endif
