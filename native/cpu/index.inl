/* index.inl — one piece of gather and scatter_add (see index.c), once per dtype.
 *
 * Where one index serves a whole run of neighbours, as in an embedding of rows, the inner loop
 * moves contiguous memory.
 */

static void FN(gather)(const piece_t *t, char *to, const char *from, const int64_t *idx)
{
    REAL *restrict y = (REAL *)to;
    const REAL *restrict x = (const REAL *)from;
    if (t->idx_j == 0) x += *idx * t->step;
    if (t->idx_j == 0 && t->y_j == 1 && t->x_j == 1)
        memcpy(y, x, (size_t)t->n * sizeof *y);
    else if (t->idx_j == 0)
        for (int64_t j = 0; j < t->n; j++) y[j * t->y_j] = x[j * t->x_j];
    else
        for (int64_t j = 0; j < t->n; j++)
            y[j * t->y_j] = x[j * t->x_j + idx[j * t->idx_j] * t->step];
}

static void FN(scatter_add)(const piece_t *t, char *to, const char *from, const int64_t *idx)
{
    const REAL *restrict x = (const REAL *)from;
    if (t->idx_j == 0 && t->y_j == 1 && t->x_j == 1) {
        for (int64_t i = 0; i < t->m; i++) {
            REAL *restrict y = (REAL *)to + idx[i * t->idx_i] * t->step;
            for (int64_t j = 0; j < t->n; j++) y[j] += x[i * t->x_i + j];
        }
    } else {
        REAL *y = (REAL *)to;
        for (int64_t j = 0; j < t->n; j++)
            for (int64_t i = 0; i < t->m; i++)
                y[j * t->y_j + idx[j * t->idx_j + i * t->idx_i] * t->step] +=
                    x[j * t->x_j + i * t->x_i];
    }
}
