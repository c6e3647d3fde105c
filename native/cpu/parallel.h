/* parallel.h — the one threading seam: split a range over a small pool of our own.
 *
 * Not OpenMP: a child forked after one libgomp region hangs in its first one, and two OpenMP
 * runtimes in one process abort. Kernels split once, at their outermost loop. What a piece of the
 * range computes must not depend on where the range was cut: that is how results stay the same
 * for any number of threads.
 */
#ifndef TD_PARALLEL_H
#define TD_PARALLEL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "dims.h" /* TD_MIN, TD_MAX, TD_CEIL_DIV */

typedef void td_range_fn(void *context, int64_t begin, int64_t end);

/* Calls body on disjoint pieces that cover [0, n), each at least `grain` long (but for the last),
 * on up to td_threads() threads, and returns when all are done. n ≤ grain stays on this thread.
 * From inside a body it runs the whole range at once. */
void td_parallel(int64_t n, int64_t grain, td_range_fn *body, void *context);

/* Scratch memory of this thread, 64-byte aligned, valid until this thread's next td_scratch with
 * the same slot. NULL when memory is out. Grows and is kept: kernels never call malloc. */
enum { TD_SCRATCH_SLOTS = 6 };
void *td_scratch(int slot, size_t bytes);

/* Lowers *least to `value` if that is smaller: how pieces agree on the first bad element. */
static inline void td_keep_min(_Atomic int64_t *least, int64_t value)
{
    int64_t seen = atomic_load(least);
    while (value < seen && !atomic_compare_exchange_weak(least, &seen, value)) continue;
}

#endif
