/* graph.cu — a whole training step, recorded once and started again as one piece of work.
 *
 * A recording goes to a stream of its own, so other threads may go on queueing. What the host
 * decides anew for each step (random numbers' offsets, learning rates) kernels read from tables in
 * device memory: td_upload leaves in the graph the function that fills a table, and a replay calls
 * it and copies the tables before it starts the graph.
 */
#include <memory>

#include "context.cuh"

struct table_t {
    size_t offset;
    std::function<void(char *)> fill;
};

/* Tables that are copied at once. */
struct page_t {
    char *memory; /* on the device, td_staging::HALF bytes of it */
    size_t used;
    std::vector<table_t> tables;
};

struct td_graph {
    cudaStream_t stream, before; /* its own, and what its thread queued on when it began */
    cudaGraphExec_t work;
    std::vector<page_t> pages;
    td_scratch_t scratch;
    std::vector<void *> owned; /* freed with the graph */

    void *allocate(size_t bytes)
    {
        void *p = NULL;
        if (cudaMalloc(&p, bytes)) {
            cudaGetLastError();
            return NULL;
        }
        owned.push_back(p);
        return p;
    }
};

static void stop_recording(td_graph *g)
{
    if (td_this_thread.recording == g) td_this_thread = {g->before, NULL};
}

/* --- while it is recorded --------------------------------------------------------------------- */

bool td_recording(void) { return td_this_thread.recording; }

const void *td_graph_table(size_t bytes, std::function<void(char *)> fill)
{
    td_graph *g = td_this_thread.recording;
    if (g->pages.empty() || g->pages.back().used + bytes > td_staging::HALF) {
        char *memory = (char *)g->allocate(td_staging::HALF);
        if (!memory) return NULL;
        g->pages.push_back({memory, 0, {}});
    }
    page_t &page = g->pages.back();
    char *table = page.memory + page.used;
    page.tables.push_back({page.used, std::move(fill)});
    page.used += TD_CEIL_DIV(bytes, TD_ALIGNMENT) * TD_ALIGNMENT;
    return table;
}

void *td_graph_scratch(size_t bytes)
{
    td_graph *g = td_this_thread.recording;
    if (bytes > g->scratch.size) g->scratch = {g->allocate(bytes), bytes};
    if (!g->scratch.memory) g->scratch = {};
    return g->scratch.memory;
}

void td_graph_free_later(void *p) { td_this_thread.recording->owned.push_back(p); }

/* --- its life --------------------------------------------------------------------------------- */

td_status td_graph_begin(void **graph)
{
    *graph = NULL;
    TD_TRY(td_ready_to_wait("graph"));
    auto g = std::make_unique<td_graph>();
    TD_TRY(td_cuda("graph", cudaStreamCreateWithFlags(&g->stream, cudaStreamNonBlocking)));
    /* Relaxed: memory may be asked for meanwhile, which is no work on a stream. */
    const cudaError_t error = cudaStreamBeginCapture(g->stream, cudaStreamCaptureModeRelaxed);
    if (error) {
        cudaStreamDestroy(g->stream);
        return td_cuda("graph", error);
    }
    g->before = td_this_thread.stream;
    td_this_thread = {g->stream, g.get()};
    *graph = g.release();
    return TD_OK;
}

td_status td_graph_end(void *graph)
{
    td_graph *g = (td_graph *)graph;
    if (td_this_thread.recording != g)
        return td_fail(TD_EINVAL, "graph: this thread is not recording it");
    stop_recording(g);
    cudaGraph_t recorded = NULL;
    TD_TRY(td_cuda("graph", cudaStreamEndCapture(g->stream, &recorded)));
    const cudaError_t error = cudaGraphInstantiate(&g->work, recorded, 0);
    cudaGraphDestroy(recorded);
    return td_cuda("graph", error);
}

td_status td_graph_replay(void *graph)
{
    td_graph *g = (td_graph *)graph;
    TD_TRY(td_ready_to_wait("graph"));
    if (!g->work) return td_fail(TD_EINVAL, "graph: it was never ended");
    td_context *c = td_open();
    std::lock_guard<std::mutex> hold(c->lock);
    for (const page_t &page : g->pages) {
        char *staged = td_stage(page.used);
        if (!staged) return td_cuda("graph", cudaGetLastError());
        for (const table_t &table : page.tables) table.fill(staged + table.offset);
        TD_TRY(td_cuda("graph", cudaMemcpyAsync(page.memory, staged, page.used,
                                                cudaMemcpyHostToDevice, td_stream())));
    }
    return td_cuda("graph", cudaGraphLaunch(g->work, td_stream()));
}

td_status td_graph_close(void *graph)
{
    td_graph *g = (td_graph *)graph;
    if (td_this_thread.recording == g) { /* an error came before its end */
        stop_recording(g);
        cudaGraph_t recorded = NULL;
        if (cudaStreamEndCapture(g->stream, &recorded) == cudaSuccess) cudaGraphDestroy(recorded);
        cudaGetLastError();
    }
    if (g->work) cudaGraphExecDestroy(g->work);
    for (void *p : g->owned) td_free(p); /* waits for the last replay */
    const cudaError_t error = cudaStreamDestroy(g->stream);
    delete g;
    return td_cuda("graph", error);
}
