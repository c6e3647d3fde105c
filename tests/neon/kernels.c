/* kernels.c — a few kernels of one library against plain loops, for machines without Python.
 *
 *     kernels LIBRARY        (`make neon` runs it under qemu-aarch64)
 *
 * The full suite in Python checks every kernel on the machine it runs on. This program only shows
 * that the same sources, compiled for another machine, still compute the same. It knows a library
 * by tinydl.h alone, as Python does.
 */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tinydl.h"

static void *library;
static int passed, failed;

/* td_name as a local function pointer called `name` */
#define USE(name)                                                                                  \
    __typeof__(td_##name) *name = NULL;                                                            \
    *(void **)&name = dlsym(library, "td_" #name);                                                 \
    if (!name) exit((fprintf(stderr, "no td_" #name "\n"), 1))

static void report(const char *what, double error, double limit)
{
    int good = error <= limit; /* false for NaN */
    good ? passed++ : failed++;
    printf("%s %-28s error %.2g\n", good ? "ok  " : "FAIL", what, error);
}

/* --- tensors over static memory --------------------------------------------------------------- */

enum { POOL = 1 << 20 };
static float pool[POOL];
static int64_t taken;

static td_tensor make(int32_t dtype, int ndim, const int64_t *shape)
{
    td_tensor x = {.data = pool + taken, .ndim = ndim, .dtype = dtype};
    int64_t size = 1;
    for (int i = ndim - 1; i >= 0; i--) {
        x.shape[i] = shape[i];
        x.stride[i] = size;
        size *= shape[i];
    }
    taken += dtype == TD_F32 || dtype == TD_I32 ? size : 2 * size;
    taken = (taken + 15) / 16 * 16;
    if (taken > POOL) exit((fprintf(stderr, "kernels: POOL is too small\n"), 1));
    return x;
}

#define TENSOR(dtype, ...)                                                                         \
    make(dtype, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static int64_t numel(const td_tensor *x)
{
    int64_t n = 1;
    for (int i = 0; i < x->ndim; i++) n *= x->shape[i];
    return n;
}

/* Numbers in [−1, 1), different at every call. */
static td_tensor filled(td_tensor x)
{
    static uint32_t state = 1;
    for (int64_t i = 0; i < numel(&x); i++) {
        state = state * 1664525u + 1013904223u;
        ((float *)x.data)[i] = (float)(int32_t)state / 2147483648.0f;
    }
    return x;
}

static float at(const td_tensor *x, int64_t i, int64_t j, int64_t k, int64_t l)
{
    const int64_t *s = x->stride;
    return ((const float *)x->data)[i * s[0] + j * s[1] + k * s[2] + l * s[3]];
}

/* --- the checks ------------------------------------------------------------------------------- */

static void check_elementwise(void)
{
    enum { N = 1003 };
    USE(exp);
    USE(tanh);
    USE(relu);
    td_tensor x = TENSOR(TD_F32, N), y = TENSOR(TD_F32, N);
    float *in = x.data, *out = y.data;
    for (int i = 0; i < N; i++) in[i] = (float)(i - N / 2) / 8;

    double worst = 0;
    exp(&y, &x);
    for (int i = 0; i < N; i++) worst = fmax(worst, fabs(out[i] / expf(in[i]) - 1));
    report("exp, relative", worst, 5e-7);

    worst = 0;
    tanh(&y, &x);
    for (int i = 0; i < N; i++) worst = fmax(worst, fabs(out[i] - tanhf(in[i])));
    report("tanh", worst, 5e-7);

    in[0] = NAN;
    relu(&y, &x);
    int wrong = !isnan(out[0]);
    for (int i = 1; i < N; i++) wrong += out[i] != fmaxf(in[i], 0);
    report("relu, NaN stays", wrong, 0);
}

static void check_matmul(void)
{
    enum { M = 37, K = 129, N = 45 };
    USE(matmul);
    td_tensor a = filled(TENSOR(TD_F32, K, M)), b = filled(TENSOR(TD_F32, K, N));
    td_tensor y = TENSOR(TD_F32, M, N);
    td_tensor t = {.data = a.data, .shape = {M, K}, .stride = {1, M}, .ndim = 2, .dtype = TD_F32};
    matmul(&y, &t, &b, NULL);
    double worst = 0;
    for (int64_t i = 0; i < M; i++)
        for (int64_t j = 0; j < N; j++) {
            double sum = 0;
            for (int64_t k = 0; k < K; k++) sum += (double)at(&a, k, i, 0, 0) * at(&b, k, j, 0, 0);
            worst = fmax(worst, fabs(sum - at(&y, i, j, 0, 0)));
        }
    report("matmul, a transposed", worst, 1e-5);
}

/* For random g: <conv(x, w), g> = <x, conv_input(g, w)> = <w, conv_weight(x, g)>. */
static void check_conv2d(const char *name, int64_t C, int64_t KO, td_conv2d_attrs a, double limit)
{
    enum { NI = 2, H = 13, W = 11, R = 3, S = 3 };
    USE(conv2d);
    USE(conv2d_input);
    USE(conv2d_weight);
    USE(set_threads);
    const int64_t G = a.groups;
    const int64_t p = (H + 2 * a.padding[0] - a.dilation[0] * (R - 1) - 1) / a.stride[0] + 1;
    const int64_t q = (W + 2 * a.padding[1] - a.dilation[1] * (S - 1) - 1) / a.stride[1] + 1;
    td_tensor x = filled(TENSOR(TD_F32, NI, C, H, W)), w = filled(TENSOR(TD_F32, KO, C / G, R, S));
    td_tensor b = filled(TENSOR(TD_F32, KO)), g = filled(TENSOR(TD_F32, NI, KO, p, q));
    td_tensor y = TENSOR(TD_F32, NI, KO, p, q), again = TENSOR(TD_F32, NI, KO, p, q);
    td_tensor gx = TENSOR(TD_F32, NI, C, H, W), gw = TENSOR(TD_F32, KO, C / G, R, S);
    conv2d(&y, &x, &w, &b, &a);

    double worst = 0, forward = 0, input = 0, weight = 0;
    for (int64_t n = 0; n < NI; n++)
        for (int64_t k = 0; k < KO; k++)
            for (int64_t i = 0; i < p * q; i++) {
                double sum = 0;
                for (int64_t c = 0; c < C / G; c++)
                    for (int64_t r = 0; r < R; r++)
                        for (int64_t s = 0; s < S; s++) {
                            int64_t h = i / q * a.stride[0] - a.padding[0] + r * a.dilation[0];
                            int64_t v = i % q * a.stride[1] - a.padding[1] + s * a.dilation[1];
                            if (h >= 0 && h < H && v >= 0 && v < W)
                                sum += (double)at(&x, n, k / (KO / G) * (C / G) + c, h, v) *
                                       at(&w, k, c, r, s);
                        }
                double dy = at(&g, n, k, i / q, i % q);
                forward += sum * dy;
                sum += ((float *)b.data)[k];
                worst = fmax(worst, fabs(sum - at(&y, n, k, i / q, i % q)));
            }
    report(name, worst, limit);

    conv2d_input(&gx, &g, &w, &a);
    conv2d_weight(&gw, &x, &g, &a);
    for (int64_t i = 0; i < numel(&x); i++)
        input += (double)((float *)x.data)[i] * ((float *)gx.data)[i];
    for (int64_t i = 0; i < numel(&w); i++)
        weight += (double)((float *)w.data)[i] * ((float *)gw.data)[i];
    report("conv2d_input is its adjoint", fabs(input - forward), 10 * limit);
    report("conv2d_weight too", fabs(weight - forward), 10 * limit);

    set_threads(3);
    conv2d(&again, &x, &w, &b, &a);
    set_threads(1);
    size_t bytes = (size_t)numel(&y) * sizeof(float);
    report("conv2d, same bits, 3 threads", memcmp(again.data, y.data, bytes) != 0, 0);
}

static void check_pool_and_loss(void)
{
    enum { N = 5, CLASSES = 10 };
    USE(max_pool2d);
    USE(cross_entropy);
    td_tensor x = filled(TENSOR(TD_F32, 2, 3, 9, 8)), y = TENSOR(TD_F32, 2, 3, 4, 4);
    td_tensor idx = TENSOR(TD_I32, 2, 3, 4, 4);
    td_pool2d_attrs a = {.window = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}};
    max_pool2d(&y, &idx, &x, &a);
    int wrong = 0;
    for (int64_t i = 0; i < numel(&y); i++) {
        int64_t n = i / 48, c = i / 16 % 3, h = i / 4 % 4 * 2, w = i % 4 * 2;
        float best = fmaxf(fmaxf(at(&x, n, c, h, w), at(&x, n, c, h, w + 1)),
                           fmaxf(at(&x, n, c, h + 1, w), at(&x, n, c, h + 1, w + 1)));
        int32_t place = ((int32_t *)idx.data)[i];
        wrong += ((float *)y.data)[i] != best || at(&x, n, c, place / 8, place % 8) != best;
    }
    report("max_pool2d", wrong, 0);

    td_tensor logits = filled(TENSOR(TD_F32, N, CLASSES)), target = TENSOR(TD_I64, N);
    td_tensor loss = TENSOR(TD_F32, N), lse = TENSOR(TD_F32, N);
    for (int64_t i = 0; i < N; i++) ((int64_t *)target.data)[i] = 2 * i;
    cross_entropy(&loss, &lse, &logits, &target, -100);
    double worst = 0;
    for (int64_t i = 0; i < N; i++) {
        double sum = 0;
        for (int64_t c = 0; c < CLASSES; c++) sum += exp(at(&logits, i, c, 0, 0));
        double expected = log(sum) - at(&logits, i, 2 * i, 0, 0);
        worst = fmax(worst, fabs(expected - ((float *)loss.data)[i]));
    }
    report("cross_entropy", worst, 1e-6);
}

/* The same bits on every machine: a hash of what x86-64 drew. */
static void check_random(uint64_t expected)
{
    USE(uniform);
    USE(normal);
    td_tensor u = TENSOR(TD_F32, 1001), z = TENSOR(TD_F32, 1001);
    uniform(&u, -1, 2, &(td_rng){.seed = 7, .offset = 3});
    normal(&z, 0, 1, &(td_rng){.seed = 7, .offset = 4});
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (int64_t i = 0; i < 2 * 1001; i++) {
        uint32_t bits;
        memcpy(&bits, (float *)(i < 1001 ? u.data : z.data) + i % 1001, sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    printf("     drawn numbers hash to 0x%016llx\n", (unsigned long long)hash);
    report("random, same bits as x86-64", hash != expected, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) return fprintf(stderr, "usage: kernels LIBRARY\n"), 2;
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
    USE(abi);
    USE(name);
    USE(compiler);
    USE(usable);
    printf("%s by %s\n", name(), compiler());
    report("this header, this machine", abi() != TD_ABI || !usable(), 0);
    check_elementwise();
    check_matmul();
    check_conv2d("conv2d, stride, groups, bias", 6, 10,
                 (td_conv2d_attrs){{2, 1}, {1, 2}, {1, 2}, 2}, 1e-5);
    check_conv2d("conv2d, Winograd's", 40, 36, (td_conv2d_attrs){{1, 1}, {1, 2}, {1, 1}, 2}, 5e-5);
    check_pool_and_loss();
    check_random(0x6f66b953e85154e8u);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
