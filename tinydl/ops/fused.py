"""Ops that are computed together: their values in one pass, their derivatives as ever.

What lies between them never exists. The graph gets the node of each op all the same, because what
their rules ask for is there: the first one's inputs, the last one's output, and shapes.
"""

from __future__ import annotations

import threading

from .. import dtypes, graph
from ..array import Array
from ..graph import Node
from ..tensor import Tensor
from .conv import conv2d, conv2d_attrs, conv2d_dtypes, conv2d_shape
from .elementwise import relu
from .halves import call_wide
from .matmul import linear
from .pool import max_pool2d, pool2d_attrs, pool2d_shape


class _Mode(threading.local):
    """Whether layers are computed together, in this thread (nn.fusion)."""

    enabled = True


mode = _Mode()
_WINDOW = "window", "stride", "padding", "dilation"


def conv2d_relu(x, w, b=None, *, stride, padding, dilation, groups, pool=None) -> Tensor:
    """y = relu(max_pool2d(conv2d(x, w, b))), which is max_pool2d(relu(…)): ReLU keeps order.

    x[n,c,h,w], w[k,c/groups,r,s], b[k] → y[n,k,p,q], float32 or float64. `pool` has max_pool2d's
    keyword arguments; without it y is relu(conv2d(x, w, b)).

    Raises:
        ValueError, TypeError: as conv2d and max_pool2d.
    """
    window = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    inputs = conv2d.prepare((x, w, b))
    arrays = [None if t is None else t._array for t in inputs]
    backend = arrays[0].storage.backend
    if not backend.is_cpu:  # whose caches are too small for images
        y = conv2d(*inputs, **window)
        return relu(max_pool2d(y, **pool)[0] if pool else y)
    conv2d_dtypes(*arrays)
    z = Array(None, conv2d_shape(*arrays, **window), (), 0, arrays[0].dtype)  # facts, no memory
    shape = pool2d_shape("max_pool2d", z, **pool) if pool else z.shape
    needs = tuple([t is not None and t.requires_grad for t in inputs])
    recorded = graph.mode.enabled and True in needs

    y = Array.empty(shape, z.dtype, backend)
    idx = Array.empty(shape, dtypes.int32, backend) if pool and recorded else None
    operands = [a and a.contiguous() for a in arrays]
    pooling = pool and pool2d_attrs(*(pool[name] for name in _WINDOW))
    call_wide("conv2d_relu", y, idx, *operands, conv2d_attrs(**window), pooling)
    if not recorded:
        return Tensor(y)
    between = Tensor(z, Node.record(conv2d, inputs, needs, z, window))
    if pool:
        between = Tensor(y, Node.record(max_pool2d, (between,), (True,), (y, idx), pool))
    return Tensor(y, Node.record(relu, (between,), (True,), y, {}))


def linear_relu(x, w, b=None) -> Tensor:
    """y = relu(linear(x, w, b)), in one piece of memory.

    x[…,i], w[o,i], b[o] → y[…,o], float32 or float64.

    Raises:
        ValueError, TypeError: as linear.
    """
    inputs = linear.prepare((x, w, b))
    y = linear.forward(*[None if t is None else t._array for t in inputs])
    call_wide("relu", y, y)
    needs = tuple([t is not None and t.requires_grad for t in inputs])
    if not (graph.mode.enabled and True in needs):
        return Tensor(y)
    between = Tensor(y, Node.record(linear, inputs, needs, y, {}))
    return Tensor(y, Node.record(relu, (between,), (True,), y, {}))
