/* wakeup.c — what a parallel region of the library's pool costs, and when a thread is worth it.
 *
 *     cc -O2 -Inative -Inative/common -Inative/cpu tests/bench/wakeup.c native/cpu/parallel.c \
 *        native/common/status.c -pthread -o wakeup && ./wakeup 2
 *
 * Regions of two pieces that do nothing, one right after the other (the workers look for them) and
 * after pauses (they sleep); then how large a piece must be for two threads to beat one.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "parallel.h"
#include "status.h"

enum { ROUNDS = 401 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static void nothing(void *context, int64_t begin, int64_t end)
{
    (void)context, (void)begin, (void)end;
}

/* Keeps a core busy for `context` additions in each of the pieces. */
static void busy(void *context, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        for (volatile int64_t n = *(int64_t *)context; n > 0; n--) continue;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median and the 90th percentile of a region's µs, `pause` µs after the one before. */
static void regions(double pause, td_range_fn *body, int64_t work, double result[2])
{
    double took[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        double start = now();
        while (now() - start < pause) continue;
        start = now();
        td_parallel(2, 1, body, &work);
        took[i] = now() - start;
    }
    qsort(took, ROUNDS, sizeof *took, ascending);
    result[0] = took[ROUNDS / 2], result[1] = took[ROUNDS * 9 / 10];
}

int main(int count, char **arguments)
{
    int threads = count > 1 ? atoi(arguments[1]) : 2;
    double took[2], alone[2];
    for (double pause = 0; pause <= 10000; pause = pause ? 10 * pause : 10) {
        td_set_threads(threads);
        regions(pause, nothing, 0, took);
        printf("%6.0f µs after the last region: %6.2f µs (90 %% below %.2f)\n", pause, took[0],
               took[1]);
    }
    for (int64_t work = 64; work <= 1 << 16; work *= 4) {
        td_set_threads(threads);
        regions(0, busy, work, took);
        td_set_threads(1);
        regions(0, busy, work, alone);
        printf("two pieces of %6.2f µs: %7.2f µs with one thread, %7.2f with %d\n", alone[0] / 2,
               alone[0], took[0], threads);
    }
    return 0;
}
