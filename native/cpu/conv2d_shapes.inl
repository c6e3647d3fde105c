/* conv2d_shapes.inl — what a convolution is asked: shapes, and where its operands lie. */

/* Images of channels of planes, and the window that slides over each plane. */
typedef struct {
    const REAL *x, *end;    /* channel 0 of image 0; the end of the last image */
    int64_t image, channel; /* the ways to the next */
    window_t window;
} FN(source_t);

/* filter[m,c,r,s] of each group, at any strides: the input gradient reads it turned around */
typedef struct {
    const REAL *w, *end;
    int64_t group, m, c, r, s;
} FN(filter_t);

/* y[n,m,p,q] = bias[m] + Σ_{c,r,s} filter[m,c,r,s] · window(x)[n,c,r,s,p,q] in each group */
typedef struct {
    int64_t images, groups, m, channels; /* m and channels of one group */
    FN(source_t) x;
    FN(filter_t) filter;
    const REAL *bias;                /* NULL or groups·m numbers */
    REAL *y;                         /* [images, groups·m, plane] */
    int64_t plane, y_h, y_w, offset; /* pixel (p,q) is offset + p·y_h + q·y_w of its plane */
} FN(correlate_t);
