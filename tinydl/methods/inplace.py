"""Methods that change a tensor in its own memory. Autograd refuses what would make it wrong."""

from __future__ import annotations

from .. import graph, ops


class InplaceMethods:
    """x += y, x.zero_(), x[0] = 1, x.normal_(), …"""

    __slots__ = ()

    def add_(self, other, *, alpha=1):
        """self += alpha · other"""
        return ops.add.inplace(self, other if alpha == 1 else alpha * other)

    def sub_(self, other, *, alpha=1):
        """self −= alpha · other"""
        return ops.sub.inplace(self, other if alpha == 1 else alpha * other)

    def mul_(self, other):
        """self *= other"""
        return ops.mul.inplace(self, other)

    def div_(self, other):
        """self /= other"""
        return ops.div.inplace(self, other)

    def pow_(self, exponent):
        """self **= exponent"""
        return ops.pow.inplace(self, exponent)

    def neg_(self):
        """self = −self"""
        return ops.neg.inplace(self)

    def exp_(self):
        """self = e^self"""
        return ops.exp.inplace(self)

    def sqrt_(self):
        """self = √self"""
        return ops.sqrt.inplace(self)

    def tanh_(self):
        """self = tanh self"""
        return ops.tanh.inplace(self)

    def sigmoid_(self):
        """self = 1 / (1 + e^−self)"""
        return ops.sigmoid.inplace(self)

    def relu_(self):
        """self = max(self, 0)"""
        return ops.relu.inplace(self)

    def clamp_(self, min=None, max=None):
        """self limited to [min, max]"""
        return ops.clamp.inplace(self, min=min, max=max)

    def __iadd__(self, other):
        return self.add_(other)

    def __isub__(self, other):
        return self.sub_(other)

    def __imul__(self, other):
        return self.mul_(other)

    def __itruediv__(self, other):
        return self.div_(other)

    def __setitem__(self, key, value):
        ops.assign.inplace(self, value, key=ops.normalize(key, self._array.shape))

    def fill_(self, value):
        """Every element = value."""
        self[...] = value
        return self

    def zero_(self):
        """Every element = 0."""
        return self.fill_(0)

    def copy_(self, source):
        """self = source, broadcast and converted."""
        self[...] = source
        return self

    def uniform_(self, a=0.0, b=1.0, *, generator=None):
        """self ~ U[a, b)"""
        return self._draw("uniform_", ops.random.fill_uniform, a, b, generator)

    def normal_(self, mean=0.0, std=1.0, *, generator=None):
        """self ~ N(mean, std²)"""
        return self._draw("normal_", ops.random.fill_normal, mean, std, generator)

    def _draw(self, name, fill, a, b, generator):
        """Overwrites self with random numbers: nothing for autograd to follow."""
        if self.requires_grad and ops.mode.enabled:
            raise RuntimeError(f"{name}: {self._array} requires a gradient; use no_grad()")
        target = self._array.contiguous()
        fill(target, a, b, generator)
        if target is not self._array:
            ops.call("copy", self._array, target)
        graph.wrote(self._array, name)
        return self
