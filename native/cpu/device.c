/* device.c — memory and identity of a CPU library. Copies to and from the "device" are memcpy. */
#include <stdlib.h>
#include <string.h>

#include "status.h"

enum { ALIGNMENT = 64 };

const char *td_name(void) { return "cpu-" TD_ISA_NAME; }

const char *td_compiler(void)
{
#ifdef __clang__
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

td_status td_alloc(void **p, size_t bytes)
{
    if (bytes > PTRDIFF_MAX - ALIGNMENT) { /* rounding up would wrap */
        *p = NULL;
        return td_fail(TD_ENOMEM, "out of memory: %zu bytes asked for", bytes);
    }
    *p = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
    return *p ? TD_OK : td_fail(TD_ENOMEM, "out of memory: %zu bytes asked for", bytes);
}

td_status td_free(void *p)
{
    free(p);
    return TD_OK;
}

td_status td_write(void *device, const void *host, size_t bytes)
{
    memcpy(device, host, bytes);
    return TD_OK;
}

td_status td_read(void *host, const void *device, size_t bytes)
{
    memcpy(host, device, bytes);
    return TD_OK;
}

td_status td_sync(void) { return TD_OK; } /* calls return when they are done */
