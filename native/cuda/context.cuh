/* context.cuh — what the host's side of the CUDA library knows: one device, and for each thread
 * the stream it queues on and the graph it records, if any.
 *
 * device.cu opens it and tells errors, memory.cu moves bytes, stream.cu and graph.cu are what
 * their names say. Any thread may call; the lock guards what they share.
 */
#ifndef TD_CONTEXT_CUH
#define TD_CONTEXT_CUH

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "errors.cuh"

enum : size_t { TD_ALIGNMENT = 64 };

/* Memory for partial results. It only grows, and what it grew out of can still be in use. */
struct td_scratch_t {
    void *memory;
    size_t size;
};

/* Pinned host memory for copies: two halves used in turn, each by one stream at a time. A half is
 * filled again only after the copies out of it are done; by then the other half has been filled,
 * so the host rarely waits. */
struct td_staging {
    enum : size_t { HALF = 4 << 20 };
    char *memory;        /* both halves */
    char *tables;        /* device memory laid out alike, for td_upload */
    cudaEvent_t done[2]; /* of each half: its copies have been made */
    cudaStream_t stream; /* of this half */
    size_t half, used;   /* where staging goes on: in this half, after these bytes */
};

struct td_context {
    cudaError_t error; /* why there is no device, if so */
    cudaStream_t stream;
    td_mistake *note; /* what kernels found wrong, on the device … */
    td_mistake *seen; /* … and where it is read to, in pinned memory */
    bool synchronous; /* TINYDL_SYNC=1 */
    std::atomic<int64_t> waits;
    std::mutex lock; /* of what follows */
    td_staging staging;
    std::map<std::pair<std::thread::id, cudaStream_t>, td_scratch_t> scratch;
};

struct td_graph; /* graph.cu */

/* What one thread is doing. */
struct td_thread {
    cudaStream_t stream; /* NULL: the library's own */
    td_graph *recording;
};

td_context *td_open(void); /* at first use */
extern thread_local td_thread td_this_thread;

/* The status when there is no device, or when `op` would spoil the graph being recorded. */
td_status td_ready(const char *op);
td_status td_ready_to_wait(const char *op);

/* Reading what kernels noted: queue the copy, wait for it, turn it into a status. */
td_status td_ask_note(void);
td_status td_tell_note(void);
td_status td_waited(cudaError_t error); /* the status of waiting: what fails was queued before */

/* `bytes` ≤ HALF of staging memory, the lock held; NULL when the device failed. */
char *td_stage(size_t bytes);

/* --- graph.cu --------------------------------------------------------------------------------- */

/* A place for a table in the graph that this thread records, filled again at each replay. */
const void *td_graph_table(size_t bytes, std::function<void(char *)> fill);
void *td_graph_scratch(size_t bytes);
void td_graph_free_later(void *p); /* freeing waits for the device, which a recording cannot */

#endif
