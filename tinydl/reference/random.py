"""Random numbers from counters: Philox 4×32-10 and what is made of its words.

`rng` is (seed, draw). Element i of a draw depends on nothing but (seed, draw, i).
"""

from __future__ import annotations

import numpy as np

_U32, _U64 = np.uint32, np.uint64


def philox(counters, rng):
    """words[counter, 4]: ten rounds of two 32×32 → 64-bit products, keyed by the seed.

    Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3 (SC 2011).
    """
    seed, draw = rng
    low, shift = _U64(0xFFFFFFFF), _U64(32)
    counter = np.arange(counters, dtype=_U64)
    a, b = counter & low, counter >> shift
    c, d = _U64(draw) & low, _U64(draw) >> shift
    key0, key1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p, q = _U64(0xD2511F53) * a, _U64(0xCD9E8D57) * c
        a, b = (q >> shift) ^ b ^ _U64(key0), q & low
        c, d = (p >> shift) ^ d ^ _U64(key1), p & low
        key0 = (key0 + 0x9E3779B9) & 0xFFFFFFFF
        key1 = (key1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([np.broadcast_to(word, counter.shape) for word in (a, b, c, d)], axis=-1)


def _words(shape, words_each, rng):
    """words[element, words_each] in 64-bit integers."""
    n = int(np.prod(shape)) * words_each
    return philox(-(-n // 4), rng).ravel()[:n].reshape(-1, words_each)


def _unit(words):
    """In [0, 1): 24 bits of one word, or 53 of two."""
    if words.shape[-1] == 1:
        return (words[..., 0] >> _U64(8)) * 2.0**-24
    high, low = words[..., 0] >> _U64(5), words[..., 1] >> _U64(6)
    return (high * 2.0**26 + low) * 2.0**-53


def _unit_of(shape, dtype, rng):
    return _unit(_words(shape, np.dtype(dtype).itemsize // 4, rng)).reshape(shape)


def uniform(y, *, low, high, rng):
    """y = low + (high − low) u"""
    return low + (high - low) * _unit_of(y.shape, y.dtype, rng)


def normal(y, *, mean, std, rng):
    """Box and Muller: √(−2 ln u) cos 2πv and √(−2 ln u) sin 2πv from every two uniform numbers"""
    pairs = -(-y.size // 2)
    if y.dtype.itemsize == 4:
        u, v = (_words(2 * pairs, 1, rng).reshape(pairs, 2) * 2.0**-32).T
    else:
        u, v = _unit(_words(2 * pairs, 2, rng)).reshape(pairs, 2).T
    radius, angle = np.sqrt(-2 * np.log(1 - u)), 2 * np.pi * v
    z = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).ravel()
    return mean + std * z[: y.size].reshape(y.shape)


def exponential(y, *, rate, rng):
    """−ln u / rate, u from the middle of 2³² or 2⁵² equal parts of (0, 1)"""
    words = _words(y.shape, y.dtype.itemsize // 4, rng)
    if words.shape[-1] == 1:
        u = (words[:, 0] + 0.5) * 2.0**-32
    else:
        u = (words[:, 0] * 2.0**20 + (words[:, 1] >> _U64(12)) + 0.5) * 2.0**-52
    return -np.log(u.reshape(y.shape)) / rate


def randint(y, *, low, high, rng):
    """low + ⌊word · (high − low) / 2⁶⁴⌋ of 64-bit words"""
    words = _words(y.shape, 2, rng)
    whole = [int(w0) + (int(w1) << 32) for w0, w1 in words]
    return np.array([low + (w * (high - low) >> 64) for w in whole], y.dtype).reshape(y.shape)


def dropout(x, *, p, draw):
    """(y, mask): mask = u ≥ p for u of one word each; y = x / (1 − p) where it is, else 0"""
    mask = _unit_of(x.shape, np.float32, draw) >= np.float32(p)
    return dropout_grad(x, mask, p=p), mask


def dropout_grad(gy, mask, *, p):
    """gx = gy / (1 − p) where mask is True, else 0"""
    return np.where(mask, gy * np.divide(1, 1 - p).astype(gy.dtype), 0)
