"""What to call each public function with: one row serves PyTorch's and tinydl's alike.

    rows("gather", X(3, 4), 1, I(3, 2, high=4))

X is drawn in the dtype in question, I holds indices, M is a mask, V are real numbers whatever the
dtype. A name is tinydl's function, else Tensor's method; `F.` and `linalg.` are namespaces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REALS = ("float32", "float64")


@dataclass(frozen=True)
class Drawn:
    """Numbers to be drawn; kind says from where."""

    shape: tuple
    kind: str
    high: int = 0

    def draw(self, rng: np.random.Generator, dtype: str) -> np.ndarray:
        if self.kind == "index":
            return rng.integers(0, self.high, self.shape)
        if self.kind == "mask":
            return rng.random(self.shape) < 0.5
        if self.kind == "real":
            dtype = dtype if dtype in REALS else "float32"
        if self.kind == "sorted":
            return np.sort(Drawn(self.shape, "any").draw(rng, dtype), -1)
        if self.kind in ("symmetric", "definite"):
            a = rng.normal(size=self.shape)
            a = a + a.swapaxes(-1, -2)
            eye = np.eye(self.shape[-1])
            return (a if self.kind == "symmetric" else a @ a.swapaxes(-1, -2) + eye).astype(dtype)
        if dtype == "bool":
            return rng.random(self.shape) < 0.5
        if dtype not in REALS:
            low = 0 if dtype == "uint8" else -4
            return rng.integers(1 if self.kind != "any" else low, 8, self.shape).astype(dtype)
        low, high = {"unit": (-0.9, 0.9), "positive": (0.2, 3), "above1": (1.2, 4)}.get(
            self.kind, (-3, 3)
        )
        return rng.uniform(low, high, self.shape).astype(dtype)


def X(*shape: int, kind: str = "any") -> Drawn:
    return Drawn(shape, kind)


def V(*shape: int) -> Drawn:
    return Drawn(shape, "real")


def M(*shape: int) -> Drawn:
    return Drawn(shape, "mask")


def I(*shape: int, high: int) -> Drawn:  # noqa: E743
    return Drawn(shape, "index", high)


SAMPLES: dict[str, list[tuple[tuple, dict]]] = {}


def rows(names: str, *args, **options) -> None:
    for name in names.split():
        SAMPLES.setdefault(name, []).append((args, options))


ANY, POSITIVE, UNIT = X(3, 4), X(3, 4, kind="positive"), X(3, 4, kind="unit")

# --- elementwise ----------------------------------------------------------------------------------

rows(
    "abs absolute neg negative positive sign sgn square exp exp2 expm1 sigmoid sin cos tan sinh "
    "cosh tanh asinh atan arctan arcsinh erf erfc floor ceil round trunc fix frac relu isfinite "
    "isinf isnan isposinf isneginf isreal signbit logical_not bitwise_not sinc nan_to_num rad2deg "
    "deg2rad clone numel real conj i0 angle digamma lgamma",
    ANY,
)
rows("log log2 log10 log1p sqrt rsqrt reciprocal lgamma digamma", POSITIVE)
rows("acos asin atanh arccos arcsin arctanh erfinv", UNIT)
rows("acosh arccosh", X(3, 4, kind="above1"))
rows("logit", X(3, 4, kind="unit"), 0.1)
rows("round", X(3, 4), decimals=1)
rows(
    "add sub subtract mul multiply maximum minimum fmax fmin lt le gt ge eq ne less less_equal "
    "greater greater_equal not_equal logical_and logical_or logical_xor bitwise_and bitwise_or "
    "bitwise_xor copysign hypot atan2 arctan2 logaddexp logaddexp2 isclose heaviside allclose "
    "equal nextafter",
    ANY, X(4),
)  # fmt: skip
rows("add sub", ANY, X(4), alpha=2)
rows("add sub mul div pow maximum rsub", ANY, 2)
rows("add mul div lt eq", ANY, 1.5)
rows("div divide true_divide fmod remainder floor_divide", ANY, X(4, kind="above1"))
rows("fmod remainder floor_divide", ANY, 3)
rows("div", ANY, X(4, kind="above1"), rounding_mode="trunc")
rows("div", ANY, X(4, kind="above1"), rounding_mode="floor")
rows("pow", POSITIVE, X(4, kind="positive"))
rows("float_power", POSITIVE, X(4, kind="positive"))
rows("xlogy", ANY, X(4, kind="positive"))
rows("bitwise_left_shift bitwise_right_shift gcd lcm", POSITIVE, X(4, kind="positive"))
rows("ldexp", ANY, I(4, high=3))
rows("lerp", ANY, X(4), 0.3)
rows("lerp", ANY, X(4), X(3, 1))
rows("addcmul addcdiv", ANY, X(4), X(3, 4, kind="positive"), value=0.5)
rows("clamp clip", ANY, -1, 2)
rows("clamp clip", ANY, min=0)
rows("clamp", ANY, X(4), X(3, 1))
rows("clamp_min clamp_max", ANY, 1)
rows("where", M(3, 4), ANY, X(4))
rows("masked_fill", ANY, M(3, 4), 2)
rows("F.softplus F.gelu F.silu F.mish F.elu F.selu F.celu F.leaky_relu F.hardtanh F.hardswish "
     "F.hardsigmoid F.logsigmoid F.softsign F.relu6 F.relu F.tanhshrink F.softshrink F.hardshrink "
     "F.tanh F.sigmoid", ANY)  # fmt: skip
rows("F.gelu", ANY, approximate="tanh")
rows("F.threshold", ANY, 0.5, 2.0)
rows("F.prelu", X(2, 3, 4), X(3))
rows("F.glu", ANY)
rows("prelu", X(2, 3, 4), X(3))

# --- reductions, scans, statistics ----------------------------------------------------------------

rows("sum mean prod var std max min amax amin argmax argmin all any norm median nansum nanmean "
     "count_nonzero std_mean var_mean aminmax", ANY)  # fmt: skip
rows(
    "sum mean prod var std max min amax amin argmax argmin all any logsumexp cumsum cumprod cummax "
    "cummin logcumsumexp median nanmedian mode count_nonzero softmax log_softmax nansum nanmean",
    ANY, 1,
)  # fmt: skip
rows(
    "sum mean var std amax amin logsumexp all any std_mean var_mean",
    X(2, 3, 4),
    (0, 2),
    keepdim=True,
)
rows("sum prod argmax max median", ANY, 0, keepdim=True)
rows("var std", ANY, 1, correction=0)
rows("var std", ANY, unbiased=False)
rows("sum prod cumsum cumprod mean", ANY, 1, dtype="float64")
rows("norm", ANY, 3, 1)
rows("norm", ANY, float("inf"))
rows("norm", ANY, dim=1, keepdim=True)
rows("aminmax", ANY, dim=1)
rows("quantile nanquantile", ANY, 0.3)
rows("quantile", ANY, 0.5, 1)
rows("quantile", ANY, 0.7, dim=0, interpolation="nearest")
rows("dist", ANY, X(3, 4))
rows("renorm", ANY, 2, 0, 1.5)
rows("diff", ANY)
rows("diff", ANY, 2, 0)
rows("trapezoid trapz cumulative_trapezoid", ANY)
rows("cov corrcoef", ANY)
rows("F.softmax F.log_softmax F.softmin", ANY, 1)
rows("F.normalize", ANY)
rows("F.cosine_similarity cosine_similarity", ANY, X(3, 4))
rows("F.layer_norm", ANY, (4,))

# --- shape, joining, indexing ---------------------------------------------------------------------

CUBE = X(2, 3, 4)
rows("reshape view", CUBE, (4, 6))
rows("permute", CUBE, (2, 0, 1))
rows("transpose swapaxes swapdims movedim moveaxis", CUBE, 0, -1)
rows("t", ANY)
rows("squeeze", X(1, 3, 1))
rows("squeeze", X(1, 3, 1), 0)
rows("unsqueeze", ANY, -1)
rows("expand broadcast_to", X(3, 1), (2, 3, 4))
rows("flatten", CUBE, 1)
rows("ravel", CUBE)
rows("unflatten", X(6, 2), 0, (2, 3))
rows("unfold", X(7), 0, 3, 2)
rows("narrow", CUBE, 2, 1, 2)
rows("select", CUBE, 1, -1)
rows("diagonal", CUBE)
rows("diagonal", CUBE, 1, 1, 2)
rows("split chunk", X(7, 2), 3)
rows("split", X(7, 2), [3, 4])
rows("tensor_split", X(7, 2), 3)
rows("hsplit", X(2, 4), 2)
rows("vsplit", X(4, 2), 2)
rows("dsplit", X(2, 3, 4), 2)
rows("unbind", CUBE, 1)
rows("as_strided", X(12), (2, 3), (1, 4), 1)
rows("cat concat concatenate stack hstack vstack dstack column_stack row_stack", [X(2, 3), X(2, 3)])
rows("cat stack", [X(2, 3), X(2, 3)], 1)
rows("block_diag", X(2, 3), X(1, 2))
rows("broadcast_tensors", X(3, 1), X(4))
rows("atleast_1d atleast_2d atleast_3d", X(3))
rows("meshgrid", X(2), X(3), indexing="ij")
rows("cartesian_prod", X(2), X(3))
rows("combinations", X(4))
rows("repeat", ANY, 2, 1, 2)
rows("tile", ANY, (2, 2))
rows("repeat_interleave", ANY, 2, 1)
rows("repeat_interleave", ANY, I(3, high=3), 0)
rows("flip", CUBE, (0, 2))
rows("fliplr flipud", ANY)
rows("roll", ANY, 1, 0)
rows("roll", ANY, 5)
rows("rot90", ANY, 1, (0, 1))
rows("tril triu", ANY)
rows("tril triu", X(2, 3, 3), 1)
rows("diag", X(3), 1)
rows("diag", ANY)
rows("diag_embed diagflat", X(3), 1)
rows("F.pad", ANY, (1, 2))
rows("F.pad", X(2, 3, 4), (1, 2), mode="reflect")
rows("F.pad", X(2, 3, 4), (1, 2), mode="replicate")
rows("F.pad", X(2, 3, 4), (1, 2), mode="circular")
rows("F.pad", ANY, (1, -1, 0, 2), value=3.0)
rows("gather", ANY, 1, I(3, 2, high=4))
rows("scatter", ANY, 1, I(3, 1, high=4), X(3, 1))
rows("scatter_add", ANY, 0, I(3, 4, high=3), X(3, 4))
for way in ("sum", "prod", "mean", "amax", "amin"):
    rows("scatter_reduce", ANY, 0, I(3, 4, high=3), X(3, 4), way)
    rows("scatter_reduce", ANY, 0, I(3, 4, high=3), X(3, 4), way, include_self=False)
rows("index_select", ANY, 1, I(3, high=4))
rows("index_add", ANY, 0, I(2, high=3), X(2, 4))
rows("index_fill", ANY, 0, I(2, high=3), 2)
rows("take", ANY, I(2, 2, high=12))
rows("take_along_dim", ANY, I(3, 2, high=4), 1)
rows("masked_select", ANY, M(3, 4))
rows("masked_scatter", ANY, M(3, 4), X(12))
rows("nonzero argwhere", ANY)
rows("diagonal_scatter", ANY, X(3))
rows("select_scatter", ANY, X(4), 0, 1)
rows("slice_scatter", ANY, X(2, 4), 0, 1)
rows("index_put", ANY, (I(2, high=3),), X(2, 4))
rows("contiguous", ANY)
rows("vander", X(3))
rows("F.one_hot", I(3, high=4), 4)
rows("tril_indices triu_indices", 3, 4)
rows("unravel_index", I(3, high=11), (3, 4))

# --- sorting, searching, sets ---------------------------------------------------------------------

rows("sort argsort msort", ANY)
rows("sort argsort", ANY, dim=0, descending=True, stable=True)
rows("topk", ANY, 2)
rows("topk", ANY, 2, 0, largest=False)
rows("kthvalue", ANY, 2)
rows("unique unique_consecutive", ANY)
rows("searchsorted", X(3, 5, kind="sorted"), X(3, 2))
rows("searchsorted", X(5, kind="sorted"), X(3, 2), right=True)
rows("bucketize", ANY, X(5, kind="sorted"))
rows("bincount", I(9, high=5))
rows("histc", ANY, 4, -2, 2)
rows("isin", ANY, X(3))

# --- linear algebra -------------------------------------------------------------------------------

S, P, A = X(3, 3, kind="symmetric"), X(2, 3, 3, kind="definite"), X(2, 3, 3)
rows("matmul", X(2, 3, 4), X(4, 2))
rows("mm", ANY, X(4, 2))
rows("bmm", X(2, 3, 4), X(2, 4, 2))
rows("mv", ANY, X(4))
rows("dot vdot inner", X(4), X(4))
rows("outer ger", X(3), X(4))
rows("inner", ANY, X(2, 4))
rows("addmm", X(3, 2), ANY, X(4, 2), beta=0.5, alpha=2)
rows("addmv", X(3), ANY, X(4))
rows("addr", X(3, 4), X(3), X(4))
rows("baddbmm", X(2, 3, 2), X(2, 3, 4), X(2, 4, 2))
rows("addbmm", X(3, 2), X(2, 3, 4), X(2, 4, 2))
rows("einsum", "ij,kj->ik", ANY, X(2, 4))
rows("einsum", "...ij->...ji", CUBE)
rows("tensordot", CUBE, X(4, 3, 2), ([1, 2], [1, 0]))
rows("trace", ANY)
rows("kron", X(2, 2), X(1, 3))
rows("cross linalg.cross", X(2, 3), X(2, 3))
rows("det logdet slogdet inverse linalg.det linalg.slogdet linalg.inv linalg.cholesky "
     "linalg.matrix_norm linalg.norm linalg.eigvalsh linalg.svdvals linalg.matrix_rank linalg.cond "
     "linalg.pinv pinverse linalg.diagonal linalg.lu_factor linalg.matrix_exp", P)  # fmt: skip
rows("linalg.solve", A, X(2, 3, 2))
rows("linalg.solve_triangular", P, X(2, 3, 2), upper=True)
rows("linalg.matrix_power matrix_power", A, 3)
rows("linalg.vector_norm", CUBE, 3, 1)
rows("linalg.norm", CUBE, 1, (0, 1))
rows("linalg.matrix_norm", CUBE, "nuc")
rows("linalg.multi_dot", [X(2, 3), X(3, 4), X(4, 2)])
rows("linalg.vecdot", CUBE, CUBE)
rows("linalg.matmul", CUBE, X(4, 2))
rows("linalg.lstsq", X(4, 3), X(4, 2))
rows("cdist", X(3, 4), X(2, 4))

# --- layers and losses ----------------------------------------------------------------------------

IMAGES, LABELS = X(2, 3, 6, 6), I(4, high=3)
rows("F.linear", ANY, X(2, 4), X(2))
rows("F.conv2d", IMAGES, X(4, 3, 3, 3), X(4), stride=2, padding=1)
rows("F.conv2d", IMAGES, X(3, 1, 2, 2), groups=3, dilation=2)
rows("F.max_pool2d F.avg_pool2d", IMAGES, 2)
rows("F.avg_pool2d", IMAGES, 3, 2, 1, count_include_pad=False)
rows("F.adaptive_avg_pool2d", IMAGES, 1)
rows("F.cross_entropy", X(4, 3), LABELS)
rows("F.cross_entropy", X(4, 3), LABELS, reduction="none", label_smoothing=0.1)
rows("F.nll_loss", X(4, 3), LABELS)
rows("F.mse_loss F.l1_loss F.smooth_l1_loss F.huber_loss", ANY, X(3, 4))
rows("F.binary_cross_entropy_with_logits", ANY, X(3, 4, kind="unit"))
rows("F.kl_div", ANY, POSITIVE)
rows("F.embedding", I(2, 3, high=4), X(4, 2))
rows("F.batch_norm", IMAGES, X(3), X(3, kind="positive"))

# --- dtypes and new tensors -----------------------------------------------------------------------

rows("double float half bfloat16 int long short char byte bool", ANY)
rows("to", ANY, "float64")
rows("zeros_like ones_like", ANY)
rows("full_like", ANY, 2)
rows("new_zeros new_ones", ANY, (2, 3))
rows("new_full", ANY, (2, 3), 5)
rows("arange", 1, 7, 2)
rows("arange", 2.5)
rows("linspace", -1, 2, 5)
rows("logspace", 0, 2, 4)
rows("eye", 3, 4)
rows("zeros ones", 2, 3)
rows("full", (2, 3), 7)
