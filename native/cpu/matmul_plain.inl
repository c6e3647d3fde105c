/* matmul_plain.inl — y[m,n] = a[m,k] · b[k,n] (+ bias[n]): one product, and the plain loop that
 * says what it means and computes the smallest ones.
 */

typedef struct {
    int64_t m, n, k;
    REAL *y;           /* rows n apart */
    const REAL *a, *b; /* a[i,t] at i·a_row + t·a_col, b[t,j] at t·b_row + j·b_col */
    int64_t a_row, a_col, b_row, b_col;
    const REAL *bias; /* NULL or n numbers */
} FN(matmul_t);

static void FN(matmul_plain)(const FN(matmul_t) *p)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            REAL sum = p->bias ? p->bias[j] : 0;
            for (int64_t t = 0; t < p->k; t++)
                sum += p->a[i * p->a_row + t * p->a_col] * p->b[t * p->b_row + j * p->b_col];
            p->y[i * p->n + j] = sum;
        }
}
