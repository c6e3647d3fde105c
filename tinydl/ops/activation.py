"""Activations with kernels of their own, and their derivatives'."""

from __future__ import annotations

from math import pi

from .elementwise import GRADIENTS, binary, exp, sigmoid, square, unary

softplus = unary("softplus", "ln (1 + eˣ)")
softplus.vjp(x=lambda g, x: g * sigmoid(x))

silu = unary("silu", "x · sigmoid(x)")
silu.vjp(x=lambda g, x: silu_grad(g, x))

gelu = unary("gelu", "x · Φ(x), Φ(x) = (1 + erf(x / √2)) / 2")
gelu.vjp(x=lambda g, x: gelu_grad(g, x))

gelu_tanh = unary("gelu_tanh", "x · sigmoid(2u), u = √(2/π) (x + 0.044715 x³)")
gelu_tanh.vjp(x=lambda g, x: gelu_tanh_grad(g, x))

# --- fused derivatives: x is the incoming gradient, y the op's input ------------------------------

silu_grad = binary("silu_grad", "x · silu′(y)", takes=GRADIENTS)
silu_grad.vjp(x=lambda g, y: silu_grad(g, y), y=lambda g, x, y: g * x * _silu_twice(y))

gelu_grad = binary("gelu_grad", "x · gelu′(y) = x (Φ(y) + y φ(y))", takes=GRADIENTS)
gelu_grad.vjp(x=lambda g, y: gelu_grad(g, y), y=lambda g, x, y: g * x * _gelu_twice(y))

gelu_tanh_grad = binary("gelu_tanh_grad", "x · gelu_tanh′(y)", takes=GRADIENTS)
gelu_tanh_grad.vjp(
    x=lambda g, y: gelu_tanh_grad(g, y),
    y=lambda g, x, y: g * x * _gelu_tanh_twice(y),
)


def _silu_twice(y):
    s = sigmoid(y)
    return s * (1 - s) * (2 + y * (1 - 2 * s))


def _gelu_twice(y):
    return exp(square(y) * -0.5) * (2 - square(y)) * (2 * pi) ** -0.5


def _gelu_tanh_twice(y):
    c = 2 * (2 / pi) ** 0.5  # t = 2u and its derivatives
    t = c * (y + 0.044715 * y * square(y))
    t1, t2 = c * (1 + 3 * 0.044715 * square(y)), c * 6 * 0.044715 * y
    s = sigmoid(t)
    return s * (1 - s) * (2 * t1 + y * (t2 + (1 - 2 * s) * square(t1)))
