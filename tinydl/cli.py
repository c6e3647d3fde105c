"""The command line, python -m tinydl …: options and their errors; the work is done elsewhere."""

from __future__ import annotations

import argparse
import os
import sys

import tinydl

from .io import FormatError
from .train.command import RATES, UsageError, train
from .train.models import MODELS
from .train.run import DATASETS
from .train.trainer import SCHEDULES


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; returns the process's exit status."""
    options = vars(parser().parse_args(arguments))
    command = options.pop("command")
    try:
        return command(**options)
    except KeyboardInterrupt:
        print("\nstopped before there was anything to save", file=sys.stderr)
        return 130
    except BrokenPipeError:  # nobody reads on, as in `… | head`; nor what Python flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ImportError as error:
        if error.name is None or error.name.startswith("tinydl"):
            raise
        problem = f"{error.name} is missing: pip install 'tinydl-core[train]'"
    except (UsageError, FormatError, OSError, FloatingPointError, MemoryError) as error:
        problem = str(error)
    print(f"tinydl: {problem}", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m tinydl", description=tinydl.__doc__.split("\n")[0]
    )
    top.add_argument("--version", action="version", version=f"tinydl {tinydl.__version__}")
    commands = top.add_subparsers(required=True, metavar="train | predict | doctor")
    _add_train(commands)
    _add_predict(commands)
    doctor = commands.add_parser("doctor", help="what tinydl found on this machine")
    doctor.set_defaults(command=_doctor)
    return top


def _add_train(commands) -> None:
    p = commands.add_parser(
        "train",
        help="train a network on images of digits or clothes",
        description="Trains a network and writes the model, its metrics and two pictures to a "
        "folder. Ctrl-C saves; --resume goes on as if nothing had happened.",
        argument_default=argparse.SUPPRESS,
    )
    p.set_defaults(command=_train)
    what = p.add_argument_group("what")
    what.add_argument(
        "--dataset",
        choices=["auto", *DATASETS],
        help="auto (default) is what lies in --data; without --data it is MNIST if that is in "
        "$TINYDL_DATA or the user's cache, else the digits that come with the package",
    )
    what.add_argument("--data", metavar="DIR", help="folder with the data set's files")
    what.add_argument("--model", choices=MODELS, help="default: cnn")
    what.add_argument("--out", metavar="DIR", help="default: runs/DATASET-MODEL, with a number")
    what.add_argument("--resume", metavar="DIR", help="go on with the run in this folder")
    how = p.add_argument_group("how")
    how.add_argument("--epochs", type=_count, metavar="N", help="default: as the data set needs")
    how.add_argument("--batch-size", type=_count, metavar="N", help="default: 64")
    how.add_argument("--optimizer", choices=RATES, help="default: adam")
    rates = ", ".join(f"{rate} with {name}" for name, rate in RATES.items())
    how.add_argument("--lr", type=_rate, metavar="RATE", help=f"learning rate; default: {rates}")
    how.add_argument(
        "--schedule", choices=SCHEDULES, help="of the learning rate; default: cooldown"
    )
    how.add_argument("--seed", type=int, metavar="N", help="default: 0")
    where = p.add_argument_group("where")
    where.add_argument("--device", metavar="NAME", help="cpu (default), cpu:avx2, cuda, …")
    where.add_argument("--threads", type=_count, metavar="N", help="default: one for each core")
    where.add_argument(
        "--workers", type=_count_or_0, metavar="N", help="threads that read data ahead; default: 0"
    )


def _add_predict(commands) -> None:
    p = commands.add_parser(
        "predict",
        help="say what is on a picture",
        description="Says what a trained model sees on a picture. The picture may have any size "
        "and colours; the object should stand out from its background.",
    )
    p.set_defaults(command=_predict)
    p.add_argument("images", nargs="+", metavar="IMAGE", help="picture file, such as digit.png")
    p.add_argument("--model", required=True, metavar="DIR", help="folder of the run: runs/NAME")
    p.add_argument(
        "--device", default="cpu", metavar="NAME", help="cpu (default), cpu:avx2, cuda, …"
    )


def _train(out: str | None = None, resume: str | None = None, **given) -> int:
    if out is not None and resume is not None:
        raise UsageError(
            "--resume goes on in the folder of the run, so --out has no place beside it"
        )
    return train(given, out, resume)


def _predict(images: list[str], model: str, device: str) -> int:
    from .train.predict import predict

    return predict(images, model, device)


def _doctor() -> int:
    from .inspect.doctor import main

    return main() or 0


def _count(text: str) -> int:
    value = _count_or_0(text)
    if value == 0:
        raise argparse.ArgumentTypeError("should be at least 1")
    return value


def _count_or_0(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"should be a whole number, got {text!r}")
    return int(text)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"should be a positive number, got {text!r}")
    return value
