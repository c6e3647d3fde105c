/* block.cpp — one block: up to 1024 threads take turns on one processor.
 *
 * A thread runs until it must wait, and then switches straight to the next one that can run. A
 * new thread starts on the stack of the one that just ended, so a kernel without barriers runs as
 * a plain loop, and only threads that wait need stacks of their own.
 *
 * Who can run is a bit: 32 lanes in a word for each warp, 32 warps in a word. The next one is the
 * lowest bit, the highest or a random one; a correct kernel gives the same result for all.
 * When nobody can run, the block is in a deadlock, and the report says who waits where.
 */
#include "block.h"

#include <algorithm>
#include <cstdarg>

#include "sanitizers.h"

uint3 threadIdx, blockIdx;
dim3 blockDim(0), gridDim;

namespace td_emu
{

int lane;
void *dynamic_shared;

Thread *self;
Thread threads[MAX_THREADS];
Warp warps[MAX_WARPS];

static struct {
    const char *kernel; /* its name */
    int size, warps;
    unsigned ready;    /* warps with a thread that can run */
    int live, waiting; /* threads that have not ended; threads at the barrier */
    Site barrier;      /* where the first of them waits */
    bool diverged, failed;
    uint64_t number, barriers; /* blocks so far; barriers passed in this one */
    const Launch *launch;
} block;

static Fiber host;

/* TSan's synchronisation objects: only their addresses count. The barriers of a block alternate
 * between two, and so do those of its warps: with one alone, a thread that leaves a barrier would
 * know of arrivals at the next. On the heap, for static variables count as shared memory. */
enum { BLOCKS_APART = 1024 }; /* then their objects are used again */
struct SyncObjects {
    char start, end, block[BLOCKS_APART][2], warp[BLOCKS_APART][MAX_WARPS][2];
};
static SyncObjects *const objects = new SyncObjects;

/* --- who is next ------------------------------------------------------------------------------ */

static int pick_bit(unsigned bits)
{
    if (options().order == FORWARD) return __builtin_ctz(bits);
    if (options().order == REVERSE) return 31 - __builtin_clz(bits);
    for (uint64_t skip = random_bits() % (unsigned)__builtin_popcount(bits); skip; skip--)
        bits &= bits - 1;
    return __builtin_ctz(bits);
}

/* A warp goes on as long as it can. */
static Thread *next_thread()
{
    int warp = self ? self->warp : 0;
    if (!self || !warps[warp].ready) {
        if (!block.ready) return nullptr;
        warp = pick_bit(block.ready);
    }
    return &threads[warp * WARP + pick_bit(warps[warp].ready)];
}

static void not_ready(const Thread *t)
{
    warps[t->warp].ready &= ~(1u << t->lane);
    if (!warps[t->warp].ready) block.ready &= ~(1u << t->warp);
}

void wake(int warp, unsigned lanes)
{
    warps[warp].ready |= lanes;
    block.ready |= 1u << warp;
}

unsigned existing_lanes(int warp)
{
    return 0xffffffff >> (WARP - std::min<int>(WARP, block.size - warp * WARP));
}

/* Leaves the running thread's stack for ever. */
[[noreturn]] static void end_fiber()
{
    Thread *t = self;
    t->state = ENDED;
    release(&objects->end);
    fiber_close(&t->fiber);
    self = nullptr;
    fiber_switch(&t->fiber, &host, true);
    __builtin_trap();
}

static bool same_place(const Site &a, const Site &b)
{
    return a.line == b.line && !strcmp(a.file, b.file) && !strcmp(a.name, b.name);
}

/* --- what went wrong -------------------------------------------------------------------------- */

/* A line for each of the first few places where threads wait. */
static std::string waiting_threads()
{
    enum { LISTED = 8 };
    const Thread *first[LISTED];
    int count[LISTED], listed = 0;
    for (int i = 0; i < block.size; i++) {
        const Thread &t = threads[i];
        if (t.state != WAITING) continue;
        int at = 0;
        while (at < listed && !(same_place(t.site, first[at]->site) && t.mask == first[at]->mask))
            at++;
        if (at == LISTED) continue;
        if (at == listed) first[listed] = &t, count[listed++] = 0;
        count[at]++;
    }
    std::string text;
    for (int k = 0; k < listed; k++) {
        char line[400], mask[32] = "";
        const uint3 who = first[k]->index;
        const Site &site = first[k]->site;
        if (first[k]->mask) snprintf(mask, sizeof mask, " with mask %08x", first[k]->mask);
        snprintf(line, sizeof line,
                 "\n  %d waiting in %s%s at %s:%d, the first is thread (%u,%u,%u)", count[k],
                 site.name, mask, site.file, site.line, who.x, who.y, who.z);
        text += line;
    }
    return text;
}

void fail_with(cudaError_t error, const char *story)
{
    char place[400] = "";
    if (self)
        snprintf(place, sizeof place, "%s, block (%u,%u,%u) thread (%u,%u,%u): ", block.kernel,
                 blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z);
    if (!self || options().abort) {
        fprintf(stderr, "emulated device: %s%s\n", place, story);
        abort();
    }
    set_failure(error, std::string(place) + story + waiting_threads());
    block.failed = true;
    end_fiber();
}

void fail(const char *format, ...)
{
    char story[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(story, sizeof story, format, arguments);
    va_end(arguments);
    fail_with(cudaErrorLaunchFailure, story);
}

static void deadlock()
{
    int waiting = 0;
    for (int i = 0; i < block.size; i++) waiting += threads[i].state == WAITING;
    fail("deadlock: %d threads wait for each other, %d have ended", waiting,
         block.size - block.live);
}

/* --- a thread's life -------------------------------------------------------------------------- */

static void becomes(Thread *t)
{
    self = t;
    threadIdx = t->index;
    lane = t->lane;
}

static void thread_main();

static void switch_to(Thread *to, bool dying)
{
    Fiber *from = self ? &self->fiber : &host;
    if (to->state == FRESH) {
        /* thread 0 of two blocks must be two threads for TSan, or it misses their conflicts */
        const uint64_t slot = ((uint64_t)to->number + block.number * 7) % (uint64_t)block.size;
        fiber_open(&to->fiber, (int)slot, thread_main);
        to->state = RUNNING;
    }
    becomes(to);
    fiber_switch(from, &to->fiber, dying);
}

void wait_at(const Site &site, unsigned mask)
{
    Thread *t = self;
    t->state = WAITING;
    t->site = site;
    t->mask = mask;
    not_ready(t);
    Thread *next = next_thread();
    if (!next) deadlock();
    switch_to(next, false);
    if (block.failed) end_fiber();
    t->state = RUNNING;
}

static void barrier_opens()
{
    if (block.diverged)
        fail("divergent __syncthreads: threads of one block wait at different places");
    block.waiting = 0;
    block.barriers++;
    for (int w = 0; w < block.warps; w++)
        if (warps[w].alive) wake(w, warps[w].alive);
}

void block_barrier(const Site &site)
{
    if (!self) fail("__syncthreads outside a kernel at %s:%d", site.file, site.line);
    void *object = &objects->block[block.number % BLOCKS_APART][block.barriers & 1];
    if (!block.waiting++)
        block.barrier = site;
    else if (!same_place(site, block.barrier))
        block.diverged = true;
    release(object);
    if (block.waiting < block.live) {
        wait_at(site, 0);
    } else {
        self->site = site; /* for the report, should they have diverged */
        self->state = WAITING;
        self->mask = 0;
        barrier_opens();
        self->state = RUNNING;
    }
    acquire(object);
}

static void pass_warp_barrier(void **, unsigned) { warps[self->warp].barriers++; }

void warp_barrier(unsigned mask, const Site &site)
{
    if (!self) fail("__syncwarp outside a kernel at %s:%d", site.file, site.line);
    const int w = self->warp;
    void *object = &objects->warp[block.number % BLOCKS_APART][w][warps[w].barriers & 1];
    release(object);
    warp_collective(mask, nullptr, pass_warp_barrier, site);
    acquire(object);
}

static void thread_ends()
{
    Thread *t = self;
    t->state = ENDED;
    release(&objects->end);
    forget_async_copies(t->number);
    Warp &warp = warps[t->warp];
    warp.alive &= ~(1u << t->lane);
    for (int i = 0; i < warp.groups; i++)
        if (warp.group[i].mask >> t->lane & 1)
            fail("%s: lane %d of mask %08x has ended and cannot take part", warp.group[i].name,
                 t->lane, warp.group[i].mask);
    not_ready(t);
    block.live--; /* threads that have ended do not count at barriers */
    if (block.live && block.waiting == block.live) barrier_opens();
}

static void thread_main()
{
    fiber_entered();
    for (;;) {
        acquire(&objects->start);
        block.launch->thread(block.launch->arguments.get());
        thread_ends();
        Thread *ended = self, *next = next_thread();
        if (!next && block.live) deadlock();
        if (next && next->state == FRESH && !tsan()) { /* starts on this very stack */
            next->fiber = ended->fiber;
            next->state = RUNNING;
            becomes(next);
            continue;
        }
        if (!next) end_fiber();
        fiber_close(&ended->fiber);
        switch_to(next, true);
    }
}

/* --- grids and blocks ------------------------------------------------------------------------- */

static void shape_block(dim3 shape)
{
    if (shape.x == blockDim.x && shape.y == blockDim.y && shape.z == blockDim.z) return;
    blockDim = shape;
    block.size = (int)(shape.x * shape.y * shape.z);
    block.warps = (block.size + WARP - 1) / WARP;
    for (int i = 0; i < block.size; i++) {
        const unsigned n = (unsigned)i;
        Thread &t = threads[i];
        t.number = i;
        t.lane = i % WARP;
        t.warp = i / WARP;
        t.index = {n % shape.x, n / shape.x % shape.y, n / shape.x / shape.y};
    }
}

void grid_begins(const Launch &launch, const char *kernel)
{
    block.launch = &launch;
    block.kernel = kernel;
    gridDim = launch.grid;
    shape_block(launch.block);
    fiber_host(&host);
    fiber_prepare(block.size);
    catch_faults();
}

bool run_block(uint3 index)
{
    blockIdx = index;
    block.number++;
    block.live = block.size;
    block.waiting = 0;
    block.barriers = 0;
    block.diverged = block.failed = false;
    block.ready = 0;
    for (int i = 0; i < block.size; i++) threads[i].state = FRESH;
    for (int w = 0; w < block.warps; w++) {
        warps[w].alive = existing_lanes(w);
        warps[w].ready = 0;
        warps[w].groups = 0;
        warps[w].barriers = 0;
        wake(w, warps[w].alive);
    }
    release(&objects->start);
    switch_to(next_thread(), false);
    for (int i = 0; block.failed && i < block.size; i++) {
        if (threads[i].state == WAITING) switch_to(&threads[i], false); /* to its end */
        forget_async_copies(i);
    }
    return !block.failed;
}

void grid_ends() { acquire(&objects->end); }

} // namespace td_emu
