/* What this machine can do at best: the limits that times are held against.
 *
 *     limits THREADS SECONDS [memory]    prints one JSON object
 *
 * Compiled once per instruction set. Multiply-adds: chains of vectors in registers, enough of them to
 * hide the latency. Memory: a working set, cut evenly among the threads, is read, written or copied
 * over and over; of the compiler's vectors and libc's own functions the faster counts. Every figure
 * is the best of several tries: a limit is what was reached undisturbed. */

#ifdef __linux__
#define _GNU_SOURCE /* madvise */
#endif
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__AVX512F__)
enum { WIDTH = 64 };
#elif defined(__AVX__)
enum { WIDTH = 32 };
#else
enum { WIDTH = 16 };
#endif
#ifdef __aarch64__
enum { CHAINS = 24 };
#else
enum { CHAINS = 12 }; /* of 16 registers, two hold factors */
#endif
enum { LANES = WIDTH / 4, TRIES = 5, MOST_THREADS = 256 };

typedef float vec __attribute__((vector_size(WIDTH)));

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- what one thread repeats ---------------------------------------------------------------------- */

struct job {
    void (*run)(struct job *);
    vec *to, *from;
    size_t bytes; /* of each */
    float sink;
};

static void multiply_adds(struct job *job)
{ /* 1000 × CHAINS × LANES of them */
    vec sums[CHAINS] = {{0}}, a = {0}, b = {0};
    for (int i = 0; i < LANES; i++) {
        a[i] = job->sink * 0.5f;
        b[i] = job->sink;
    }
    for (int j = 0; j < CHAINS; j++) {
        sums[j][0] = job->sink * (float)j; /* equal chains would be computed once */
    }
    for (int i = 0; i < 1000; i++) {
        for (int j = 0; j < CHAINS; j++) {
            sums[j] = sums[j] * a + b;
        }
    }
    vec sum = sums[0];
    for (int j = 1; j < CHAINS; j++) {
        sum += sums[j];
    }
    float total = 0;
    for (int i = 0; i < LANES; i++) {
        total += sum[i];
    }
    job->sink = total > 0 ? 0.5f : 0.25f;
}

/* Not to be seen through: the memory is read and written as it stands. */
#define AS_WRITTEN __asm__ volatile("" ::: "memory")

static void read_vectors(struct job *job)
{
    enum { SUMS = 8 };
    vec sums[SUMS] = {{0}};
    size_t n = job->bytes / sizeof(vec);
    for (size_t i = 0; i + SUMS <= n; i += SUMS) {
        for (int j = 0; j < SUMS; j++) {
            sums[j] += job->from[i + j];
        }
    }
    for (int j = 1; j < SUMS; j++) {
        sums[0] += sums[j];
    }
    job->sink = sums[0][0];
    AS_WRITTEN;
}

static void write_vectors(struct job *job)
{
    vec value = {0};
    for (size_t i = 0, n = job->bytes / sizeof(vec); i < n; i++) {
        job->to[i] = value;
        AS_WRITTEN;
    }
}

static void copy_vectors(struct job *job)
{
    for (size_t i = 0, n = job->bytes / sizeof(vec); i < n; i++) {
        job->to[i] = job->from[i];
        AS_WRITTEN;
    }
}

static void write_libc(struct job *job)
{
    memset(job->to, 0, job->bytes);
    AS_WRITTEN;
}

static void copy_libc(struct job *job)
{
    memcpy(job->to, job->from, job->bytes);
    AS_WRITTEN;
}

/* --- all threads at once -------------------------------------------------------------------------- */

static int threads;
static long passes;
static atomic_int waiting, started;

static void *repeat(void *argument)
{
    struct job *job = argument;
    atomic_fetch_add(&waiting, 1);
    while (!atomic_load(&started)) {
        sched_yield();
    }
    for (long i = 0; i < passes; i++) {
        job->run(job);
    }
    return NULL;
}

static double seconds_of(struct job *jobs, long times)
{
    pthread_t others[MOST_THREADS];
    passes = times;
    atomic_store(&waiting, 0);
    atomic_store(&started, 0);
    for (int i = 1; i < threads; i++) {
        if (pthread_create(&others[i], NULL, repeat, &jobs[i])) {
            exit(1);
        }
    }
    while (atomic_load(&waiting) < threads - 1) {
        sched_yield();
    }
    double start = now();
    atomic_store(&started, 1);
    repeat(&jobs[0]);
    for (int i = 1; i < threads; i++) {
        pthread_join(others[i], NULL);
    }
    return now() - start;
}

/* Seconds of one pass, at best: as many passes as fill a part of the time, a few times. */
static double best(struct job *jobs, void (*run)(struct job *), double seconds)
{
    for (int i = 0; i < threads; i++) {
        jobs[i].run = run;
    }
    long times = 1;
    double took = seconds_of(jobs, times);
    while (took < seconds / TRIES / 2) {
        times *= 2;
        took = seconds_of(jobs, times);
    }
    double least = took;
    for (int i = 1; i < TRIES; i++) {
        took = seconds_of(jobs, times);
        least = took < least ? took : least;
    }
    return least / (double)times;
}

static double faster(struct job *jobs, void (*a)(struct job *), void (*b)(struct job *), double s)
{
    double x = best(jobs, a, s), y = best(jobs, b, s);
    return x < y ? x : y;
}

/* --- memory --------------------------------------------------------------------------------------- */

static void *pages(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        exit(1);
    }
    return p;
}

static void memory(struct job *jobs, double seconds)
{
    enum { SMALLEST = 64 << 10, LARGEST = 256 << 20 };
    char *all = pages(LARGEST);
#ifdef MADV_HUGEPAGE
    madvise(all, LARGEST, MADV_HUGEPAGE);
#endif
    memset(all, 0, LARGEST); /* pages that were never written share one page of zeros */
    const char *before = "";
    printf(", \"memory\": [");
    for (size_t size = SMALLEST; size <= LARGEST; size *= 4) {
        size_t share = size / (size_t)threads / 128 * 128; /* of each thread: whole vectors */
        for (int i = 0; i < threads; i++) {
            jobs[i].bytes = share;
            jobs[i].from = jobs[i].to = (vec *)(all + (size_t)i * share);
        }
        double total = (double)share * threads;
        double in = total / best(jobs, read_vectors, seconds);
        double out = total / faster(jobs, write_vectors, write_libc, seconds);
        for (int i = 0; i < threads; i++) {
            jobs[i].bytes = share / 2;
            jobs[i].to = (vec *)(all + (size_t)i * share + share / 2);
        }
        double both = total / faster(jobs, copy_vectors, copy_libc, seconds);
        printf("%s\n  {\"bytes\": %zu, \"read\": %.4g, \"write\": %.4g, \"copy\": %.4g}", before,
               size, in, out, both);
        before = ",";
    }
    munmap(all, LARGEST);
    printf("]");
}

/* Bytes a second of memory that the system has yet to find: with its usual pages, or large ones. */
static double fresh(int large)
{
    enum { SIZE = 64 << 20 };
    double least = 1e9;
    for (int i = 0; i < TRIES; i++) {
        double start = now();
        char *p = pages(SIZE);
#ifdef MADV_HUGEPAGE
        madvise(p, SIZE, large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
        memset(p, 1, SIZE);
        double took = now() - start;
        least = took < least ? took : least;
        munmap(p, SIZE);
    }
    return SIZE / least;
}

int main(int count, char **words)
{
    threads = count > 2 ? atoi(words[1]) : 0;
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: limits THREADS SECONDS [memory]\n");
        return 2;
    }
    double seconds = atof(words[2]);
    static struct job jobs[MOST_THREADS];
    for (int i = 0; i < threads; i++) {
        jobs[i].sink = 0.5f;
    }
    double flop = 2.0 * 1000 * CHAINS * LANES * threads;
    printf("{\"flops\": %.4g", flop / best(jobs, multiply_adds, seconds));
    if (count > 3) {
        memory(jobs, seconds);
        printf(", \"fresh\": %.4g", fresh(0));
#ifdef MADV_HUGEPAGE
        printf(", \"fresh_large\": %.4g", fresh(1));
#endif
    }
    printf("}\n");
    return 0;
}
