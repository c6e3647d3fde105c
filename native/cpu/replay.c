/* replay.c — recorded calls of kernels, repeated one after the other: tinydl.compile() on CPUs.
 *
 * callers.h is made of tinydl.h by native/recipes/callers.py: for each kernel a function that takes
 * its arguments from a list.
 */
#include <string.h>

#include "tinydl.h"

typedef struct {
    const char *name;
    td_status (*call)(const td_argument *arguments);
} caller_t;

#include "callers.h"

enum { CALLERS = sizeof callers / sizeof *callers };

int td_function(const char *name)
{
    for (int i = 0; i < CALLERS; i++)
        if (strcmp(callers[i].name, name) == 0) return i;
    return -1;
}

td_status td_replay(const td_call *calls, int64_t count, int64_t *failed)
{
    for (int64_t i = 0; i < count; i++) {
        td_status status = callers[calls[i].function].call(calls[i].argument);
        if (status) {
            *failed = i;
            return status;
        }
    }
    return TD_OK;
}
