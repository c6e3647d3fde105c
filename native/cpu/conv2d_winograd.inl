/* conv2d_winograd.inl — y[n,m,p,q] = bias[m] + Σ_{c,r,s} a[m,c,r,s] · window(x)[n,c,r,s,p,q] for
 * 3×3 windows of stride 1, with a quarter of the multiplications (winograd.inl).
 *
 * v[36][tile][c] are the transformed tiles of x, u[36][c][m] the transformed filters; the 36 matrix
 * products sums[36][tile][m] are transformed back, with filters in the lanes, and transposed into
 * y. Channels are multiplied in short parts whose sums are added: less rounding, and u in L1.
 *
 * Either all filters are transformed first, and a task is a block of tiles that stays in its L2;
 * or, where filters are much more than tiles, all tiles are, and a task is a strip of filters.
 *
 * Rounding: errors stay below 32·2⁻²⁴·Σ_c max|x[c]|·Σ|a[m,c]|, the maximum taken over the 6×6
 * inputs of a pixel's tile (tests/test_winograd.py; 22 is the worst seen), or below 256 for filters
 * of few taps, whose errors nothing levels out (126 seen). Among numbers of one size that is 2 to 4
 * times the plain sum's error. Where an output is no finite number, the
 * transforms may have spread it over its tile, so those images are computed again by the other
 * kernels: ∞ and NaN reach the windows that hold them and no others.
 */

typedef struct {
    const FN(correlate_t) *what;
    FN(grid_t) grid;
    int64_t strips, depth, parts; /* strips of filters; channels of a part, in vectors; parts */
    int64_t u_step, v_step;       /* from one of the 36 to the next */
    REAL *first;                  /* all u[group, strip, part] or all v[group, part] */
    _Atomic int64_t lost, last;   /* the first image that was lost, and −1 times the last one */
    _Atomic td_status status;
} FN(winograd_t);

static int64_t FN(part_channels)(const FN(winograd_t) *job, int64_t part)
{
    return TD_MIN(job->what->channels - part * job->depth, job->depth);
}

static int64_t FN(u_size)(const FN(winograd_t) *job) { return ALL_POINTS * job->u_step; }
static int64_t FN(v_size)(const FN(winograd_t) *job) { return ALL_POINTS * job->v_step; }

/* u[36][c][width] of one strip of filters and part of the channels. `packed` holds a few. */
static void FN(filters_in)(REAL *u, const FN(winograd_t) *job, int64_t group, int64_t strip,
                           int64_t part, REAL *packed)
{
    FN(correlate_t) few = *job->what;
    const FN(filter_t) *f = &few.filter;
    int64_t m = strip * FN(WIDE_N), width = FN(strip_width)(few.m - m);
    int64_t channels = FN(part_channels)(job, part);
    const REAL *w = f->w + group * f->group + m * f->m + part * job->depth * f->c;
    for (int64_t c = 0; c < channels; c += LANES, w += LANES * f->c) {
        few.channels = TD_MIN(channels - c, LANES);
        FN(pack_filters)(packed, width, &few, w, few.m - m);
        for (int64_t i = 0; i < few.channels * width; i += LANES, u += LANES) {
            const REAL *from = packed + i / width * 9 * width + i % width;
            VEC g[3][POINTS];
            for (int t = 0; t < 9; t++) g[t / 3][t % 3] = FN(load)(from + t * width);
            for (int r = 0; r < 3; r++) FN(winograd_filter)(3, g[r]);
            for (int j = 0; j < POINTS; j++) {
                VEC column[POINTS] = {g[0][j], g[1][j], g[2][j]};
                FN(winograd_filter)(3, column);
                for (int r = 0; r < POINTS; r++)
                    FN(store)(u + (r * POINTS + j) * job->u_step, column[r]);
            }
        }
    }
}

/* v[36][tile][depth] of a block of tiles and part of the channels */
static void FN(tiles_in)(REAL *v, const FN(winograd_t) *job, const FN(tiles_t) *t, int64_t group,
                         int64_t part, REAL *pixels, const int32_t *at)
{
    const FN(correlate_t) *p = job->what;
    FN(transform_tiles)(POINTS, v, job->v_step, job->depth, &p->x, t,
                        group * p->channels + part * job->depth, FN(part_channels)(job, part),
                        pixels, at);
}

/* One row of tiles of one image, transformed to out[pixel][LANES], rows of `columns` pixels.
 * Returns zeros, but NaN for filters that met what is no finite number. */
static VEC FN(tiles_out)(REAL *out, int64_t rows, int64_t columns, const REAL *sums, int64_t step,
                         VEC bias)
{
    VEC lost = FN(splat)(0);
    for (int64_t j = 0; j < columns; j += TILE, sums += FN(WIDE_N), out += TILE * LANES) {
        VEC y[TILE][POINTS];
        FN(tile_out)(TILE, y, sums, step);
        for (int r = 0; r < TILE; r++)
            for (int s = 0; s < TILE; s++) y[r][s] += bias, lost += y[r][s] * 0;
        if (rows >= TILE && columns - j >= TILE) {
            for (int r = 0; r < TILE; r++)
                for (int s = 0; s < TILE; s++) FN(store)(out + (r * columns + s) * LANES, y[r][s]);
        } else {
            for (int64_t r = 0; r < TD_MIN(rows, TILE); r++)
                for (int64_t s = 0; s < TD_MIN(columns - j, TILE); s++)
                    FN(store)(out + (r * columns + s) * LANES, y[r][s]);
        }
    }
    return lost;
}

/* The sums of a block of tiles and a vector of filters, to y. */
static void FN(put_tiles)(FN(winograd_t) *job, const FN(tiles_t) *t, int64_t group, int64_t m,
                          const REAL *sums, int64_t step, REAL *out)
{
    const FN(correlate_t) *p = job->what;
    int64_t P = p->x.window.h.out, Q = p->x.window.w.out, filters = TD_MIN(p->m - m, LANES);
    int64_t q = t->j * TILE, columns = TD_MIN(Q - q, t->columns * TILE);
    REAL bias[LANES] = {0};
    for (int64_t l = 0; p->bias && l < filters; l++) bias[l] = p->bias[group * p->m + m + l];
    for (int64_t n = t->image; n < t->image + t->images; n++)
        for (int64_t i = t->i; i < t->i + t->rows; i++, sums += t->columns * FN(WIDE_N)) {
            int64_t rows = TD_MIN(P - i * TILE, TILE);
            VEC lost = FN(tiles_out)(out, rows, columns, sums, step, FN(load)(bias));
            for (int64_t l = 0; l < filters; l++)
                if (lost[l] != 0) td_keep_min(&job->lost, n), td_keep_min(&job->last, -n);
            REAL *y = p->y + ((n * p->groups + group) * p->m + m) * p->plane + i * TILE * Q + q;
            int64_t runs = columns == Q ? 1 : rows, run = columns == Q ? rows * Q : columns;
            for (int64_t r = 0; r < runs; r++)
                FN(transpose_out)(y + r * Q, p->plane, out + r * run * LANES, LANES, run, filters);
        }
}

/* A thread's memory: u or v of a task, its sums, and pixels, outputs or a few filters. */
typedef struct {
    REAL *own, *sums, *some;
    int64_t step;      /* of sums */
    int64_t *row, *at; /* tables of wide_strip */
    int32_t *tile_at;
} FN(winograd_scratch_t);

static int FN(take_scratch)(FN(winograd_scratch_t) *s, FN(winograd_t) *job, int64_t own)
{
    const FN(tiles_t) *most = &job->grid.most;
    int64_t rows = td_round_up(FN(count_tiles)(most), WIDE_M);
    int64_t tiles = most->rows * most->columns * ALL_POINTS;
    int64_t some = TD_MAX(FN(pixels_size)(most) + LANES * LANES, 9 * LANES * FN(WIDE_N));
    s->step = rows * FN(WIDE_N) + LANES;
    s->own = td_scratch(1, own * sizeof(REAL));
    s->sums = td_scratch(2, ALL_POINTS * s->step * sizeof(REAL));
    s->some = td_scratch(3, some * sizeof(REAL) + (rows + job->depth) * sizeof(int64_t) +
                                tiles * sizeof(int32_t));
    if (!s->own || !s->sums || !s->some) {
        job->status = TD_ENOMEM;
        return 0;
    }
    s->row = (int64_t *)(s->some + some), s->at = s->row + rows;
    s->tile_at = (int32_t *)(s->at + job->depth);
    return 1;
}

static void FN(find_products)(const FN(winograd_scratch_t) *s, const FN(winograd_t) *job,
                              const FN(tiles_t) *t)
{
    int64_t tiles = FN(count_tiles)(t);
    for (int64_t i = 0; i < tiles; i++) s->row[i] = i * job->depth;
    for (int64_t c = 0; c < job->depth; c++) s->at[c] = c;
    FN(fill_tile)(s->row, tiles);
}

/* sums[36][tile][WIDE_N] of one strip = v·u of the first part of the channels, += of the others */
static void FN(multiply)(const FN(winograd_scratch_t) *s, const FN(winograd_t) *job, int64_t tiles,
                         int64_t strip, int64_t part, const REAL *v, const REAL *u)
{
    static const REAL zeros[FN(WIDE_N)] = {0};
    int64_t width = FN(strip_width)(job->what->m - strip * FN(WIDE_N));
    REAL *sums = s->sums;
    for (int e = 0; e < ALL_POINTS; e++, sums += s->step, v += job->v_step, u += job->u_step)
        FN(wide_strip)(tiles, width, sums, FN(WIDE_N), part ? sums : zeros, part ? FN(WIDE_N) : 0,
                       FN(part_channels)(job, part), v, s->row, s->at, u);
}

static void FN(put_strip)(const FN(winograd_scratch_t) *s, FN(winograd_t) *job,
                          const FN(tiles_t) *t, int64_t group, int64_t strip)
{
    int64_t begin = strip * FN(WIDE_N), end = TD_MIN(begin + FN(WIDE_N), job->what->m);
    for (int64_t m = begin; m < end; m += LANES)
        FN(put_tiles)(job, t, group, m, s->sums + m - begin, s->step, s->some);
}

/* Filters first: [begin, end) of the parts of their strips; */
static void FN(first_filters_task)(void *context, int64_t begin, int64_t end)
{
    FN(winograd_t) *job = context;
    FN(winograd_scratch_t) s;
    if (!FN(take_scratch)(&s, job, 1)) return;
    for (int64_t i = begin; i < end; i++) {
        int64_t strip = i / job->parts % job->strips, group = i / job->parts / job->strips;
        FN(filters_in)(job->first + i * FN(u_size)(job), job, group, strip, i % job->parts, s.some);
    }
}

/* then blocks of tiles. */
static void FN(tiles_task)(void *context, int64_t begin, int64_t end)
{
    FN(winograd_t) *job = context;
    FN(winograd_scratch_t) s;
    int64_t u_size = FN(u_size)(job), v_size = FN(v_size)(job), groups = job->what->groups;
    if (!FN(take_scratch)(&s, job, job->parts * v_size)) return;
    for (int64_t i = begin; i < end; i++) {
        FN(tiles_t) t = FN(block_of_tiles)(&job->grid, i / groups);
        const REAL *u = job->first + i % groups * job->strips * job->parts * u_size;
        FN(find_tiles)(s.tile_at, &job->what->x, POINTS, &t);
        FN(find_products)(&s, job, &t);
        for (int64_t part = 0; part < job->parts; part++)
            FN(tiles_in)(s.own + part * v_size, job, &t, i % groups, part, s.some, s.tile_at);
        for (int64_t strip = 0; strip < job->strips; strip++) {
            for (int64_t part = 0; part < job->parts; part++, u += u_size)
                FN(multiply)(&s, job, FN(count_tiles)(&t), strip, part, s.own + part * v_size, u);
            FN(put_strip)(&s, job, &t, i % groups, strip);
        }
    }
}

/* Tiles first, the one block of them: [begin, end) of the parts of channels; */
static void FN(first_tiles_task)(void *context, int64_t begin, int64_t end)
{
    FN(winograd_t) *job = context;
    FN(winograd_scratch_t) s;
    if (!FN(take_scratch)(&s, job, 1)) return;
    FN(find_tiles)(s.tile_at, &job->what->x, POINTS, &job->grid.most);
    for (int64_t i = begin; i < end; i++)
        FN(tiles_in)(job->first + i * FN(v_size)(job), job, &job->grid.most, i / job->parts,
                     i % job->parts, s.some, s.tile_at);
}

/* then strips of filters. */
static void FN(strips_task)(void *context, int64_t begin, int64_t end)
{
    FN(winograd_t) *job = context;
    const FN(tiles_t) *t = &job->grid.most;
    FN(winograd_scratch_t) s;
    if (!FN(take_scratch)(&s, job, FN(u_size)(job))) return;
    FN(find_products)(&s, job, t);
    for (int64_t i = begin; i < end; i++) {
        int64_t group = i / job->strips, strip = i % job->strips;
        const REAL *v = job->first + group * job->parts * FN(v_size)(job);
        for (int64_t part = 0; part < job->parts; part++, v += FN(v_size)(job)) {
            FN(filters_in)(s.own, job, group, strip, part, s.some);
            FN(multiply)(&s, job, FN(count_tiles)(t), strip, part, v, s.own);
        }
        FN(put_strip)(&s, job, t, group, strip);
    }
}

/* Worth it from a few channels, filters and pixels on, in planes that fill a third of their tiles.
 * Numbers of f64 are for those who want them exact. */
static int FN(winograd_wins)(const window_t *v, int64_t images, int64_t m, int64_t channels)
{
    const axis_t *h = &v->h, *w = &v->w;
    int64_t tiles = TD_CEIL_DIV(h->out, TILE) * TD_CEIL_DIV(w->out, TILE);
    int shape = h->taps == 3 && w->taps == 3 && h->step * h->tap * w->step * w->tap == 1;
    return sizeof(REAL) == sizeof(float) && shape && TD_MIN(m, channels) >= WINOGRAD_CHANNELS &&
           images * h->out * w->out >= WINOGRAD_PIXELS &&
           3 * h->out * w->out >= tiles * TILE * TILE;
}

/* *again: what is to be computed by other kernels, some images or none. */
static td_status FN(correlate_winograd)(const FN(correlate_t) *p, FN(correlate_t) *again)
{
    FN(winograd_t) job = {.what = p, .lost = p->images, .last = 1};
    job.strips = TD_CEIL_DIV(p->m, FN(WIDE_N));
    job.depth = td_round_up(TD_MIN(p->channels, WINOGRAD_DEPTH), LANES);
    job.parts = TD_CEIL_DIV(p->channels, job.depth);

    FN(grid_t) all = FN(grid)(&p->x.window, p->images, INT32_MAX);
    int64_t count = FN(count_tiles)(&all.most), share = count * p->groups / 8;
    int tiles_first = 2 * count <= p->m;
    job.grid = tiles_first ? all
                           : FN(grid)(&p->x.window, p->images,
                                      TD_MAX(WIDE_M, TD_MIN(share, WINOGRAD_TILES)));
    job.u_step = job.depth * FN(WIDE_N) + LANES; /* not a power of 2: or few sets of L1 hold all */
    job.v_step = FN(count_tiles)(&job.grid.most) * job.depth + LANES;

    int64_t units = p->groups * job.parts * (tiles_first ? 1 : job.strips);
    int64_t unit = tiles_first ? FN(v_size)(&job) : FN(u_size)(&job);
    job.first = td_scratch(0, units * unit * sizeof(REAL));
    if (!job.first) return td_fail(TD_ENOMEM, "conv2d: no memory for the transform");
    td_parallel(units, 1 + GEMM_GRAIN / 4 / unit,
                tiles_first ? FN(first_tiles_task) : FN(first_filters_task), &job);
    int64_t tasks = p->groups * (tiles_first ? job.strips : job.grid.count);
    int64_t work = ALL_POINTS * count * p->groups * p->channels * p->m / tasks;
    if (!job.status)
        td_parallel(tasks, 1 + GEMM_GRAIN / work, tiles_first ? FN(strips_task) : FN(tiles_task),
                    &job);
    if (job.status) return td_fail(job.status, "conv2d: no memory for a block of tiles");

    int64_t lost = job.lost;
    *again = *p;
    again->images = TD_MAX(1 - job.last - lost, 0);
    again->x.x += lost * p->x.image;
    again->y += lost * p->groups * p->m * p->plane;
    return TD_OK;
}
