/* warp.cpp — warp instructions: the last lane to arrive does the work of all.
 *
 * Each lane leaves a pointer to its arguments, which lie on its own, suspended stack, and waits.
 * When every lane of the mask is there, one call sees all arguments at once, so that a shuffle, a
 * vote or a matrix instruction is a few plain loops over lanes.
 */
#include "block.h"

namespace td_emu
{

/* The group that gathers under this mask. Lanes that wait under another one may be named in it:
 * they can still come. */
static Group &find_group(Warp &warp, unsigned mask, Collective *work, const Site &site)
{
    for (int i = 0; i < warp.groups; i++) {
        Group &group = warp.group[i];
        if (group.mask != mask) continue;
        if (group.work != work || strcmp(group.name, site.name))
            fail("lanes of mask %08x diverge: one is in %s at %s:%d, others in %s", mask, site.name,
                 site.file, site.line, group.name);
        return group;
    }
    warp.group[warp.groups] = {mask, 0, work, site.name};
    return warp.group[warp.groups++];
}

void warp_collective(unsigned mask, void *arguments, Collective *work, const Site &site)
{
    Thread *t = self;
    if (!t) fail("%s outside a kernel at %s:%d", site.name, site.file, site.line);
    Warp &warp = warps[t->warp];
    if (!(mask >> t->lane & 1))
        fail("%s at %s:%d: lane %d is not in its own mask %08x", site.name, site.file, site.line,
             t->lane, mask);
    if (mask == 0xffffffff) mask &= existing_lanes(t->warp); /* the last warp may be smaller */
    if (mask & ~warp.alive)
        fail("%s at %s:%d: lanes %08x of mask %08x have ended and cannot take part", site.name,
             site.file, site.line, mask & ~warp.alive, mask);

    Group &group = find_group(warp, mask, work, site);
    t->arguments = arguments;
    group.arrived |= 1u << t->lane;
    if (group.arrived != mask) {
        wait_at(site, mask);
        return;
    }
    void *all[WARP] = {};
    for (unsigned left = mask; left; left &= left - 1) {
        const int i = __builtin_ctz(left);
        all[i] = threads[t->warp * WARP + i].arguments;
    }
    group = warp.group[--warp.groups];
    work(all, mask);
    wake(t->warp, mask);
}

/* --- the instructions ------------------------------------------------------------------------- */

void do_shuffle(void **arguments, unsigned mask)
{
    for (int i = 0; i < WARP; i++) {
        if (!arguments[i]) continue;
        Shuffle &mine = *(Shuffle *)arguments[i];
        const int source = mine.source < 0 ? i : mine.source;
        if (!(mask >> source & 1))
            fail("shuffle: lane %d reads lane %d, which is not in the mask %08x", i, source, mask);
        mine.result = ((Shuffle *)arguments[source])->value;
    }
}

void do_vote(void **arguments, unsigned)
{
    unsigned votes = 0;
    for (int i = 0; i < WARP; i++)
        if (arguments[i] && ((Vote *)arguments[i])->predicate) votes |= 1u << i;
    for (int i = 0; i < WARP; i++)
        if (arguments[i]) ((Vote *)arguments[i])->result = votes;
}

static unsigned combine(ReduceOp op, unsigned a, unsigned b)
{
    switch (op) {
    case ADD: return a + b;
    case MIN: return b < a ? b : a;
    case MAX: return a < b ? b : a;
    case MIN_SIGNED: return (int)b < (int)a ? b : a;
    case MAX_SIGNED: return (int)a < (int)b ? b : a;
    case AND: return a & b;
    case OR: return a | b;
    case XOR: return a ^ b;
    }
    __builtin_unreachable();
}

void do_reduce(void **arguments, unsigned mask)
{
    const Reduce &first = *(Reduce *)arguments[__builtin_ctz(mask)];
    unsigned all = first.value;
    for (unsigned left = mask & (mask - 1); left; left &= left - 1)
        all = combine(first.op, all, ((Reduce *)arguments[__builtin_ctz(left)])->value);
    for (unsigned left = mask; left; left &= left - 1)
        ((Reduce *)arguments[__builtin_ctz(left)])->value = all;
}

} // namespace td_emu
