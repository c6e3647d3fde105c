/* gemm_plan.cuh — which tile a product takes, into how many parts k is cut, and its launch.
 *
 * Both follow from the shape alone, so that a result does not depend on the device. A product with
 * few tiles and a long k leaves most of the device idle: then several blocks share a tile, each
 * sums up its part of k, and a second kernel adds the parts in order.
 */
#ifndef TD_GEMM_PLAN_CUH
#define TD_GEMM_PLAN_CUH

#include "gemm.cuh"

struct td_shape {
    int64_t matrices, m, n, k;
};

/* A tile on offer: `speed` is how much of a multiprocessor one block keeps busy, in tenths. */
struct td_offer {
    int m, n, k, speed;
};
template <class Tile> static constexpr td_offer td_offer_of(int speed)
{
    return {Tile::M, Tile::N, Tile::K, speed};
}

struct td_plan {
    int tile, parts;
    int64_t depth; /* of k in a part */
};

/* The device is taken to have 132 multiprocessors. A part is worth at least SHORTEST of k; adding
 * the parts takes as long as PARTS_COST multiply-adds at full speed. */
enum { MULTIPROCESSORS = 132, SHORTEST_PART = 128, PARTS_COST = 40000 };

static inline td_plan td_cut(const td_offer *tile, const td_shape *s, double *cost)
{
    const int64_t blocks = s->matrices * TD_CEIL_DIV(s->m, tile->m) * TD_CEIL_DIV(s->n, tile->n);
    const int64_t wanted = TD_MIN(2 * MULTIPROCESSORS / blocks, s->k / SHORTEST_PART);
    td_plan plan = {};
    plan.depth = TD_CEIL_DIV(TD_CEIL_DIV(s->k, TD_MAX(wanted, 1)), tile->k) * tile->k;
    plan.parts = plan.depth ? (int)TD_CEIL_DIV(s->k, plan.depth) : 1;
    const int64_t waves = TD_CEIL_DIV(blocks * plan.parts, MULTIPROCESSORS);
    *cost = (double)waves * tile->m * tile->n * (plan.depth + tile->k) / tile->speed;
    if (plan.parts > 1) *cost += PARTS_COST;
    return plan;
}

/* The cheapest of the tiles on offer. */
static inline td_plan td_plan_gemm(const td_offer *tiles, int count, const td_shape *s)
{
    td_plan best = {};
    double least = 0;
    for (int k = 0; k < count; k++) {
        double cost;
        td_plan plan = td_cut(&tiles[k], s, &cost);
        plan.tile = k;
        if (k == 0 || cost < least) best = plan, least = cost;
    }
    return best;
}

template <class Tile, class A, class B, class Output>
static td_status td_run_gemm(const char *op, const A &a, const B &b, const Output &c,
                             const td_shape &s, const td_plan &plan)
{
    using T = typename Tile::T;
    td_product<A, B, Output> p = {a, b, c, s.m, s.n, s.k, plan.depth, 0, 0};
    p.down = td_blocks(s.m, Tile::M), p.across = td_blocks(s.n, Tile::N);
    if ((double)p.down * p.across * s.matrices > INT32_MAX)
        return td_fail(TD_EUNSUPPORTED, "%s: more blocks than a launch can have", op);
    const dim3 grid(p.down * p.across * (unsigned)s.matrices, plan.parts);
    const auto kernel = td_gemm_kernel<Tile, A, B, Output>;
    if (plan.parts == 1) return td_launch(op, kernel, grid, Tile::THREADS, 0, p);

    const int64_t size = s.matrices * s.m * s.n;
    T *partial = (T *)td_scratch(plan.parts * size * sizeof(T));
    if (!partial)
        return td_fail(TD_ENOMEM, "%s: no memory for %d partial sums of %lld elements", op,
                       plan.parts, (long long)size);
    p.c = c.parts(partial, s.matrices, s.m, s.n);
    TD_TRY(td_launch(op, kernel, grid, Tile::THREADS, 0, p));
    return td_launch(op, td_add_parts_kernel<T, Output>, td_blocks(size, TD_PARTS_THREADS),
                     TD_PARTS_THREADS, 0, c, partial, plan.parts, s.m, s.n, size);
}

#endif
