"""Derivatives of functions: vjp, jvp, jacobian, hessian, vhp, hvp, in torch.autograd's spelling.

All of them call func on copies of the inputs that require gradients, and go backward once or twice:
J v is the derivative of Jᵀ u by u, so jvp and hvp need no forward mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..creation import ones_like, zeros_like
from ..grad_mode import enable_grad
from ..tensor import Tensor
from .engine import grad

Tensors: TypeAlias = Tensor | Sequence[Tensor]


# --- what all have in common ----------------------------------------------------------------------


def _tuple(name: str, what: str, x: Any) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether x is several tensors, and them as a tuple."""
    several = isinstance(x, (tuple, list))
    many = tuple(x) if several else (x,)
    for i, part in enumerate(many):
        if not isinstance(part, Tensor):
            where = f"{what}[{i}]" if several else what
            raise TypeError(f"{name}: {where} is a {type(part).__name__}, expected a Tensor")
    return several, many


def _prepared(inputs: tuple, create_graph: bool) -> tuple[Tensor, ...]:
    """The inputs as tensors to differentiate by: in the caller's graph only if that is to go on."""
    return tuple(
        x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_()
        for x in inputs
    )


def _called(name: str, func: Callable, inputs: tuple) -> tuple[bool, tuple[Tensor, ...]]:
    return _tuple(name, "what func returned", func(*inputs))


def _vectors(name: str, v: Any, like: tuple, of: str) -> tuple[Tensor, ...]:
    """The vectors to multiply by: one for each tensor, of its shape."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise ValueError(f"{name}: v can be left out only where the {of} is a single number")
        return (ones_like(like[0]),)
    _, many = _tuple(name, "v", v)
    if len(many) != len(like):
        raise ValueError(f"{name}: v has {len(many)} tensors, the {of} {len(like)}")
    for i, (part, x) in enumerate(zip(many, like, strict=True)):
        if part.shape != x.shape:
            raise ValueError(f"{name}: v[{i}] is {part._array}, but the {of} is {x._array}")
    return many


def _grads(
    name: str, outputs: tuple, inputs: tuple, v: Any, strict: bool, create_graph: bool, what: str
) -> tuple[Tensor, ...]:
    """Σ v · d outputs/d inputs, where what is independent counts 0, or is an error if strict."""
    pairs = [(y, g) for y, g in zip(outputs, v, strict=True) if y.requires_grad]
    if strict and len(pairs) < len(outputs):
        i = next(i for i, y in enumerate(outputs) if not y.requires_grad)
        raise RuntimeError(f"{name}: {what} {i} is independent of all inputs (strict=True)")
    if not pairs:
        return tuple(map(zeros_like, inputs))
    ys, gs = zip(*pairs, strict=True)
    found = grad(ys, inputs, gs, retain_graph=True, create_graph=create_graph, allow_unused=True)
    for i, g in enumerate(found):
        if g is None and strict:
            raise RuntimeError(f"{name}: {what} does not depend on input {i} (strict=True)")
    return tuple(
        zeros_like(x) if g is None else g for x, g in zip(inputs, found, strict=True)
    )  # fmt: skip


def _finished(results: tuple, create_graph: bool) -> tuple[Tensor, ...]:
    return results if create_graph else tuple(y.detach() for y in results)


def _scalar(name: str, outputs: tuple) -> None:
    if len(outputs) != 1 or outputs[0].numel() != 1:
        shown = ", ".join(str(y._array) for y in outputs)
        raise ValueError(f"{name}: func must return one number, got {shown}")


# --- first derivatives ----------------------------------------------------------------------------


def vjp(
    func: Callable,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(inputs), vᵀ J): a vector times the Jacobian, by one backward.

    Args:
        func: of tensors; returns a tensor or a tuple.
        inputs: a tensor, or a tuple of func's arguments.
        v: for each output a tensor of its shape; may be left out where there is one number.
        create_graph: whether the results can be differentiated again, also by the inputs.
        strict: whether an input that nothing depends on is an error instead of zeros.

    Raises:
        TypeError: func returns something else than tensors.
        ValueError: v does not fit the outputs.
        RuntimeError: strict, and something is independent.

    Example:
        >>> import tinydl
        >>> from tinydl.autograd.functional import vjp
        >>> vjp(lambda x: x**2, tinydl.tensor([1.0, 2.0]), tinydl.tensor([1.0, 10.0]))
        (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        several, xs = _tuple("vjp", "inputs", inputs)
        xs = _prepared(xs, create_graph)
        many, ys = _called("vjp", func, xs)
        v = _vectors("vjp", v, ys, "output")
        found = _grads("vjp", ys, xs, v, strict, create_graph, "output")
    ys, found = _finished(ys, create_graph), _finished(found, create_graph)
    return ys if many else ys[0], found if several else found[0]


def jvp(
    func: Callable,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(inputs), J v): the Jacobian times a vector, by going backward twice.

    Arguments and exceptions are those of vjp(), but v has a tensor for each input.

    >>> import tinydl
    >>> from tinydl.autograd.functional import jvp
    >>> jvp(lambda x: x**2, tinydl.tensor([1.0, 2.0]), tinydl.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        _, xs = _tuple("jvp", "inputs", inputs)
        v = _vectors("jvp", v, xs, "input")
        xs = _prepared(xs, create_graph)
        many, ys = _called("jvp", func, xs)
        found = _times_vector("jvp", ys, xs, v, strict, create_graph)
    ys, found = _finished(ys, create_graph), _finished(found, create_graph)
    return (ys, found) if many else (ys[0], found[0])


def _times_vector(
    name: str, ys: tuple, xs: tuple, v: tuple, strict: bool, create_graph: bool
) -> tuple[Tensor, ...]:
    """J v, as the derivative by u of uᵀ J v, at any u."""
    us = tuple(zeros_like(y).requires_grad_() for y in ys)
    rows = _grads(name, ys, xs, us, strict, True, "output")
    return _grads(name, rows, us, v, False, create_graph, "output")


def jacobian(
    func: Callable,
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """J: for each output and input, the derivative of every element by every element.

    Args:
        func: of tensors; returns a tensor or a tuple.
        inputs: a tensor, or a tuple of func's arguments.
        create_graph: whether J can be differentiated again, also by the inputs.
        strict: whether an input that nothing depends on is an error instead of zeros.
        vectorize: taken for PyTorch's sake; there is one backward for each element of the output.
        strategy: "reverse-mode".

    Returns:
        A tensor of shape (*output.shape, *input.shape); of a tuple of inputs a tuple of them; of a
        tuple of outputs a tuple of those.

    Raises:
        TypeError: func returns something else than tensors.
        ValueError: another strategy.
        RuntimeError: strict, and something is independent.

    Example:
        >>> import tinydl
        >>> from tinydl.autograd.functional import jacobian
        >>> jacobian(lambda x: x**2, tinydl.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy != "reverse-mode":
        raise ValueError(f"jacobian: strategy is 'reverse-mode', got {strategy!r}")
    from ..joining import stack

    with enable_grad():
        several, xs = _tuple("jacobian", "inputs", inputs)
        xs = _prepared(xs, create_graph)
        many, ys = _called("jacobian", func, xs)
        blocks = []
        for i, y in enumerate(ys):
            rows: list[list[Tensor]] = [[] for _ in xs]
            for element in y.reshape(-1).unbind() if y.numel() else ():
                what = f"output {i}"
                one = (ones_like(element),)
                found = _grads("jacobian", (element,), xs, one, strict, create_graph, what)
                for row, g in zip(rows, found, strict=True):
                    row.append(g)
            blocks.append(
                tuple(
                    stack(row).reshape(*y.shape, *x.shape) if row
                    else y.new_zeros((*y.shape, *x.shape))
                    for row, x in zip(rows, xs, strict=True)
                )
            )  # fmt: skip
    done = [_finished(block, create_graph) for block in blocks]
    parts = tuple(block if several else block[0] for block in done)
    return parts if many else parts[0]


# --- second derivatives ---------------------------------------------------------------------------


def hessian(
    func: Callable,
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """H: the second derivatives of a function that returns one number.

    Arguments and exceptions are those of jacobian(); func returns one number.

    Returns:
        A tensor of shape (*input.shape, *input.shape); of a tuple of inputs a tuple of tuples.

    Example:
        >>> import tinydl
        >>> from tinydl.autograd.functional import hessian
        >>> hessian(lambda x: (x**3).sum(), tinydl.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    several, xs = _tuple("hessian", "inputs", inputs)

    def gradient(*xs: Tensor) -> tuple:
        _, ys = _called("hessian", func, xs)
        _scalar("hessian", ys)
        y = (ys[0].reshape(()),)
        return _grads("hessian", y, xs, (ones_like(y[0]),), strict, True, "output")

    rows = jacobian(gradient, xs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return rows if several else rows[0][0]


def vhp(
    func: Callable,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(inputs), vᵀ H): a vector times the Hessian of a function that returns one number.

    Arguments and exceptions are those of vjp(), but v has a tensor for each input.

    >>> import tinydl
    >>> from tinydl.autograd.functional import vhp
    >>> vhp(lambda x: (x**3).sum(), tinydl.tensor([1.0, 2.0]), tinydl.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        several, xs = _tuple("vhp", "inputs", inputs)
        v = _vectors("vhp", v, xs, "input")
        xs = _prepared(xs, create_graph)
        _, ys = _called("vhp", func, xs)
        _scalar("vhp", ys)
        slopes = _grads("vhp", ys, xs, (ones_like(ys[0]),), strict, True, "output")
        found = _grads("vhp", slopes, xs, v, strict, create_graph, "gradient")
    y, found = _finished(ys, create_graph)[0], _finished(found, create_graph)
    return y, found if several else found[0]


def hvp(
    func: Callable,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(inputs), H v), which is vhp() where second derivatives are continuous, at more cost.

    Arguments and exceptions are those of vhp().

    >>> import tinydl
    >>> from tinydl.autograd.functional import hvp
    >>> hvp(lambda x: (x**3).sum(), tinydl.tensor([1.0, 2.0]), tinydl.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        several, xs = _tuple("hvp", "inputs", inputs)
        v = _vectors("hvp", v, xs, "input")
        xs = _prepared(xs, create_graph)
        _, ys = _called("hvp", func, xs)
        _scalar("hvp", ys)
        slopes = _grads("hvp", ys, xs, (ones_like(ys[0]),), strict, True, "output")
        found = _times_vector("hvp", slopes, xs, v, strict, create_graph)
    y, found = _finished(ys, create_graph)[0], _finished(found, create_graph)
    return y, found if several else found[0]
