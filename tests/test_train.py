"""Training in a program: fit, evaluate, and a Trainer that is stopped between any two steps."""

import io
import signal
import sys
import threading

import numpy as np
import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl import nn, optim
from tinydl.io import load, save
from tinydl.train import MODELS, Callback, Evaluation, Trainer, confusion_table, evaluate, fit
from tinydl.train.interrupt import deferred_interrupt
from tinydl.train.progress import Bar, Lines
from tinydl.utils.data import DataLoader, TensorDataset
from tinydl.vision.datasets import Digits
from tinydl.vision.transforms import Compose, RandomCrop, ToTensor

pytestmark = EVERY_DEVICE

TIMES = {"seconds", "images_per_second"}


def blobs(count=64, classes=3):
    """Points in the plane around three centres: easy to tell apart."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, count)
    points = rng.normal(size=(count, 2)) + 4 * np.stack([labels == 1, labels == 2], 1)
    return TensorDataset(tinydl.tensor(points.astype(np.float32)), tinydl.tensor(labels))


def perceptron():
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))


# --- fit and evaluate -----------------------------------------------------------------------------


def test_fit(capsys):
    tinydl.manual_seed(0)
    model = perceptron()
    data = DataLoader(blobs(), 8, shuffle=True)
    history = fit(model, data, DataLoader(blobs(), 32), epochs=15, lr=0.02)
    assert len(history) == 15 and history[-1]["epoch"] == 15
    assert history[-1]["test_accuracy"] > 0.9 and history[-1]["train_loss"] < 0.3
    assert history[0]["train_loss"] > history[-1]["train_loss"]
    assert "epoch 15/15  loss 0." in capsys.readouterr().out
    assert model.training
    sgd = optim.SGD(model.parameters(), lr=0.1)
    assert "test_loss" not in fit(model, data, optimizer=sgd, progress=False)[0]
    assert capsys.readouterr().out == ""


def test_evaluation():
    probabilities = np.array([[0.6, 0.4, 0], [0.1, 0.9, 0], [0, 0.2, 0.8], [0.5, 0.3, 0.2]])
    test = Evaluation(0.5, np.array([0, 0, 2, 1]), probabilities.astype(np.float32))
    assert test.accuracy == 0.5 and test.mistakes.tolist() == [1, 3]
    assert test.confusion.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    table = confusion_table(test, ["a", "b", "c"]).splitlines()
    assert table[1].split() == ["a", "2", "50.00%", "b", "(1×)"]
    assert table[3].split() == ["c", "1", "100.00%"]


def test_accuracy_does_not_broadcast():
    with pytest.raises(ValueError, match=r"targets of shape \(3, 1\) .*expected \(3,\)"):
        Evaluation(0.5, np.zeros((3, 1), np.int64), np.zeros((3, 2), np.float32))


def test_evaluate_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Dropout(0.9), perceptron()).train()
    loader = DataLoader(blobs(), 10)
    first, second = evaluate(model, loader), evaluate(model, loader)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert model.training and first.probabilities.shape == (64, 3)
    np.testing.assert_allclose(first.probabilities.sum(1), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="no batch"):
        evaluate(model, DataLoader(blobs(0), 10))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("size", [8, 28])
def test_models_fit_the_images(name, size):
    model = MODELS[name]((1, size, size), 10)
    assert tuple(model(tinydl.zeros(2, 1, size, size)).shape) == (2, 10)
    if (name, size) == ("cnn", 28):
        assert sum(p.numel() for p in model.parameters()) == 421_642


def test_the_rate_follows_the_schedule():
    rates = []

    class Watch(Callback):
        def on_step(self, trainer):
            rates.append(trainer.optimizer.param_groups[0]["lr"])

    model = perceptron()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    Trainer(model, optimizer, DataLoader(blobs(), 16), epochs=2, callbacks=[Watch()]).run()
    expected = [0.1, 0.1, 0.1, 0.1, 0.1, 0.075, 0.05, 0.025]
    np.testing.assert_allclose(rates, expected, rtol=1e-12)


def test_a_loss_that_is_no_number_stops_the_run():
    model = perceptron()
    before = [p.tolist() for p in model.parameters()]
    with pytest.raises(FloatingPointError, match="the loss is nan in epoch 1, batch 1"):
        fit(model, DataLoader(blobs(), 8), loss=lambda y, t: (y * float("nan")).sum())
    assert [p.tolist() for p in model.parameters()] == before


def test_nonsense_for_trainers():
    optimizer = optim.SGD(perceptron().parameters(), lr=0.1)
    with pytest.raises(ValueError, match="epochs should be a whole number from 1 up, got 0"):
        Trainer(perceptron(), optimizer, DataLoader(blobs(), 8), epochs=0)
    with pytest.raises(ValueError, match="the loader has no batches"):
        Trainer(perceptron(), optimizer, DataLoader(blobs(0), 8))


# --- interruption ---------------------------------------------------------------------------------


def test_interrupts_wait_for_the_check():
    passed, before = [], signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), deferred_interrupt() as check:
        check()
        signal.raise_signal(signal.SIGINT)
        passed.append("the rest of the step")
        check()
    assert passed
    with pytest.raises(KeyboardInterrupt), deferred_interrupt():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # the second is not held back
    assert signal.getsignal(signal.SIGINT) is before


def test_training_works_in_any_thread():
    histories = []

    def work():
        histories.append(fit(perceptron(), DataLoader(blobs(), 16), progress=False))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert len(histories) == 1


class PressCtrlC(Callback):
    """Ctrl-C in the middle of a certain step."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer):
        if trainer.steps_done == self.step:
            signal.raise_signal(signal.SIGINT)


def make_trainer(workers, callbacks=()):
    """A run in which everything is random that can be: order, crops, dropout, start."""
    tinydl.manual_seed(4)
    data = Digits(train=False, transform=Compose([RandomCrop(8, padding=1), ToTensor()]))
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Dropout(0.3), nn.Linear(8, 10))
    generator = tinydl.Generator().manual_seed(4)
    return Trainer(
        model,
        optim.Adam(model.parameters(), lr=0.01),
        DataLoader(data, 100, True, num_workers=workers, generator=generator),
        DataLoader(Digits(train=False, transform=ToTensor()), 360),
        epochs=3,
        callbacks=callbacks,
    )


def outcome(trainer):
    parameters = [p.cpu().numpy().tobytes() for p in trainer.model.state_dict().values()]
    history = [{k: v for k, v in r.items() if k not in TIMES} for r in trainer.history]
    return parameters, history, trainer.curve


@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupted_run_ends_with_the_same_bits(workers, tmp_path):
    trainer = make_trainer(workers)
    trainer.run()
    whole = outcome(trainer)
    for step in range(1, 13):  # 4 steps in each of 3 epochs
        trainer = make_trainer(workers, [PressCtrlC(step)])
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        assert trainer.steps_done == step
        save(trainer.state_dict(), tmp_path / "checkpoint")

        trainer = make_trainer(0)
        tinydl.manual_seed(77)
        trainer.load_state_dict(load(tmp_path / "checkpoint"))
        trainer.run()
        assert outcome(trainer) == whole, f"after step {step}"


def test_a_run_goes_on_on_another_device(device, tmp_path):
    """What Adam does, and what chance decides, is the same to within rounding."""
    whole = make_trainer(0)
    whole.run()
    first = make_trainer(0, [PressCtrlC(5)])
    with pytest.raises(KeyboardInterrupt):
        first.run()
    save(first.state_dict(), tmp_path / "checkpoint")

    tinydl.set_default_device("cpu")
    rest = make_trainer(0)
    rest.load_state_dict(load(tmp_path / "checkpoint"))
    rest.run()
    assert rest.device == tinydl.device("cpu") and whole.device == tinydl.device(device)
    ends = zip(whole.model.parameters(), rest.model.parameters(), strict=True)
    assert all(a.cpu().allclose(b, rtol=1e-3, atol=1e-5) for a, b in ends)


# --- progress -------------------------------------------------------------------------------------


def test_lines(monkeypatch, capsys):
    monkeypatch.setattr("tinydl.train.progress.SECONDS_BETWEEN_LINES", 0)
    model = perceptron()
    optimizer = optim.Adam(model.parameters())
    Trainer(model, optimizer, DataLoader(blobs(), 16), epochs=2, callbacks=[Lines()]).run()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * (4 + 1)
    assert lines[1].startswith("epoch 1/2  batch 2/4  loss ") and lines[1].endswith(" s left")


def test_bar(monkeypatch):
    tqdm = pytest.importorskip("tqdm", reason="tqdm is not installed").tqdm
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    model = perceptron()
    optimizer = optim.Adam(model.parameters())
    Trainer(model, optimizer, DataLoader(blobs(), 16), epochs=2, callbacks=[Bar(tqdm)]).run()
    text = screen.getvalue()
    assert "epoch 1/2 " in text and "epoch 2/2  loss" in text and "64/64" not in text.split("\r")[0]
