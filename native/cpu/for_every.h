/* for_every.h — includes TD_BODY for the numbers and for f16 and bf16; see for_numbers.h. */
#define FOR_EVERY
#include "for_numbers.h"
#undef FOR_EVERY
