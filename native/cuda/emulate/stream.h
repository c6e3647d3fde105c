/* stream.h — streams, events and captures as stream.cpp and graph.cpp see them. */
#ifndef TD_EMU_STREAM_H
#define TD_EMU_STREAM_H

#include <deque>
#include <memory>
#include <thread>

#include "emulate.h"

struct td_emu_graph {
    std::vector<td_emu::Work> nodes; /* in the order of the calls, which is one of those allowed */
};

namespace td_emu
{

struct Capture {
    cudaStream_t origin;
    cudaStreamCaptureMode mode;
    std::thread::id thread;
    std::unique_ptr<td_emu_graph> graph;
    bool spoilt;
};

/* One recording of an event: a place in a stream, or in a capture. */
struct Mark {
    cudaStream_t stream;
    std::shared_ptr<Capture> capture;
    bool done;
    double milliseconds; /* when it was passed */
};

std::vector<cudaStream_t> &all_streams();      /* the NULL stream's is the first */
cudaStream_t find_stream(cudaStream_t stream); /* NULL if there is no such stream */

} // namespace td_emu

struct td_emu_stream {
    bool blocking; /* waits for the NULL stream, and it for this one */
    std::deque<td_emu::Work> queue;
    std::shared_ptr<td_emu::Capture> capture; /* while one is under way */
};

struct td_emu_event {
    bool timed;
    std::shared_ptr<td_emu::Mark> mark; /* the latest, if any */
};

#endif
