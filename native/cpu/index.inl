/* index.inl — one piece of index and index_put (see index.c), once per dtype.
 *
 * Where one index serves a whole run of neighbours, as in an embedding of rows, the inner loop
 * moves contiguous memory.
 */

#if !IS_REAL
static void FN(index)(const piece_t *t, char *to, const char *from, const int64_t *idx)
{
    typedef REAL element __attribute__((may_alias)); /* or a float of its size */
    element *restrict y = (element *)to;
    const element *restrict x = (const element *)from;
    const td_indexing *p = t->plan;
    if (t->idx_j == 0) x += offset_of(p, idx);
    if (t->idx_j == 0 && t->to_j == 1 && t->from_j == 1)
        memcpy(to, x, (size_t)t->n * sizeof *x);
    else if (t->idx_j == 0)
        for (int64_t j = 0; j < t->n; j++) y[j * t->to_j] = x[j * t->from_j];
    else if (p->k == 1)
        for (int64_t j = 0, size = p->size[0], step = p->step[0]; j < t->n; j++) {
            const int64_t i = idx[j * t->idx_j];
            y[j * t->to_j] = x[j * t->from_j + (i < 0 ? i + size : i) * step];
        }
    else
        for (int64_t j = 0; j < t->n; j++)
            y[j * t->to_j] = x[j * t->from_j + offset_of(p, idx + j * t->idx_j)];
}
#endif

#if IS_REAL
#define IS_NAN(v) ((v) != (v))
#else
#define IS_NAN(v) 0
#endif

/* y ∘= v for all of a piece's places, in order of i. */
#define PUT(name, value)                                                                           \
    static void FN(name)(const piece_t *t, char *to, const char *from, const int64_t *idx)         \
    {                                                                                              \
        typedef REAL element __attribute__((may_alias));                                           \
        const td_indexing *p = t->plan;                                                            \
        const element *restrict values = (const element *)from;                                    \
        if (t->idx_j == 0 && t->to_j == 1 && t->from_j == 1) {                                     \
            for (int64_t i = 0; i < t->m; i++) {                                                   \
                element *restrict place = (element *)to + offset_of(p, idx + i * t->idx_i);        \
                for (int64_t j = 0; j < t->n; j++) {                                               \
                    const REAL y = place[j], v = values[i * t->from_i + j];                        \
                    place[j] = (REAL)(value);                                                      \
                    (void)y;                                                                       \
                }                                                                                  \
            }                                                                                      \
        } else {                                                                                   \
            for (int64_t j = 0; j < t->n; j++)                                                     \
                for (int64_t i = 0; i < t->m; i++) {                                               \
                    const int64_t *at = idx + j * t->idx_j + i * t->idx_i;                         \
                    element *place = (element *)to + j * t->to_j + offset_of(p, at);               \
                    const REAL y = *place, v = values[j * t->from_j + i * t->from_i];              \
                    *place = (REAL)(value);                                                        \
                    (void)y;                                                                       \
                }                                                                                  \
        }                                                                                          \
    }
#if !IS_REAL
PUT(set, v)
#endif
PUT(add, y + v)
PUT(mul, y *v)
PUT(max, v > y || IS_NAN(v) ? v : y)
PUT(min, v < y || IS_NAN(v) ? v : y)

#undef PUT
#undef IS_NAN
