/* parallel.c — a pool of threads that take pieces of one range at a time.
 *
 * A job is a range cut into equal pieces; every thread, the caller included, takes the next piece
 * until none is left. Idle workers look for the next job for a millisecond, longer than Python
 * takes between two of a small network's, then sleep: waking one up takes 10 µs, and many times
 * that where its processor sleeps as well. They soon yield between two looks, so that others get
 * their work done. The pool starts at first use; after fork() the child starts a fresh one (its
 * parent's threads are not there).
 */
#define _GNU_SOURCE
#include "parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "status.h"

enum { MAX_THREADS = 1024, MAX_UNASKED = 64, PIECES_PER_THREAD = 4 };
enum { SPIN = 1000, LOOKS = SPIN + 3000 }; /* of an idle worker: 25 ns each, then 0.4 µs */

typedef struct {
    td_range_fn *body;
    void *context;
    int64_t n, piece;
    _Atomic int64_t next; /* start of the next piece that nobody took */
} job_t;

static struct {
    pthread_mutex_t lock; /* guards starting, sleeping and waking */
    pthread_cond_t wake;
    int workers;             /* threads running besides callers */
    _Atomic unsigned ticket; /* counts jobs; a change tells the workers there is one */
    _Atomic(job_t *) job;
    _Atomic int inside; /* workers that may be looking at the job */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static pthread_mutex_t one_job = PTHREAD_MUTEX_INITIALIZER; /* held by the caller whose job runs */
static _Atomic int wanted;                                  /* td_threads(); 0 = not asked yet */
static _Thread_local int nested;

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_pieces(job_t *job)
{
    for (;;) {
        int64_t begin = atomic_fetch_add(&job->next, job->piece);
        if (begin >= job->n) return;
        job->body(job->context, begin, TD_MIN(begin + job->piece, job->n));
    }
}

static void *worker(void *rank)
{
    nested = 1;
    unsigned seen = 0;
    for (;;) {
        for (int look = 0; look < LOOKS && atomic_load(&pool.ticket) == seen; look++)
            look < SPIN ? relax() : (void)sched_yield();
        if (atomic_load(&pool.ticket) == seen) {
            pthread_mutex_lock(&pool.lock);
            while (atomic_load(&pool.ticket) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
            pthread_mutex_unlock(&pool.lock);
        }
        seen = atomic_load(&pool.ticket);

        atomic_fetch_add(&pool.inside, 1); /* before reading job: its owner waits for inside == 0 */
        job_t *job = atomic_load(&pool.job);
        if (job && (intptr_t)rank < atomic_load(&wanted)) take_pieces(job);
        atomic_fetch_sub(&pool.inside, 1);
    }
    return NULL;
}

static void after_fork_in_child(void)
{
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_mutex_init(&one_job, NULL);
    pool.workers = 0;
    atomic_store(&pool.job, NULL);
    atomic_store(&pool.inside, 0);
    nested = 0;
}

static int default_threads(void)
{
    long usable = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set; /* those that this process may use, where a set holds all */
    if (sched_getaffinity(0, sizeof set, &set) == 0) usable = CPU_COUNT(&set);
#endif
    return (int)TD_MAX(1, TD_MIN(usable, MAX_UNASKED));
}

int td_threads(void)
{
    int n = atomic_load(&wanted);
    if (n == 0) atomic_store(&wanted, n = default_threads());
    return n;
}

td_status td_set_threads(int n)
{
    if (n < 1 || n > MAX_THREADS)
        return td_fail(TD_EINVAL, "set_threads: expected 1 to %d, got %d", MAX_THREADS, n);
    atomic_store(&wanted, n);
    return TD_OK;
}

static void start_workers(int count)
{
    static _Atomic int registered;
    if (!atomic_exchange(&registered, 1)) pthread_atfork(NULL, NULL, after_fork_in_child);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (pthread_t thread; pool.workers < count; pool.workers++) {
        void *rank = (void *)(intptr_t)(pool.workers + 1);
        if (pthread_create(&thread, &attr, worker, rank) != 0) break; /* fewer threads will do */
    }
    pthread_attr_destroy(&attr);
}

void td_parallel(int64_t n, int64_t grain, td_range_fn *body, void *context)
{
    if (n <= 0) return;
    int threads = td_threads();
    if (n <= grain || threads == 1 || nested || pthread_mutex_trylock(&one_job) != 0) {
        body(context, 0, n); /* another Python thread has the pool: do the work here */
        return;
    }
    int64_t pieces = TD_MIN(TD_CEIL_DIV(n, TD_MAX(grain, 1)), (int64_t)threads * PIECES_PER_THREAD);
    job_t job = {.body = body, .context = context, .n = n, .piece = TD_CEIL_DIV(n, pieces)};

    pthread_mutex_lock(&pool.lock);
    if (pool.workers < threads - 1) start_workers(threads - 1);
    atomic_store(&pool.job, &job);
    atomic_fetch_add(&pool.ticket, 1);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);

    nested = 1;
    take_pieces(&job);
    nested = 0;

    atomic_store(&pool.job, NULL); /* late workers see no job; the others are inside */
    while (atomic_load(&pool.inside) != 0) relax();
    pthread_mutex_unlock(&one_job);
}

typedef struct {
    void *p[TD_SCRATCH_SLOTS];
    size_t bytes[TD_SCRATCH_SLOTS];
} scratch_t;

static pthread_key_t scratch_key; /* frees a thread's scratch when the thread ends */

static void free_scratch(void *scratch)
{
    for (int slot = 0; slot < TD_SCRATCH_SLOTS; slot++) free(((scratch_t *)scratch)->p[slot]);
}

static void make_scratch_key(void) { pthread_key_create(&scratch_key, free_scratch); }

void *td_scratch(int slot, size_t bytes)
{
    static _Thread_local scratch_t scratch;
    if (scratch.bytes[slot] < bytes) {
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, make_scratch_key);
        pthread_setspecific(scratch_key, &scratch);
        free(scratch.p[slot]);
        size_t rounded = (bytes + bytes / 4 + 4095) / 4096 * 4096;
        scratch.p[slot] = aligned_alloc(4096, rounded);
        scratch.bytes[slot] = scratch.p[slot] ? rounded : 0;
    }
    return scratch.p[slot];
}
