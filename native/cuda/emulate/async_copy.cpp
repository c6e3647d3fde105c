/* async_copy.cpp — cp.async: copies into shared memory that run while the thread computes.
 *
 * The hardware may finish them at any time before the wait that asks for them, so the emulator
 * does them then, as late as is legal. A kernel that reads earlier finds what was there before:
 * NaN the first time, the stage before afterwards.
 */
#include <deque>

#include "block.h"

namespace td_emu
{

struct Copy {
    void *to;
    const void *from;
    int bytes, used;
};
struct Pending { /* of one thread */
    std::vector<Copy> open;
    std::deque<std::vector<Copy>> committed;
};
static Pending pending[MAX_THREADS];
static int under_way; /* copies that no wait has finished yet */

void async_copy(void *shared, const void *global, int bytes, int used)
{
    if (bytes != 4 && bytes != 8 && bytes != 16)
        fail("cp.async copies 4, 8 or 16 bytes, not %d", bytes);
    if (((uintptr_t)shared | (used ? (uintptr_t)global : 0)) & (unsigned)(bytes - 1))
        fail("cp.async of %d bytes: %p or %p is not aligned to them", bytes, shared, global);
    pending[self->number].open.push_back({shared, global, bytes, used});
    under_way++;
}

void async_commit()
{
    Pending &mine = pending[self->number];
    mine.committed.push_back(std::move(mine.open));
    mine.open.clear();
}

void async_wait(int newest)
{
    Pending &mine = pending[self->number];
    for (; (int)mine.committed.size() > newest; mine.committed.pop_front())
        for (const Copy &copy : mine.committed.front()) {
            /* through libc's memcpy: that is where the sanitizers look */
            memcpy(copy.to, copy.from, (size_t)copy.used);
            memset((char *)copy.to + copy.used, 0, (size_t)(copy.bytes - copy.used));
            under_way--;
        }
}

void forget_async_copies(int thread)
{
    if (!under_way) return;
    Pending &mine = pending[thread];
    under_way -= (int)mine.open.size();
    for (const auto &copies : mine.committed) under_way -= (int)copies.size();
    mine.open.clear();
    mine.committed.clear();
}

} // namespace td_emu
