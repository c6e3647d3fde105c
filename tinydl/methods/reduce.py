"""Reductions: sum, mean, max, … over all axes or those of dim."""

from __future__ import annotations

from .. import ops


def _either(dim, axis, keepdim, keepdims):
    """PyTorch's spelling or NumPy's."""
    return (axis if dim is None else dim), (keepdim or keepdims)


class ReduceMethods:
    """x.sum(), x.mean(dim=0), x.argmax(-1), …"""

    __slots__ = ()

    def sum(self, dim=None, keepdim=False, *, dtype=None, axis=None, keepdims=False):
        """Σ self over dim (all axes if None). Integers and bools add up in int64."""
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        x = self if dtype is None else self.to(dtype)
        return ops.sum(x, dim=ops.normalize_dims("sum", dim, x.ndim), keepdim=keepdim)

    def mean(self, dim=None, keepdim=False, *, dtype=None, axis=None, keepdims=False):
        """Σ self / n over dim; NaN where n = 0."""
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        x = self if dtype is None else self.to(dtype)
        if not x.dtype.is_floating_point:
            raise TypeError(f"mean: {x._array} is not floating point; use .float().mean()")
        dims = ops.normalize_dims("mean", dim, x.ndim)
        count = 1
        for axis in dims:
            count *= x.shape[axis]
        return ops.sum(x, dim=dims, keepdim=keepdim) / (count or float("nan"))

    def var(self, dim=None, correction=1, keepdim=False, *, axis=None, keepdims=False):
        """Σ (self − mean)² / (n − correction) over dim."""
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        dims = ops.normalize_dims("var", dim, self.ndim)
        squares = (self - self.mean(dims, True)).square()
        count = self.numel() // max(ops.sum(squares, dim=dims, keepdim=True).numel(), 1)
        return ops.sum(squares, dim=dims, keepdim=keepdim) / max(count - correction, 0)

    def std(self, dim=None, correction=1, keepdim=False, *, axis=None, keepdims=False):
        """√var"""
        return self.var(dim, correction, keepdim, axis=axis, keepdims=keepdims).sqrt()

    def max(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """The maximum; with one dim, (values, indices). With a tensor, the larger of each pair."""
        return self._extreme("max", dim, keepdim, axis, keepdims)

    def min(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """The minimum; with one dim, (values, indices). With a tensor, the smaller of each pair."""
        return self._extreme("min", dim, keepdim, axis, keepdims)

    def _extreme(self, name, dim, keepdim, axis, keepdims):
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        if dim is None:
            return (self.amax if name == "max" else self.amin)(keepdim=keepdim)
        if ops.is_tensor(dim):
            return (self.maximum if name == "max" else self.minimum)(dim)
        op = ops.max if name == "max" else ops.min
        return op(self, dim=ops.normalize_dims(name, int(dim), self.ndim), keepdim=keepdim)

    def amax(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """The maximum over dim; equal maxima share the gradient."""
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.amax(self, dim=ops.normalize_dims("amax", dim, self.ndim), keepdim=keepdim)

    def amin(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """The minimum over dim; equal minima share the gradient."""
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.amin(self, dim=ops.normalize_dims("amin", dim, self.ndim), keepdim=keepdim)

    def argmax(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """Where the maximum is along dim; over all axes, its place in reading order."""
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.argmax(self, dim=ops.normalize_dims("argmax", dim, self.ndim), keepdim=keepdim)

    def argmin(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """Where the minimum is along dim; over all axes, its place in reading order."""
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.argmin(self, dim=ops.normalize_dims("argmin", dim, self.ndim), keepdim=keepdim)

    def any(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """Whether one at least is not 0; False of nothing."""
        return self.bool().sum(dim, keepdim, axis=axis, keepdims=keepdims) > 0

    def all(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """Whether none is 0; True of nothing."""
        return self.logical_not().sum(dim, keepdim, axis=axis, keepdims=keepdims) == 0

    def softmax(self, dim):
        """eˣ / Σ eˣ along dim."""
        return ops.softmax(self, dim=ops.axis("softmax", dim, self.ndim))

    def log_softmax(self, dim):
        """x − ln Σ eˣ along dim."""
        return ops.log_softmax(self, dim=ops.axis("log_softmax", dim, self.ndim))

    def sum_to_size(self, *size):
        """Summed over the axes along which a tensor of that size would broadcast to self."""
        return ops.sum_to(
            self, size[0] if len(size) == 1 and not isinstance(size[0], int) else size
        )
