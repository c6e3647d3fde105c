/* searchsorted.inl — the searches of one dtype (see searchsorted.c). */

#define LESS(a, b) ((a) < (b) || ((b) != (b) && (a) == (a))) /* NaN is above all */

static void FN(search)(void *context, int64_t begin, int64_t end)
{
    const search_t *job = context;
    for (int64_t i = begin; i < end; i++) {
        const REAL *first = (const REAL *)job->sorted + i / job->plan.m * job->step, *at = first;
        const REAL x = ((const REAL *)job->x)[i];
        for (int64_t left = job->plan.n; left > 0;) { /* what lies before `at` comes before x */
            const int64_t half = (left + 1) / 2;
            const REAL middle = at[half - 1];
            const int before = job->right ? !LESS(x, middle) : LESS(middle, x);
            at += before ? half : 0;
            left = before ? left - half : half - 1;
        }
        job->y[i] = at - first;
    }
}

#undef LESS
