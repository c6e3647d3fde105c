"""The optimizers' updates of one parameter p with gradient g: each returns its new state."""

from __future__ import annotations

import numpy as np


def sgd(p, buf, g, *, lr, momentum, dampening, weight_decay, nesterov, maximize, first):
    """g ± weight_decay p; buf = momentum buf + (1 − dampening) g; p −= lr buf. Returns p, buf."""
    g = -g if maximize else g
    g = g + weight_decay * p if weight_decay else g
    if momentum:
        buf = g if first else momentum * buf + (1 - dampening) * g
        g = g + momentum * buf if nesterov else buf
    return p - lr * g, buf


def adam(
    p, m, v, vmax, g, *, lr, beta1, beta2, eps, weight_decay, step, decoupled, maximize, amsgrad
):
    """p −= lr m̂ / (√v̂ + eps), m̂ and v̂ the running means of g and g². Returns p, m, v, vmax.

    Weight decay is part of g (Adam) or shrinks p on its own: decoupled (AdamW).
    """
    g = -g if maximize else g
    if weight_decay and decoupled:
        p = p - lr * weight_decay * p
    elif weight_decay:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    vmax = np.maximum(vmax, v) if amsgrad else vmax
    mean, power = m / (1 - beta1**step), (vmax if amsgrad else v) / (1 - beta2**step)
    return p - lr * mean / (np.sqrt(power) + eps), m, v, vmax
