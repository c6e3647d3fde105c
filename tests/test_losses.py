"""Losses: values beside their formulas, and what they say of operands that do not fit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from devices import EVERY_DEVICE
from raising import message_of

import tinydl
from tinydl import nn
from tinydl.nn import functional as F

pytestmark = EVERY_DEVICE


def _log_softmax(x):
    x = x - x.max(1, keepdims=True)
    return x - np.log(np.exp(x).sum(1, keepdims=True))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(reduction, smoothing, weighted):
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(6, 4)), np.array([0, 3, -100, 1, 1, 2])
    weight = rng.uniform(0.5, 2, 4) if weighted else np.ones(4)
    kept = labels != -100
    safe = np.where(kept, labels, 0)
    logp = _log_softmax(x)
    loss = -(1 - smoothing) * weight[safe] * logp[np.arange(6), safe]
    loss = np.where(kept, loss - smoothing / 4 * (logp * weight).sum(1), 0)
    expected = {"mean": loss.sum() / weight[labels[kept]].sum(), "sum": loss.sum(), "none": loss}
    got = F.cross_entropy(
        tinydl.tensor(x),
        tinydl.tensor(labels),
        weight=tinydl.tensor(weight) if weighted else None,
        reduction=reduction,
        label_smoothing=smoothing,
    )
    np.testing.assert_allclose(got.cpu().numpy(), expected[reduction], rtol=1e-12)


def test_cross_entropy_of_images_vectors_and_probabilities():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(2, 3, 4, 5)), rng.integers(0, 3, (2, 4, 5))
    rows = x.transpose(0, 2, 3, 1).reshape(-1, 3)
    expected = -_log_softmax(rows)[np.arange(40), labels.reshape(-1)].mean()
    assert np.isclose(F.cross_entropy(tinydl.tensor(x), tinydl.tensor(labels)).item(), expected)
    onehot = np.moveaxis(np.eye(3)[labels], -1, 1)
    soft = F.cross_entropy(tinydl.tensor(x), tinydl.tensor(onehot))
    assert np.isclose(soft.item(), expected)
    one = F.cross_entropy(tinydl.tensor(x[0, :, 0, 0]), tinydl.tensor(labels[0, 0, 0]))
    assert np.isclose(one.item(), -_log_softmax(rows)[0, labels[0, 0, 0]])


def test_cross_entropy_messages():
    x = tinydl.zeros(4, 3)
    wrong = tinydl.tensor([0, 1, 3, 2])
    message = message_of(lambda: F.cross_entropy(x, wrong).item(), kind=IndexError)
    assert "target 3 at row 2" in message and "0…2" in message
    assert "one-hot" in message_of(F.cross_entropy, x, tinydl.zeros(4, 3).long())
    assert "use .long()" in message_of(F.cross_entropy, x, tinydl.zeros(4))
    assert "takes labels of shape (4,)" in message_of(F.cross_entropy, x, tinydl.zeros(5).long())


def test_softmax_before_cross_entropy_warns():
    x = tinydl.zeros(2, 3, requires_grad=True)
    with pytest.warns(UserWarning, match="logits"):
        F.cross_entropy(x.softmax(1), tinydl.tensor([0, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        F.cross_entropy(x.log_softmax(1), tinydl.tensor([0, 1]))


def test_mse_loss_does_not_broadcast():
    a, b = tinydl.tensor([1.0, 2.0]), tinydl.tensor([[1.0], [4.0]])
    assert nn.MSELoss()(a, b.squeeze(1)).item() == 2
    assert nn.MSELoss(reduction="sum")(a, b.squeeze(1)).item() == 4
    assert "one shape" in message_of(nn.MSELoss(), a, b)
