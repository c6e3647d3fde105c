/* matmul_bf16.c — y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]) of bf16, summed in f32.
 *
 * a is packed once, in parallel. Then a task is UNIT_N columns of b times some rows of a: it packs
 * as much of its columns as stays in L1 and multiplies all its rows with that, one block of k after
 * the other, before the sums are rounded to y's dtype and written. How panels look and what
 * multiplies them is the unit's: bf16_tiles.h, bf16_dot.h, bf16_widen.h.
 */
#include "matmul_bf16.h"

#include "bf16.h"

#define TD_BODY "transpose.inl"
#include "for_reals.h"

typedef struct {
    const void *data; /* element t of lane i at i·lane + t·step */
    int64_t lane, step, lanes;
    int32_t dtype;
    int parts;
} operand_t;

#if defined(TD_TILES)
#include "bf16_tiles.h"
#elif defined(__AVX512BF16__)
#include "bf16_dot.h"
#else
#include "bf16_widen.h"
#endif

/* Elements of a that are packed at once, and rows of a task. */
enum { PACKED = 4 << 20, ROWS = 1024 / UNIT_M * UNIT_M };

typedef struct {
    const matrices_t *p;
    operand_t a, b;
    const td_tensor *bias;
    char *y;
    int32_t y_dtype;
    int64_t from, m;     /* the rows that are packed now, */
    int64_t deep, depth; /* k in whole steps of the unit, and in one block, */
    int64_t rows;        /* and in one task */
    panel_t *panel;      /* of a: [parts][m/UNIT_M][deep][UNIT_M] */
    _Atomic int lost;
    _Atomic td_status status;
} product_t;

/* Strips of a. */
static void pack_task(void *context, int64_t begin, int64_t end)
{
    const product_t *job = context;
    const int64_t apart = td_round_up(job->m, UNIT_M) * job->deep;
    for (int64_t i = begin * UNIT_M; i < TD_MIN(end * UNIT_M, job->m); i += UNIT_M)
        pack_a(&job->a, job->panel + i * job->deep, apart, job->from + i, 0,
               TD_MIN(job->m - i, UNIT_M), job->p->k);
}

/* y[m,n] = c (+ bias), from row i and column j on; whether all of it is finite. */
static int write_out(const product_t *job, const float *c, int64_t i, int64_t j, int64_t m,
                     int64_t n)
{
    float bias[UNIT_N] = {0};
    for (int64_t l = 0; job->bias && l < n; l++)
        bias[l] = job->bias->dtype == TD_F32
                      ? ((const float *)job->bias->data)[j + l]
                      : td_from_bf16(((const uint16_t *)job->bias->data)[j + l]);
    int lost = 0;
    for (; m > 0; m--, i++, c += UNIT_N) {
        const int64_t at = i * job->p->n + j;
        if (job->y_dtype == TD_F32) {
            float *y = (float *)job->y + at;
            for (int64_t l = 0; l < n; l++) {
                y[l] = c[l] + bias[l];
                lost |= !(y[l] - y[l] == 0);
            }
        } else {
            uint16_t *y = (uint16_t *)job->y + at;
            for (int64_t l = 0; l < n; l++) y[l] = td_to_bf16(c[l] + bias[l]);
        }
    }
    return !lost;
}

/* One task: UNIT_N columns times `rows` rows. */
static void product_task(void *context, int64_t begin, int64_t end)
{
    product_t *job = context;
    const int64_t strips = TD_CEIL_DIV(job->p->n, UNIT_N), deep = job->deep;
    const int64_t a_apart = td_round_up(job->m, UNIT_M) * deep, b_apart = job->depth * UNIT_N;
    float *c = td_scratch(1, job->rows * UNIT_N * sizeof *c);
    panel_t *b = td_scratch(2, job->b.parts * b_apart * sizeof *b);
    if (!c || !b) {
        job->status = TD_ENOMEM;
        return;
    }
    unit_begin();
    for (int64_t task = begin; task < end; task++) {
        const int64_t i = task / strips * job->rows, m = TD_MIN(job->m - i, job->rows);
        const int64_t j = task % strips * UNIT_N, n = TD_MIN(job->p->n - j, UNIT_N);
        if (deep == 0) memset(c, 0, m * UNIT_N * sizeof *c);
        for (int64_t t = 0; t < deep; t += job->depth) {
            const int64_t k = TD_MIN(deep - t, job->depth);
            pack_b(&job->b, b, b_apart, j, t, n, TD_MIN(job->p->k - t, k));
            for (int64_t row = 0; row < m; row += UNIT_M)
                unit_tile(c + row * UNIT_N, t == 0, m - row, k, job->a.parts,
                          job->panel + (i + row) * deep + t * UNIT_M, a_apart, b, b_apart);
        }
        if (!write_out(job, c, job->from + i, j, m, n)) job->lost = 1;
    }
    unit_end();
}

static td_status multiply(product_t *job)
{
    const matrices_t *p = job->p;
    const int64_t strips = TD_CEIL_DIV(p->n, UNIT_N), parts = job->a.parts;
    job->deep = td_round_up(p->k, UNIT_K);
    job->depth = UNIT_DEPTH / parts / UNIT_K * UNIT_K;
    job->depth = TD_MAX(TD_MIN(job->depth, job->deep), 1);
    const int64_t most = td_round_up(PACKED / (parts * job->deep + 1) + 1, UNIT_M);
    const int64_t rows = TD_MIN(most, td_round_up(p->m, UNIT_M));
    job->panel = td_scratch(0, (rows * job->deep * parts + 1) * sizeof *job->panel);
    if (!job->panel) return td_fail(TD_ENOMEM, "matmul: no memory to pack operands");
    for (; job->from < p->m; job->from += most) {
        job->m = TD_MIN(most, p->m - job->from);
        const int64_t share = TD_CEIL_DIV(job->m, TD_CEIL_DIV(16, strips));
        job->rows = TD_MIN(td_round_up(share, UNIT_M), ROWS);
        td_parallel(TD_CEIL_DIV(job->m, UNIT_M), 1 + GEMM_GRAIN / 4 / (job->deep * UNIT_M + 1),
                    pack_task, job);
        td_parallel(TD_CEIL_DIV(job->m, job->rows) * strips,
                    1 + 2 * GEMM_GRAIN / (job->rows * UNIT_N * job->deep + 1), product_task, job);
    }
    if (job->status) return td_fail(job->status, "matmul: no memory for the sums of a task");
    return TD_OK;
}

typedef struct {
    batch_t batch;
    int parts;
    _Atomic int lost;
} products_t;

/* Matrices [begin, end) of the batch. */
static void multiply_some(void *context, int64_t begin, int64_t end)
{
    products_t *all = context;
    const batch_t *batch = &all->batch;
    for (int64_t index = begin; index < end; index++) {
        const matrices_t p = td_batch_at(batch, index);
        product_t job = {.p = &p, .y = p.y, .y_dtype = batch->y.dtype, .bias = batch->bias};
        job.a = (operand_t){p.a, p.a_row, p.a_col, p.m, batch->a.dtype, all->parts};
        job.b = (operand_t){p.b, p.b_col, p.b_row, p.n, batch->b.dtype, all->parts};
        const td_status status = multiply(&job);
        if (status) all->batch.status = status;
        if (job.lost) all->lost = 1;
    }
}

int td_bf16_parts(void) { return UNIT_PARTS; }

td_status td_matmul_bf16(td_tensor *y, const td_tensor *a, const td_tensor *b,
                         const td_tensor *bias, int parts, int *lost)
{
    products_t all = {.batch = {.y = *y, .a = *a, .b = *b, .bias = bias}, .parts = parts};
    TD_TRY(td_batch_run(&all.batch, multiply_some));
    *lost = all.lost;
    return TD_OK;
}
