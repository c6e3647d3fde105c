"""tinydl.linalg: inverses, systems, factors and norms of matrices, under PyTorch's names.

Matrices are the last two axes, x[…,m,n]; leading axes are a batch. All take float32 or float64 and
return the same, and all but ranks can be differentiated twice. The factorisations are NumPy's.
"""

from ..ops.linalg import LinAlgError
from .factors import cholesky, eigh, eigvalsh, matrix_rank, qr, svd, svdvals
from .norms import cond, matrix_norm, norm, vector_norm
from .products import cross, diagonal, matmul, matrix_power, multi_dot, vecdot
from .systems import det, inv, lstsq, pinv, slogdet, solve, solve_triangular

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv",
    "lstsq", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv",
    "qr", "slogdet", "solve", "solve_triangular", "svd", "svdvals", "vecdot", "vector_norm",
]  # fmt: skip
