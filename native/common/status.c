/* status.c — the last error of each thread, and nothing else. */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[512];

td_status td_fail(td_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return status;
}

const char *td_last_error(void) { return message; }

int td_abi(void) { return TD_ABI; }
