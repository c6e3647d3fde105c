/* planted_bugs.cu — small kernels with one bug each, so that the detectors are themselves tested.
 *
 *     planted_bugs NAME      runs the kernel with its bug
 *     planted_bugs fixed     runs all of them without: every value must be right
 *
 * Each prints "NAME: right", "NAME: wrong (value)" or "NAME: error: …" and the sanitizers' reports.
 * It is plain CUDA: nvcc compiles it too, and on a GPU compute-sanitizer can be asked for the same
 * bugs.
 */
#include "planted_host.cuh"
#include "planted_memory.cuh"
#include "planted_threads.cuh"

#define CASE(name, right) {#name, run_##name<true>, run_##name<false>, right}
static const struct {
    const char *name;
    double (*with_bug)(), (*fixed)();
    double right;
} cases[] = {
    CASE(global_overflow, N),
    CASE(static_shared_overflow, N),
    CASE(dynamic_shared_overflow, N),
    CASE(use_after_free, N),
    CASE(use_after_free_in_struct, N),
    CASE(misaligned, N - 4),
    CASE(bad_address, N),
    CASE(stack_overflow, N),
    CASE(host_pointer, N),
    CASE(wrong_direction, 1),
    CASE(copy_too_long, 0),
    CASE(host_reads_device, 1),
    CASE(uninitialised_shared, 2 * N),
    CASE(uninitialised_dynamic_shared, N),
    CASE(uninitialised_global, N),
    CASE(async_copy_without_wait, N),
    CASE(divergent_barrier, N),
    CASE(deadlock, N),
    CASE(exited_lanes, N),
    CASE(mixed_collectives, N),
    CASE(mask_without_self, N),
    CASE(overlapping_masks, N),
    CASE(source_outside_mask, N),
    CASE(missing_barrier, 8156),
    CASE(missing_warp_barrier, 32),
    CASE(race_of_blocks, 4),
    CASE(last_one_wins, N - 1),
    CASE(read_before_sync, 1),
    CASE(streams_without_event, 2 * N),
    CASE(call_in_capture, 2 * N),
    CASE(graph_of_freed_memory, 2 * N),
    CASE(too_many_threads, N),
    CASE(block_too_deep, N),
    CASE(grid_too_tall, 1),
    CASE(shared_without_opt_in, N),
    CASE(too_much_shared, N),
};

int main(int count, char **arguments)
{
    const std::string wanted = count > 1 ? arguments[1] : "";
    bool found = false, good = true;
    for (const auto &c : cases) {
        if (wanted != "fixed" && wanted != c.name) continue;
        found = true;
        good &= report(c.name, wanted == "fixed" ? c.fixed : c.with_bug, c.right);
    }
    if (!found)
        for (const auto &c : cases) printf("%s\n", c.name);
    return found && good ? 0 : 1;
}
