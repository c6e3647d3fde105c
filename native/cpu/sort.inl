/* sort.inl — pairs of key and place, and rows of one dtype (see sort.c). */

typedef __typeof__(FN(td_key)(0)) FN(key);

typedef struct {
    FN(key) key, place;
} FN(pair);

static void FN(insert_sort)(FN(pair) *p, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const FN(pair) it = p[i];
        int64_t j = i;
        for (; j > 0 && p[j - 1].key > it.key; j--) p[j] = p[j - 1];
        p[j] = it;
    }
}

/* Sorts the n pairs at p; returns where they are then, p or `spare`. */
static FN(pair) *FN(sort_pairs)(FN(pair) *p, FN(pair) *spare, int64_t n)
{
    enum { FEW = 48, BYTES = sizeof(FN(key)) };
    if (n <= FEW) {
        FN(insert_sort)(p, n);
        return p;
    }
    int64_t count[BYTES][256] = {0};
    for (int64_t i = 0; i < n; i++)
        for (int b = 0; b < BYTES; b++) count[b][p[i].key >> 8 * b & 255]++;
    for (int b = 0; b < BYTES; b++) {
        int64_t *start = count[b], at = 0;
        if (start[p[0].key >> 8 * b & 255] == n) continue; /* one byte for all */
        for (int digit = 0; digit < 256; digit++) {
            const int64_t many = start[digit];
            start[digit] = at;
            at += many;
        }
        for (int64_t i = 0; i < n; i++) spare[start[p[i].key >> 8 * b & 255]++] = p[i];
        FN(pair) *sorted = spare;
        spare = p, p = sorted;
    }
    return p;
}

/* The first k pairs of a row, in order; `buffer` has room for twice job->room of them. */
static const FN(pair) *FN(first_pairs)(const sort_t *job, const REAL *x, FN(pair) *buffer)
{
    const FN(key) turn = job->descending ? (FN(key))-1 : 0;
    const int64_t n = job->plan.n, k = job->plan.m, room = job->room;
    FN(pair) *p = buffer;
    FN(key) limit = (FN(key))-1;
    int64_t count = 0, i = 0;
    for (; i < room; i++) p[count++] = (FN(pair)){FN(td_key)(x[i]) ^ turn, (FN(key))i};
    for (;;) {
        p = FN(sort_pairs)(p, p == buffer ? buffer + room : buffer, count);
        if (i == n) return p;
        limit = p[k - 1].key;
        for (count = k; i < n && count < room; i++) {
            const FN(key) key = FN(td_key)(x[i]) ^ turn;
            p[count] = (FN(pair)){key, (FN(key))i};
            count += key < limit;
        }
    }
}

static void FN(sort)(void *context, int64_t begin, int64_t end)
{
    sort_t *job = context;
    const int64_t n = job->plan.n, k = job->plan.m;
    FN(pair) *buffer = td_scratch(0, 2 * (size_t)job->room * sizeof *buffer);
    if (!buffer) job->failed = 1;
    for (int64_t row = begin; buffer && row < end; row++) {
        const REAL *x = (const REAL *)job->x + row * n;
        const FN(pair) *p = FN(first_pairs)(job, x, buffer);
        if (job->values)
            for (int64_t i = 0; i < k; i++) ((REAL *)job->values)[row * k + i] = x[p[i].place];
        if (job->idx)
            for (int64_t i = 0; i < k; i++) job->idx[row * k + i] = (int64_t)p[i].place;
    }
}
