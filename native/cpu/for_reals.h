/* for_reals.h — includes TD_BODY for f32 and f64; see for_numbers.h. */
#define FOR_REALS
#include "for_numbers.h"
#undef FOR_REALS
