/* matmul_integers.cuh — y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]) of integers, modulo 2^bits: the
 * plain loop, for counting and indexing.
 *
 * A thread computes an element of y: the sum along k starts where a lies for its row, as if a did
 * not change along n, and where b lies for its column, as if b did not change along m.
 */
#ifndef TD_MATMUL_INTEGERS_CUH
#define TD_MATMUL_INTEGERS_CUH

#include "axes.cuh"

enum { TD_INTEGER_THREADS = 256 };

template <class T> struct td_integers {
    T *y;
    const T *a, *b, *bias;
    td_axes<4> axes; /* y's, as y, a, b and the bias see them */
    int64_t size, k, a_step, b_step;
};

template <class T>
static __global__ void __launch_bounds__(TD_INTEGER_THREADS)
    td_multiply_integers(const __grid_constant__ td_integers<T> p)
{
    const int64_t index = (int64_t)blockIdx.x * TD_INTEGER_THREADS + threadIdx.x;
    if (index >= p.size) return;
    int64_t at[4] = {0, 0, 0, 0};
    td_locate(p.axes, index, at);
    T sum = p.bias ? p.bias[at[3]] : (T)0;
    for (int64_t t = 0; t < p.k; t++) sum += p.a[at[1] + t * p.a_step] * p.b[at[2] + t * p.b_step];
    p.y[at[0]] = sum;
}

template <class T> static td_status td_integer_walk(const td_walk *w, td_integers<T> p)
{
    if (w->ndim > 1 && w->size > INT32_MAX) {
        td_walk first, rest;
        td_walk_halve(w, &first, &rest);
        TD_TRY(td_integer_walk(&first, p));
        return td_integer_walk(&rest, p);
    }
    p.y = (T *)w->data[0], p.a = (const T *)w->data[1], p.b = (const T *)w->data[2];
    p.bias = (const T *)w->data[3];
    p.axes = td_axes_of<4>(w);
    p.size = w->size;
    return td_launch("matmul", td_multiply_integers<T>, td_blocks(p.size, TD_INTEGER_THREADS),
                     TD_INTEGER_THREADS, 0, p);
}

/* Operands of one ndim, the batch axes of a and b expanded to y's. */
template <class T>
static td_status td_matmul_integers(const td_tensor *y, const td_tensor *a, const td_tensor *b,
                                    const td_tensor *bias)
{
    const int row = y->ndim - 2, col = y->ndim - 1;
    td_tensor left = *a, right = *b, add = *y;
    left.shape[col] = y->shape[col], left.stride[col] = 0;
    right.shape[row] = y->shape[row], right.stride[row] = 0;
    for (int axis = 0; axis < col; axis++) add.stride[axis] = 0;
    add.data = bias ? bias->data : NULL, add.stride[col] = bias != NULL;
    const td_tensor *const operand[] = {y, &left, &right, &add};
    td_walk w;
    TD_TRY(td_walk_init(&w, operand, 4));
    td_integers<T> p = {};
    p.k = a->shape[col], p.a_step = a->stride[col], p.b_step = b->stride[row];
    return td_integer_walk(&w, p);
}

#endif
