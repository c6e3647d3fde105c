/* conv2d_plain.inl — the three convolutions as plain loops: what they mean.
 *
 * x[n,c,h,w], w[k,cg,r,s], y[n,k,p,q]; channel c belongs to group c / cg. They are also what runs
 * for shapes too small to pack.
 */

typedef struct {
    conv_t shape;
    REAL *out;
    const REAL *first, *second, *bias; /* inputs, in the order of tinydl.h */
} FN(conv2d_plain_t);

/* What output (i, 0) reads through tap (r, s), as an index into its input plane; may be outside. */
static int64_t FN(plain_at)(const window_t *v, int64_t i, int64_t r, int64_t s)
{
    int64_t row = i * v->h.step + r * v->h.tap + v->h.first;
    return row * v->w.in + s * v->w.tap + v->w.first;
}

/* y[n,k,·] = bias[k] + Σ_{c,r,s} x[n,c,·] w[k,c,r,s]: planes [begin, end) of n·k */
static void FN(conv2d_plain)(void *context, int64_t begin, int64_t end)
{
    const FN(conv2d_plain_t) *p = context;
    const conv_t *v = &p->shape;
    const axis_t *h = &v->window.h, *w = &v->window.w;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups;
    for (int64_t plane = begin; plane < end; plane++) {
        int64_t n = plane / v->k, k = plane % v->k;
        REAL *y = p->out + plane * h->out * w->out;
        for (int64_t i = 0; i < h->out * w->out; i++) y[i] = p->bias ? p->bias[k] : 0;
        for (int64_t c = 0; c < cg; c++)
            for (int64_t r = 0; r < h->taps; r++)
                for (int64_t s = 0; s < w->taps; s++) {
                    const REAL *x = p->first + (n * v->c + k / kg * cg + c) * h->in * w->in;
                    REAL weight = p->second[((k * cg + c) * h->taps + r) * w->taps + s];
                    int64_t p0, p1, q0, q1;
                    td_inside(h, h->out, r, &p0, &p1);
                    td_inside(w, w->out, s, &q0, &q1);
                    for (int64_t i = p0; i < p1; i++) {
                        int64_t at = FN(plain_at)(&v->window, i, r, s);
                        REAL *restrict to = y + i * w->out;
                        if (w->step == 1)
                            for (int64_t j = q0; j < q1; j++) to[j] += weight * x[at + j];
                        else
                            for (int64_t j = q0; j < q1; j++) to[j] += weight * x[at + j * w->step];
                    }
                }
    }
}

/* gx[n,c,·] = Σ_{k,r,s} gy[n,k,·] w[k,c,r,s], scattered: planes [begin, end) of n·c */
static void FN(conv2d_input_plain)(void *context, int64_t begin, int64_t end)
{
    const FN(conv2d_plain_t) *p = context;
    const conv_t *v = &p->shape;
    const axis_t *h = &v->window.h, *w = &v->window.w;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups;
    for (int64_t plane = begin; plane < end; plane++) {
        int64_t n = plane / v->c, c = plane % v->c;
        REAL *gx = p->out + plane * h->in * w->in;
        for (int64_t i = 0; i < h->in * w->in; i++) gx[i] = 0;
        for (int64_t k = c / cg * kg; k < (c / cg + 1) * kg; k++)
            for (int64_t r = 0; r < h->taps; r++)
                for (int64_t s = 0; s < w->taps; s++) {
                    const REAL *gy = p->first + (n * v->k + k) * h->out * w->out;
                    REAL weight = p->second[((k * cg + c % cg) * h->taps + r) * w->taps + s];
                    int64_t p0, p1, q0, q1;
                    td_inside(h, h->out, r, &p0, &p1);
                    td_inside(w, w->out, s, &q0, &q1);
                    for (int64_t i = p0; i < p1; i++) {
                        int64_t at = FN(plain_at)(&v->window, i, r, s);
                        const REAL *restrict from = gy + i * w->out;
                        if (w->step == 1)
                            for (int64_t j = q0; j < q1; j++) gx[at + j] += weight * from[j];
                        else
                            for (int64_t j = q0; j < q1; j++)
                                gx[at + j * w->step] += weight * from[j];
                    }
                }
    }
}

/* gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] x[n,c,·]: filters [begin, end) of k·cg */
static void FN(conv2d_weight_plain)(void *context, int64_t begin, int64_t end)
{
    const FN(conv2d_plain_t) *p = context;
    const conv_t *v = &p->shape;
    const axis_t *h = &v->window.h, *w = &v->window.w;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups;
    for (int64_t filter = begin; filter < end; filter++)
        for (int64_t r = 0; r < h->taps; r++)
            for (int64_t s = 0; s < w->taps; s++) {
                int64_t k = filter / cg, c = k / kg * cg + filter % cg, p0, p1, q0, q1;
                td_inside(h, h->out, r, &p0, &p1);
                td_inside(w, w->out, s, &q0, &q1);
                REAL total = 0;
                for (int64_t n = 0; n < v->n; n++)
                    for (int64_t i = p0; i < p1; i++) {
                        const REAL *x = p->first + (n * v->c + c) * h->in * w->in;
                        int64_t at = FN(plain_at)(&v->window, i, r, s);
                        const REAL *gy = p->second + ((n * v->k + k) * h->out + i) * w->out;
                        REAL row = 0;
                        for (int64_t j = q0; j < q1; j++) row += gy[j] * x[at + j * w->step];
                        total += row;
                    }
                p->out[(filter * h->taps + r) * w->taps + s] = total;
            }
}
