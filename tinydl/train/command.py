"""`python -m tinydl train`: from files on the disk to a trained model and pictures of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tinydl

from .. import optim
from ..utils.data import DataLoader
from ..vision.datasets import MNIST
from ..vision.locate import missing
from ..vision.transforms import Compose, Normalize, ToTensor
from .evaluate import confusion_table, evaluate
from .models import MODELS
from .progress import make_progress
from .run import DATASETS, Config, Run, free_folder
from .trainer import SCHEDULES, Callback, Trainer

EPOCHS = {"mnist": 3, "fashion-mnist": 5, "digits": 30}
RATES = {"adam": 1e-3, "adamw": 1e-3, "sgd": 5e-2}
TEST_BATCH = 256
MAY_CHANGE = ("data", "device", "epochs", "threads", "workers")  # when a run goes on


class UsageError(Exception):
    """What was asked for makes no sense; the message says why."""


class Saver(Callback):
    """Saves the run after each epoch."""

    def __init__(self, run: Run):
        self.run = run

    def on_epoch(self, trainer: Trainer) -> None:
        self.run.save(trainer)


def train(given: dict, out: str | None = None, resume: str | None = None) -> int:
    """Trains with the given options (fields of Config); returns the process's exit status."""
    config = _going_on(resume, given) if resume else Config(**given)
    config, train_set, test_set, found = _choose_data(config)
    device = _device(config.device)
    if config.threads is not None:
        tinydl.set_num_threads(config.threads)
    tinydl.manual_seed(config.seed)
    shape, classes = (1, *train_set.data.shape[1:]), train_set.classes
    model = MODELS[config.model](shape, len(classes)).to(config.device)
    test_loader = DataLoader(test_set, TEST_BATCH, num_workers=config.workers)
    trainer = Trainer(
        model,
        _optimizer(config, model.parameters()),
        DataLoader(
            train_set,
            config.batch_size,
            shuffle=True,
            num_workers=config.workers,
            generator=tinydl.Generator().manual_seed(config.seed),
        ),
        test_loader,
        epochs=config.epochs,
        schedule=SCHEDULES[config.schedule],
        device=config.device,
    )
    run = Run(resume or out or free_folder(Path("runs"), f"{config.dataset}-{config.model}"))
    if resume:
        run.restore(trainer)
    elif run.exists:
        raise UsageError(
            f"{run.folder} holds a run already: go on with it (--resume {run.folder}), "
            "or choose another folder (--out)"
        )
    run.write_config(config, train_set)
    print(found)
    print(f"model  {config.model}, {sum(p.numel() for p in model.parameters()):,} parameters")
    threads = tinydl.get_num_threads()
    print(f"device {device.backend.name}, {threads} thread{'s' * (threads > 1)}", flush=True)

    progress = make_progress()
    trainer.callbacks = [Saver(run), progress]
    try:
        trainer.run()
    except KeyboardInterrupt:
        progress.close()
        run.save(trainer)
        print(
            f"\nstopped in epoch {trainer.epoch + 1} of {trainer.epochs} after batch "
            f"{trainer.batch} of {len(trainer.loader)}; saved. Go on with\n"
            f"  python -m tinydl train --resume {run.folder}"
        )
        return 130
    _report(run, config, trainer, test_loader)
    return 0


def _going_on(folder: str, given: dict) -> Config:
    """The options of the run in `folder`, with those changed that may change on the way."""
    config, _ = Run(folder).read_config()
    for name, value in given.items():
        before = getattr(config, name)
        if name not in MAY_CHANGE and value != before:
            option = "--" + name.replace("_", "-")
            raise UsageError(f"{folder} was begun with {option} {before}, which cannot change now")
    return replace(config, **given)


def _choose_data(config: Config) -> tuple:
    """(config without open questions, training set, test set, what was found where)."""
    name, note = config.dataset, ""
    if name == "digits" and config.data is not None:
        raise UsageError("--dataset digits is part of the package, it is not read from --data")
    if name == "auto":
        places = {name: DATASETS[name].locate(config.data) for name in ("mnist", "fashion-mnist")}
        name = next((name for name, place in places.items() if place.paths), "digits")
        if name == "digits":
            if config.data is not None:
                place = places["mnist"]
                raise UsageError(missing(MNIST.title, MNIST.source, place, MNIST.files))
            looked = "".join(f"\n         {place}" for place in places["mnist"].looked_in)
            note = f"\n       (no MNIST; looked in{looked})"
    source = DATASETS[name]
    transform = Compose([ToTensor(), Normalize(source.mean, source.std)])
    where = () if name == "digits" else (config.data,)
    train_set, test_set = (source(*where, train=t, transform=transform) for t in (True, False))
    origin = "in the package" if name == "digits" else f"in {train_set.folder}"
    _, h, w = train_set.data.shape
    found = (
        f"data   {source.title}, {origin}: {len(train_set):,} images of {h}×{w} for training, "
        f"{len(test_set):,} for the test{note}"
    )
    config = replace(
        config,
        dataset=name,
        data=config.data and str(Path(config.data).expanduser().resolve()),
        epochs=config.epochs or EPOCHS[name],
        lr=config.lr or RATES[config.optimizer],
    )
    return config, train_set, test_set, found


def _device(name: str):
    try:
        found = tinydl.device(name)
        _ = found.backend  # opens a GPU
    except ValueError as error:
        raise UsageError(f"--{error}") from None
    except RuntimeError as error:
        raise UsageError(f"--device {name}: {error}") from None
    return found


def _optimizer(config: Config, parameters):
    if config.optimizer == "sgd":
        return optim.SGD(parameters, lr=config.lr, momentum=0.9, nesterov=True)
    return {"adam": optim.Adam, "adamw": optim.AdamW}[config.optimizer](parameters, lr=config.lr)


def _report(run: Run, config: Config, trainer: Trainer, test_loader: DataLoader) -> None:
    """The final test, and pictures of it all."""
    test_set = test_loader.dataset
    test = evaluate(trainer.model, test_loader, device=config.device)
    count, right = len(test_set), len(test_set) - len(test.mistakes)
    seconds = sum(record["seconds"] for record in trainer.history)
    print(f"\ntest accuracy {test.accuracy:.2%} ({right:,} of {count:,}) after {seconds:.1f} s\n")
    print(confusion_table(test, test_set.classes))
    try:
        from .pictures import draw_curves, draw_mistakes

        title = f"{test_set.title}, {config.model}"
        draw_curves(
            run.curves,
            f"{title}: {test.accuracy:.2%} of {count:,} test images right",
            trainer.curve,
            trainer.history,
            len(trainer.loader),
        )
        draw_mistakes(
            run.mistakes,
            f"{title}: {count - right:,} of {count:,} wrong (green: the label, red: the answer)",
            test_set.data.numpy(),
            test,
            test_set.classes,
        )
    except ImportError as error:
        print(f"\nno pictures: {error.name} is missing (pip install 'tinydl-core[train]')")
    print(f"\n{run.folder}: {', '.join(sorted(path.name for path in run.folder.iterdir()))}")
