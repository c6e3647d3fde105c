/* conv2d_weight_winograd.inl — gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] · window(x)[n,c,r,s,p,q] for 3×3
 * windows of stride 1, with a quarter of the multiplications (winograd.inl: F(3×3, 4×4)).
 *
 * v[36][tile][c] are the transformed tiles of x, z[36][tile][k] those of gy, and the 36 matrix
 * products sums[36][c][k] = vᵀz are transformed back.
 *
 * Where there are few tiles, all are transformed first, and a task is a part of the channels by a
 * strip of filters, whose sums never leave its L2. Else a task is a part of the channels by a chunk
 * of the tiles, transformed block by block; chunks are summed apart, and in order at the end. All
 * are cut by shape alone. Errors are measured by Σ 16·max|x[c]|·max|gy[k]| over the tiles; if any
 * of gw is no finite number, all of it is computed again (see conv2d_winograd.inl).
 */

typedef struct {
    const conv_t *shape;
    FN(source_t) x, gy;
    FN(grid_t) grid;
    int64_t strips, depth, parts;   /* strips of filters; channels of a part, in vectors; parts */
    int64_t v_step, z_step, m_step; /* from one of the 36 to the next */
    REAL *v, *z;                    /* of all tiles, if those are first */
    REAL *sums, *gw;                /* sums[chunk, group, part, strip], if they are not */
    int64_t chunks;
    _Atomic int lost; /* some sum was no finite number */
    _Atomic td_status status;
} FN(weight_winograd_t);

/* A thread's memory: tiles of x and gy, sums, and pixels or gradients. */
typedef struct {
    REAL *v, *z, *sums, *some;
    int64_t *row, *at; /* tables of wide_strip */
    int32_t *x_at, *gy_at;
} FN(weight_scratch_t);

static int FN(take_weight_scratch)(FN(weight_scratch_t) *s, FN(weight_winograd_t) *job, int64_t v,
                                   int64_t z, int64_t sums)
{
    const FN(tiles_t) *most = &job->grid.most;
    int64_t tiles = most->rows * most->columns, rows = td_round_up(job->depth, WIDE_M);
    int64_t steps = FN(count_tiles)(most);
    int64_t some = TD_MAX(FN(pixels_size)(most), (job->depth * 9 + LANES) * LANES);
    s->v = td_scratch(1, (v + z) * sizeof(REAL));
    s->sums = td_scratch(2, sums * sizeof(REAL));
    s->some = td_scratch(3, some * sizeof(REAL) + (rows + steps) * sizeof(int64_t) +
                                tiles * (ALL_POINTS + TILE * TILE) * sizeof(int32_t));
    if (!s->v || !s->sums || !s->some) {
        job->status = TD_ENOMEM;
        return 0;
    }
    s->z = s->v + v;
    s->row = (int64_t *)(s->some + some), s->at = s->row + rows;
    s->x_at = (int32_t *)(s->at + steps), s->gy_at = s->x_at + tiles * ALL_POINTS;
    for (int64_t c = 0; c < job->depth; c++) s->row[c] = c;
    FN(fill_tile)(s->row, job->depth);
    for (int64_t t = 0; t < steps; t++) s->at[t] = t * job->depth;
    return 1;
}

static void FN(find_both)(const FN(weight_scratch_t) *s, const FN(weight_winograd_t) *job,
                          const FN(tiles_t) *t)
{
    FN(find_tiles)(s->x_at, &job->x, POINTS, t);
    FN(find_tiles)(s->gy_at, &job->gy, TILE, t);
}

/* v[36][tile][depth] of a part of a group's channels */
static void FN(x_tiles)(const FN(weight_scratch_t) *s, const FN(weight_winograd_t) *job,
                        const FN(tiles_t) *t, int64_t group, int64_t part, REAL *v)
{
    int64_t cg = job->shape->c / job->shape->groups, c = part * job->depth;
    FN(transform_tiles)(POINTS, v, job->v_step, job->depth, &job->x, t, group * cg + c,
                        TD_MIN(cg - c, job->depth), s->some, s->x_at);
}

/* z[36][tile][width] of a strip of a group's filters */
static void FN(gy_tiles)(const FN(weight_scratch_t) *s, const FN(weight_winograd_t) *job,
                         const FN(tiles_t) *t, int64_t group, int64_t strip, REAL *z)
{
    int64_t kg = job->shape->k / job->shape->groups, k = strip * FN(WIDE_N);
    FN(transform_tiles)(TILE, z, job->z_step, FN(strip_width)(kg - k), &job->gy, t, group * kg + k,
                        TD_MIN(kg - k, FN(WIDE_N)), s->some, s->gy_at);
}

/* sums[36][c][WIDE_N] of a part and a strip = vᵀz of a block of tiles, or += */
static void FN(multiply_weight)(const FN(weight_scratch_t) *s, const FN(weight_winograd_t) *job,
                                int64_t tiles, int64_t part, int64_t strip, int add, REAL *sums,
                                const REAL *v, const REAL *z)
{
    static const REAL zeros[FN(WIDE_N)] = {0};
    int64_t cg = job->shape->c / job->shape->groups, kg = job->shape->k / job->shape->groups;
    int64_t channels = TD_MIN(cg - part * job->depth, job->depth);
    int64_t width = FN(strip_width)(kg - strip * FN(WIDE_N));
    for (int e = 0; e < ALL_POINTS; e++, sums += job->m_step, v += job->v_step, z += job->z_step)
        for (int64_t t = 0; t < tiles; t += WINOGRAD_DEPTH) {
            int more = add || t > 0;
            FN(wide_strip)(channels, width, sums, FN(WIDE_N), more ? sums : zeros,
                           more ? FN(WIDE_N) : 0, TD_MIN(tiles - t, WINOGRAD_DEPTH), v, s->row,
                           s->at + t, z + t * width);
        }
}

/* The sums of a part and a strip, transformed, to gw. */
static void FN(put_weight)(const FN(weight_scratch_t) *s, FN(weight_winograd_t) *job, int64_t group,
                           int64_t part, int64_t strip, const REAL *sums)
{
    int64_t cg = job->shape->c / job->shape->groups, kg = job->shape->k / job->shape->groups;
    int64_t c = part * job->depth, channels = TD_MIN(cg - c, job->depth);
    int64_t k = strip * FN(WIDE_N), end = TD_MIN(k + FN(WIDE_N), kg);
    for (; k < end; k += LANES, sums += LANES) {
        VEC lost = FN(splat)(0);
        for (int64_t i = 0; i < channels; i++) {
            VEC y[TILE][POINTS];
            FN(tile_out)(3, y, sums + i * FN(WIDE_N), job->m_step);
            for (int t = 0; t < 9; t++) {
                lost += y[t / 3][t % 3] * 0;
                FN(store)(s->some + (i * 9 + t) * LANES, y[t / 3][t % 3]);
            }
        }
        for (int64_t l = 0; l < TD_MIN(end - k, LANES); l++)
            if (lost[l] != 0) job->lost = 1;
        FN(transpose_out)(job->gw + ((group * kg + k) * cg + c) * 9, cg * 9, s->some, LANES,
                          channels * 9, TD_MIN(end - k, LANES));
    }
}

static int64_t FN(sums_size)(const FN(weight_winograd_t) *j) { return ALL_POINTS * j->m_step; }

/* All tiles, the one block, first: [begin, end) of the parts, then of the strips; */
static void FN(first_weight_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_winograd_t) *job = context;
    const FN(tiles_t) *t = &job->grid.most;
    FN(weight_scratch_t) s;
    if (!FN(take_weight_scratch)(&s, job, 1, 1, 1)) return;
    FN(find_both)(&s, job, t);
    for (int64_t i = begin; i < end; i++) {
        int64_t strip = i - job->shape->groups * job->parts;
        if (strip < 0)
            FN(x_tiles)(&s, job, t, i / job->parts, i % job->parts,
                        job->v + i * ALL_POINTS * job->v_step);
        else
            FN(gy_tiles)(&s, job, t, strip / job->strips, strip % job->strips,
                         job->z + strip * ALL_POINTS * job->z_step);
    }
}

/* then parts by strips. */
static void FN(products_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_winograd_t) *job = context;
    FN(weight_scratch_t) s;
    if (!FN(take_weight_scratch)(&s, job, 1, 1, FN(sums_size)(job))) return;
    for (int64_t i = begin; i < end; i++) {
        int64_t strip = i % job->strips, part = i / job->strips % job->parts;
        int64_t group = i / job->strips / job->parts;
        FN(multiply_weight)(&s, job, FN(count_tiles)(&job->grid.most), part, strip, 0, s.sums,
                            job->v + i / job->strips * ALL_POINTS * job->v_step,
                            job->z + (group * job->strips + strip) * ALL_POINTS * job->z_step);
        FN(put_weight)(&s, job, group, part, strip, s.sums);
    }
}

/* Chunks of tiles by parts of channels, and … */
static void FN(chunks_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_winograd_t) *job = context;
    FN(weight_scratch_t) s;
    int64_t v = ALL_POINTS * job->v_step, z = ALL_POINTS * job->z_step;
    if (!FN(take_weight_scratch)(&s, job, v, z, 1)) return;
    for (int64_t i = begin; i < end; i++) {
        int64_t part = i % job->parts, group = i / job->parts % job->shape->groups;
        int64_t chunk = i / job->parts / job->shape->groups;
        int64_t first = job->grid.count * chunk / job->chunks;
        for (int64_t b = first; b < job->grid.count * (chunk + 1) / job->chunks; b++) {
            FN(tiles_t) t = FN(block_of_tiles)(&job->grid, b);
            FN(find_both)(&s, job, &t);
            FN(x_tiles)(&s, job, &t, group, part, s.v);
            for (int64_t strip = 0; strip < job->strips; strip++) {
                FN(gy_tiles)(&s, job, &t, group, strip, s.z);
                FN(multiply_weight)(&s, job, FN(count_tiles)(&t), part, strip, b > first,
                                    job->sums + (i * job->strips + strip) * FN(sums_size)(job), s.v,
                                    s.z);
            }
        }
    }
}

/* … their sum, first chunk first: strips [begin, end) of parts of groups. */
static void FN(add_chunks_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_winograd_t) *job = context;
    FN(weight_scratch_t) s;
    if (!FN(take_weight_scratch)(&s, job, 1, 1, 1)) return;
    int64_t size = FN(sums_size)(job), all = job->shape->groups * job->parts * job->strips;
    for (int64_t i = begin; i < end; i++) {
        REAL *sums = job->sums + i * size;
        for (int64_t chunk = 1; chunk < job->chunks; chunk++) {
            const REAL *more = sums + chunk * all * size;
            for (int64_t l = 0; l < size; l++) sums[l] += more[l];
        }
        FN(put_weight)(&s, job, i / job->strips / job->parts, i / job->strips % job->parts,
                       i % job->strips, sums);
    }
}

/* *lost: whether all is to be computed again by another kernel. */
static td_status FN(weight_winograd)(const conv_t *v, REAL *gw, const FN(source_t) *x,
                                     const REAL *gy, int *lost)
{
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, plane = td_window_pixels(&v->window);
    FN(weight_winograd_t) job = {.shape = v, .x = *x, .gw = gw};
    job.gy = (FN(source_t)){gy, gy + v->n * v->k * plane, v->k * plane, plane, v->window};
    job.gy.window.h.in = v->window.h.out, job.gy.window.w.in = v->window.w.out;
    job.gy.window.h.first = job.gy.window.w.first = 0;

    FN(grid_t) all = FN(grid)(&v->window, v->n, INT32_MAX);
    int64_t count = FN(count_tiles)(&all.most);
    int tiles_first = 2 * count <= kg;
    job.strips = TD_CEIL_DIV(kg, FN(WIDE_N));
    job.depth = td_round_up(TD_MIN(cg, WINOGRAD_PART), LANES);
    job.parts = TD_CEIL_DIV(cg, job.depth);
    job.grid = tiles_first ? all : FN(grid)(&v->window, v->n, WINOGRAD_TILES);
    job.v_step = FN(count_tiles)(&job.grid.most) * job.depth + LANES;
    job.z_step = FN(count_tiles)(&job.grid.most) * FN(WIDE_N) + LANES;
    job.m_step = td_round_up(job.depth, WIDE_M) * FN(WIDE_N) + LANES;
    job.chunks = TD_MIN(job.grid.count, TD_CEIL_DIV(MOST_CHUNKS, job.parts * v->groups));

    int64_t parts = v->groups * job.parts, strips = v->groups * job.strips;
    int64_t z = parts * ALL_POINTS * job.v_step;
    int64_t size = tiles_first ? z + strips * ALL_POINTS * job.z_step
                               : job.chunks * parts * job.strips * FN(sums_size)(&job);
    job.sums = job.v = td_scratch(0, size * sizeof(REAL));
    if (!job.v) return td_fail(TD_ENOMEM, "conv2d_weight: no memory for the transform");
    job.z = tiles_first ? job.v + z : NULL;
    int64_t work = ALL_POINTS * count * v->groups * cg * kg, products = parts * job.strips;
    if (tiles_first) {
        td_parallel(parts + strips, 1 + GEMM_GRAIN / 4 / job.v_step, FN(first_weight_task), &job);
        if (!job.status)
            td_parallel(products, 1 + GEMM_GRAIN * products / work, FN(products_task), &job);
    } else {
        int64_t tasks = parts * job.chunks;
        td_parallel(tasks, 1 + GEMM_GRAIN * tasks / work, FN(chunks_task), &job);
        if (!job.status)
            td_parallel(products, 1 + PLAIN_GRAIN / (job.chunks * FN(sums_size)(&job)),
                        FN(add_chunks_task), &job);
    }
    *lost = job.lost;
    return job.status ? td_fail(job.status, "conv2d_weight: no memory for a block of tiles")
                      : TD_OK;
}
