/* errors.cuh — errors that only a kernel can see: an index or a label outside its range.
 *
 * A kernel goes on without touching memory out of range and leaves a note: the first bad position
 * and the value there. The next td_sync or td_read finds it, clears it and returns TD_EINDEX with
 * the sentence the CPU would have given, so the device stays usable.
 */
#ifndef TD_ERRORS_CUH
#define TD_ERRORS_CUH

#include "launch.cuh"

struct td_mistake;

/* Travels with a kernel whose indices may be bad; td_watch makes one. */
struct td_checked {
    td_mistake *note;
    unsigned long long call; /* number of the call, from 1 */
    const char *op;
    td_tensor idx;                         /* where the indices are */
    int64_t axis, size[TD_MAX_NDIM];       /* what they must fit */
    td_status (*tell)(const td_mistake *); /* the host's sentence */
};

struct td_mistake {
    unsigned long long call;     /* 0: all is well */
    unsigned long long position; /* in reading order of idx */
    unsigned long long value;
    td_checked checked;
};

td_checked td_watch(const char *op, const td_tensor *idx, int64_t axis, int64_t size0,
                    int64_t size1, td_status (*tell)(const td_mistake *));

/* idx's element number `position` */
__device__ inline int64_t td_index_at(const td_tensor &idx, int64_t position)
{
    int64_t offset = 0;
    for (int axis = idx.ndim - 1; axis >= 0; position /= idx.shape[axis--])
        offset += position % idx.shape[axis] * idx.stride[axis];
    return idx.dtype == TD_I32 ? static_cast<const int32_t *>(idx.data)[offset]
                               : static_cast<const int64_t *>(idx.data)[offset];
}

/* Notes a bad index. Of several calls the first keeps its note, and of a call's positions the
 * least. Whoever writes a value looks at the position again afterwards: a late writer of a worse
 * one corrects itself, so in the end position and value belong together. */
__device__ inline void td_note(const td_checked &checked, int64_t position)
{
    td_mistake *note = checked.note;
    const unsigned long long first = atomicCAS(&note->call, 0ull, checked.call);
    if (first == 0)
        note->checked = checked;
    else if (first != checked.call)
        return;
    const unsigned long long mine = (unsigned long long)position;
    const unsigned long long before = atomicMin(&note->position, mine);
    unsigned long long least, seen = TD_MIN(mine, before);
    do {
        least = seen;
        atomicExch(&note->value, (unsigned long long)td_index_at(checked.idx, (int64_t)least));
        __threadfence();
        seen = atomicMin(&note->position, least); /* changes nothing: reads */
    } while (seen != least);
}

#endif
