/* block.h — threads and warps of the block that runs; see block.cpp and warp.cpp. */
#ifndef TD_EMU_BLOCK_H
#define TD_EMU_BLOCK_H

#include "emulate.h"
#include "fiber.h"

namespace td_emu
{

enum State : uint8_t { FRESH, RUNNING, WAITING, ENDED };

struct Thread {
    Fiber fiber;
    uint3 index;
    int number, lane, warp;
    State state;
    Site site;       /* where it waits, */
    unsigned mask;   /* with which lanes (0: with the block), */
    void *arguments; /* and what it brings */
};

/* Lanes that meet under one mask. A warp can be split into several groups. */
struct Group {
    unsigned mask, arrived;
    Collective *work;
    const char *name;
};
enum { MAX_GROUPS = WARP };
struct Warp {
    unsigned ready, alive; /* lanes that can run; that have not ended */
    Group group[MAX_GROUPS];
    int groups;
    unsigned barriers; /* __syncwarp calls passed in this block */
};

extern Thread *self; /* the running thread; NULL on the host */
extern Thread threads[MAX_THREADS];
extern Warp warps[MAX_WARPS];

void wait_at(const Site &site, unsigned mask); /* suspends the running thread until wake() */
void wake(int warp, unsigned lanes);
unsigned existing_lanes(int warp);
/* Ends the kernel: the running thread says what is wrong, the others end where they are. */
[[noreturn]] void fail_with(cudaError_t error, const char *story);
void catch_faults(); /* bad addresses become such failures (fault.cpp) */

/* A grid: begin, every block, end. Blocks say false when one of their threads failed. */
void grid_begins(const Launch &launch, const char *kernel);
bool run_block(uint3 index);
void grid_ends();

/* copies that are still under way (async_copy.cpp) */
void forget_async_copies(int thread);

} // namespace td_emu

#endif
