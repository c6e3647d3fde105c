"""Calls of what is no op: kernels that fill or update tensors, and ops in the setting of others."""

from __future__ import annotations

import re
from pathlib import Path

import tinydl
from tinydl import Tensor, ops
from tinydl.array import Array
from tinydl.backend import NULL, ffi

NATIVE = Path(__file__).resolve().parents[1] / "native"


def for_cpus_alone() -> set[str]:
    """Functions that CUDA's libraries do not have."""
    return _functions(
        (NATIVE / "tinydl.h").read_text().split("--- CPUs only")[1].split("/* ---")[0]
    )


def for_gpus_alone() -> set[str]:
    """Functions that the CPU's libraries do not have: the header's last section, and teach.h's."""
    section = (NATIVE / "tinydl.h").read_text().split("--- GPUs only")[1]
    return _functions(section + (NATIVE / "cuda/teach.h").read_text())


def _functions(header: str) -> set[str]:
    return set(re.findall(r"\btd_\w+(?=\()", header))


def to_cpu(x: Tensor, **_) -> Tensor:
    return ops.to_device(x, device=tinydl.device("cpu"), source=x.device)


def cross_entropy_grad(gy: Tensor, x: Tensor, lse: Tensor, target: Tensor, **attrs) -> Tensor:
    """lse as what it is, a function of x, which its rule for x counts on."""
    lse = ops.cross_entropy(x.detach(), target, **attrs)[1]
    return ops.loss.cross_entropy_grad(gy, x, lse, target, **attrs)


def _fill(name: str, y: Tensor, *attrs) -> Tensor:
    like = y._array
    out = Array.empty(like.shape, like.dtype, like.backend)
    *numbers, rng = attrs
    ops.call(name, out, *numbers, ffi.new("td_rng *", rng))
    return Tensor(out)


def uniform(y: Tensor, *, low: float, high: float, rng: tuple) -> Tensor:
    return _fill("uniform", y, low, high, rng)


def normal(y: Tensor, *, mean: float, std: float, rng: tuple) -> Tensor:
    return _fill("normal", y, mean, std, rng)


def exponential(y: Tensor, *, rate: float, rng: tuple) -> Tensor:
    return _fill("exponential", y, rate, rng)


def randint(y: Tensor, *, low: int, high: int, rng: tuple) -> Tensor:
    return _fill("randint", y, low, high, rng)


def matmul_split(x: Tensor, y: Tensor) -> Tensor:
    """In three parts: as precise as float32."""
    before = tinydl.get_float32_matmul_precision()
    tinydl.set_float32_matmul_precision("high")
    try:
        return ops.matmul(x, y)
    finally:
        tinydl.set_float32_matmul_precision(before)


def _list(x: Tensor):
    return ffi.new("td_tensor *[]", [x._array.descriptor])


def sgd(p: Tensor, buf: Tensor, g: Tensor, **attrs) -> tuple:
    p, buf, g = (x.clone() for x in (p, buf, g))
    backend = p._array.backend
    momentum = _list(buf) if attrs["momentum"] else NULL
    a = ffi.new("td_sgd_attrs *", attrs)
    backend.check(backend.fn["sgd"](_list(p), momentum, _list(g), 1, a), "sgd")
    return p, buf


def adam(p: Tensor, m: Tensor, v: Tensor, vmax: Tensor, g: Tensor, **attrs) -> tuple:
    p, m, v, vmax, g = (x.clone() for x in (p, m, v, vmax, g))
    backend = p._array.backend
    most = _list(vmax) if attrs["amsgrad"] else NULL
    a = ffi.new("td_adam_attrs *", attrs)
    status = backend.fn["adam"](_list(p), _list(m), _list(v), most, _list(g), 1, a)
    backend.check(status, "adam")
    return p, m, v, vmax
