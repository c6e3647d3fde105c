/* controls.cu — correct programs that use all of what the emulated device has.
 *
 * Whatever the order of threads, the flavour and the streams' schedule, each must compute its
 * number, and no detector may say a word. controls() runs them all and returns how many are wrong.
 */
#include "controls_host.cuh"
#include "controls_threads.cuh"

static const struct {
    const char *name;
    double (*body)(), right;
} cases[] = {
    {"shuffles", run_shuffles, 2 * (32 * 496 + 31 + 48 - 16)},
    {"votes", run_votes, 6 * N},
    {"partial_warp", run_partial_warp, 8 * 40},
    {"warp_barriers", run_warp_barriers, 0},
    {"early_exit", run_early_exit, 40},
    {"sums<float>", run_sums<float>, 5 * 96},
    {"sums<double>", run_sums<double>, 5 * 96},
    {"indices", run_indices, 720 * 719 / 2},
    {"double_buffer", run_double_buffer, 6 * N},
    {"large_shared", run_large_shared, 25600},
    {"atomics", run_atomics, 3 * N + 48 + 48 + 24 * 24 * 24 + 100},
    {"globals", run_globals, 1234},
    {"arithmetic", run_arithmetic, 6},
    {"two_streams", run_two_streams, 6 * N},
    {"graph", run_graph, 7 * N + 5},
    {"polling", run_polling, 4 * N},
    {"pageable_copies", run_pageable_copies, N},
    {"null_stream", run_null_stream, 2},
    {"host_threads", run_host_threads, 4 * 3 * 96},
    {"memory", run_memory, 1},
    {"properties", run_properties, 1},
};

extern "C" __attribute__((visibility("default"))) int controls()
{
    int wrong = 0;
    for (const auto &c : cases) wrong += !report(c.name, c.body, c.right);
    return wrong;
}

int main() { return controls(); }
