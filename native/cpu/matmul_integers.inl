/* matmul_integers.inl — y[m,n] = a[m,k] · b[k,n] (+ bias[n]) of integers, modulo 2^bits: the plain
 * loop, for counting and indexing. Rows of b are added up, each times a number of a, so that memory
 * is read along rows; where b is a transpose, its columns are multiplied by a's rows instead.
 */
#if !IS_REAL

/* Rows [begin, end) of all the batch. */
static void FN(multiply_rows)(void *context, int64_t begin, int64_t end)
{
    const batch_t *batch = context;
    const td_tensor *y = &batch->y, *a = &batch->a, *b = &batch->b;
    const int row = y->ndim - 2, col = y->ndim - 1;
    const int64_t m = y->shape[row], n = y->shape[col], k = a->shape[col];
    const int64_t a_col = a->stride[col], b_row = b->stride[row], b_col = b->stride[col];
    const REAL *bias = batch->bias ? batch->bias->data : NULL;
    for (int64_t index = begin; index < end; index++) {
        const REAL *u = (const REAL *)a->data + index % m * a->stride[row], *v = b->data;
        for (int64_t axis = row - 1, at = index / m; axis >= 0; at /= y->shape[axis--]) {
            u += at % y->shape[axis] * a->stride[axis];
            v += at % y->shape[axis] * b->stride[axis];
        }
        REAL *restrict out = (REAL *)y->data + index * n;
        for (int64_t j = 0; j < n; j++) out[j] = bias ? bias[j] : 0;
        if (b_row == 1 && b_col != 1) {
            for (int64_t j = 0; j < n; j++)
                for (int64_t t = 0; t < k; t++) out[j] += u[t * a_col] * v[t + j * b_col];
            continue;
        }
        for (int64_t t = 0; t < k; t++, v += b_row) {
            const REAL factor = u[t * a_col];
            if (b_col == 1)
                for (int64_t j = 0; j < n; j++) out[j] += factor * v[j];
            else
                for (int64_t j = 0; j < n; j++) out[j] += factor * v[j * b_col];
        }
    }
}

#endif
