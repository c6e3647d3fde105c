/* conv2d_gather.cuh — the operands of a convolution written as a product, read where they lie.
 *
 * The matrix of windows has a row for each tap (c,r,s) and a column for each pixel (n,p,q), and is
 * never built. Pixel and tap are places, (offset, h, w), that add up: their sum says which number
 * of x is meant and whether the window looks over the edge there. Filters and gradients of the
 * output are matrices of the same kind without an edge. Finding a place takes divisions, so for
 * each step the places along depth are found once for the whole block and put into a table.
 */
#ifndef TD_CONV2D_GATHER_CUH
#define TD_CONV2D_GATHER_CUH

#include "gemm_plan.cuh"

struct alignas(16) td_place {
    int64_t offset;
    int h, w;
};

/* Number i of a grid [outer, y, x], as a place. */
struct td_grid {
    td_divisor plane, width; /* of the grid: y·x, x */
    int64_t base, outer;     /* offset = base + outer·… + y·… + x·… */
    int64_t y, x;
    int step_h, step_w, first_h, first_w; /* h = y·step_h + first_h */

    __device__ __forceinline__ td_place at(int64_t index) const
    {
        const uint32_t n = td_divide((uint32_t)index, plane);
        const uint32_t rest = (uint32_t)index - n * plane.size, p = td_divide(rest, width);
        const uint32_t q = rest - p * width.size;
        return {base + n * outer + p * y + q * x, (int)p * step_h + first_h,
                (int)q * step_w + first_w};
    }
};

/* No such row or column: whatever is added to h, it stays outside. */
__device__ __forceinline__ td_place td_nowhere(void) { return {0, INT32_MIN / 4, 0}; }

/* Element (along, depth) is data[offset] of the two places' sum where 0 ≤ h < in_h, 0 ≤ w < in_w,
 * else 0. Offsets that change within a step (those of `along` where depth comes first) stay below
 * 2^31. */
template <class T, bool DEPTH_FIRST> struct td_operand {
    const T *data;
    int64_t matrix; /* from one group to the next */
    td_grid along, depth;
    int in_h, in_w;

    template <int ALONG, int DEPTH, int THREADS> struct loader {
        using share = td_share<ALONG, DEPTH, THREADS, 1, DEPTH_FIRST>;
        struct shared {
            td_place depth[2][DEPTH], along[DEPTH_FIRST ? ALONG : 1];
        };
        const td_operand &x;
        shared &tables;
        const T *data;
        td_place mine; /* along, where `along` comes first */
        int64_t begin, end;
        td_pack<T, 1> pack[share::PACKS];

        __device__ __forceinline__ loader(const td_operand &x, shared &tables, const td_span &span)
            : x(x), tables(tables), data(x.data + span.matrix * x.matrix), begin(span.begin),
              end(span.end)
        {
            if constexpr (DEPTH_FIRST) {
                for (int i = threadIdx.x; i < ALONG; i += THREADS)
                    tables.along[i] = place(x.along, span.first + i, span.along);
            } else {
                mine = place(x.along, span.first + share::along(0), span.along);
                data += mine.offset;
            }
        }
        static __device__ __forceinline__ td_place place(const td_grid &grid, int64_t i,
                                                         int64_t end)
        {
            return i < end ? grid.at(i) : td_nowhere();
        }
        __device__ __forceinline__ void prepare(int step)
        {
            if (threadIdx.x < DEPTH)
                tables.depth[step & 1][threadIdx.x] =
                    place(x.depth, begin + step * DEPTH + threadIdx.x, end);
        }
        __device__ __forceinline__ void fetch(int step)
        {
            const td_place *depth = tables.depth[step & 1];
            const T *from = data;
            if constexpr (DEPTH_FIRST) {
                mine = depth[share::depth(0)];
                from += mine.offset;
            }
            TD_UNROLL
            for (int i = 0; i < share::PACKS; i++) {
                const td_place other =
                    DEPTH_FIRST ? tables.along[share::along(i)] : depth[share::depth(i)];
                const int h = mine.h + other.h, w = mine.w + other.w;
                const bool inside =
                    (unsigned)h < (unsigned)x.in_h && (unsigned)w < (unsigned)x.in_w;
                pack[i].at[0] = inside ? from[(int)other.offset] : (T)0;
            }
        }
        __device__ __forceinline__ void put(td_slab<T, ALONG, DEPTH> &slab)
        {
            share::put(slab, pack);
        }
    };
};

/* --- grids ------------------------------------------------------------------------------------ */

/* [outer, height, width] with an offset's strides, without an edge */
static inline td_grid td_plain_grid(int64_t height, int64_t width, int64_t outer, int64_t y,
                                    int64_t x)
{
    return {td_divide_by(height * width), td_divide_by(width), 0, outer, y, x, 0, 0, 0, 0};
}

/* Rows of a matrix, `stride` apart. */
static inline td_grid td_rows_grid(int64_t stride) { return td_plain_grid(1, 1, stride, 0, 0); }

/* Pixels (n,p,q) under a window: where its first tap reads. */
static inline td_grid td_pixels_grid(const window_t *v, int64_t image)
{
    const axis_t *h = &v->h, *w = &v->w;
    td_grid g = td_plain_grid(h->out, w->out, image, h->step * w->in, w->step);
    g.base = h->first * w->in + w->first;
    g.step_h = (int)h->step, g.step_w = (int)w->step;
    g.first_h = (int)h->first, g.first_w = (int)w->first;
    return g;
}

/* Taps (c,r,s) of a window: how much further they read. */
static inline td_grid td_taps_grid(const window_t *v, int64_t channel)
{
    const axis_t *h = &v->h, *w = &v->w;
    td_grid g = td_plain_grid(h->taps, w->taps, channel, h->tap * w->in, w->tap);
    g.step_h = (int)h->tap, g.step_w = (int)w->tap;
    return g;
}

/* Do the numbers of a product of m × n × k fit into what places and divisors hold? `reach` is the
 * largest offset within one image or filter; the window's padding may be larger than both. */
static inline bool td_places_fit(int64_t m, int64_t n, int64_t k, int64_t reach, const window_t *v)
{
    int64_t most = TD_MAX(TD_MAX(m, n), TD_MAX(k, reach));
    for (const axis_t *a : {&v->h, &v->w})
        most = TD_MAX(most, a->in + td_abs64(a->first) + a->out * a->step + a->taps * a->tap);
    return most < INT32_MAX / 4;
}

/* --- the output ------------------------------------------------------------------------------- */

/* Rows are channels, columns pixels (n,p,q) of a strided grid; bias[i] is added to channel i. */
template <class T> struct td_pixels {
    T *data;
    int64_t part, matrix, row; /* elements from one to the next */
    td_grid grid;
    const T *bias; /* or NULL */
    int64_t bias_matrix;
    bool packed;

    __device__ __forceinline__ td_pixels at(int64_t k, int64_t which) const
    {
        td_pixels c = *this;
        c.data += k * part + which * matrix;
        if (bias) c.bias += which * bias_matrix;
        return c;
    }
    __device__ __forceinline__ int64_t column(int64_t j) const { return grid.at(j).offset; }
    __device__ __forceinline__ T finish(T sum, int64_t i, int64_t) const
    {
        return bias ? sum + bias[i] : sum;
    }
    td_pixels parts(T *memory, int64_t matrices, int64_t m, int64_t n) const
    {
        const bool fit = n % (int64_t)(16 / sizeof(T)) == 0;
        return {memory, matrices * m * n, m * n, n, td_plain_grid(1, n, 0, 0, 1), NULL, 0, fit};
    }
};

#endif
