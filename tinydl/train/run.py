"""A run and its folder, runs/<name>/: what was asked for, how it went, what came out.

    config.json             the options, and what is needed to use the model on other images
    checkpoint.safetensors  the state to go on from, after each epoch and after Ctrl-C
    metrics.jsonl           a line for each finished epoch, after those for the points of its curve
    model.safetensors       the trained parameters
    curves.png, mistakes.png

Every file is replaced whole or not at all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import tinydl

from ..io import FormatError, load, safetensors, save
from ..io.files import write_text
from ..vision.datasets import MNIST, Digits, FashionMNIST
from .models import MODELS
from .trainer import SCHEDULES, Trainer

DATASETS = {"mnist": MNIST, "fashion-mnist": FashionMNIST, "digits": Digits}


@dataclass
class Config:
    """All options of `train`; the defaults are the ones whose accuracy the README tells."""

    dataset: str = "auto"
    data: str | None = None
    model: str = "cnn"
    device: str = "cpu"
    epochs: int | None = None  # None: as many as suit the data set
    batch_size: int = 64
    lr: float | None = None  # None: as suits the optimizer
    optimizer: str = "adam"
    schedule: str = "cooldown"
    seed: int = 0
    threads: int | None = None  # None: as many as the machine has
    workers: int = 0


class Run:
    """The folder of one run."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.checkpoint = self.folder / "checkpoint.safetensors"
        self.model = self.folder / "model.safetensors"
        self.curves, self.mistakes = self.folder / "curves.png", self.folder / "mistakes.png"

    @property
    def exists(self) -> bool:
        return (self.folder / "config.json").exists()

    def write_config(self, config: Config, images) -> None:
        """Options, and of the data set what the model expects of an image."""
        _, h, w = images.data.shape
        expects = {
            "shape": [1, h, w],
            "classes": list(images.classes),
            "mean": images.mean,
            "std": images.std,
            "object_size": images.object_size,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"tinydl": tinydl.__version__, "options": asdict(config), "images": expects}
        write_text(self.folder / "config.json", json.dumps(content, indent=2) + "\n")

    def read_config(self) -> tuple[Config, dict]:
        """The options of the run, and what its model expects of an image."""
        path = self.folder / "config.json"
        if not path.exists():
            raise FileNotFoundError(f"{self.folder} is no run: it has no config.json")
        try:
            content = json.loads(path.read_text())
            config, images = Config(**content["options"]), content["images"]
            _, _, _ = images["shape"]
            _ = MODELS[config.model], DATASETS[config.dataset], SCHEDULES[config.schedule]
            _ = images["classes"], images["mean"], images["std"], images["object_size"]
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(path, f"is not the config of a run ({error!r})") from error
        return config, images

    def save(self, trainer: Trainer) -> None:
        """Checkpoint, model and metrics as they stand now."""
        save(trainer.state_dict(), self.checkpoint)
        safetensors.save_file(trainer.model.state_dict(), self.model)
        per_epoch = len(trainer.loader)
        lines = [(point["step"] / per_epoch, point) for point in trainer.curve]
        lines += [(record["epoch"], record) for record in trainer.history]
        lines.sort(key=lambda line: line[0])
        text = "".join(json.dumps(_rounded(line)) + "\n" for _, line in lines)
        write_text(self.folder / "metrics.jsonl", text)

    def restore(self, trainer: Trainer) -> None:
        if not self.checkpoint.exists():
            raise FileNotFoundError(f"{self.folder} has no checkpoint to go on from")
        state = load(self.checkpoint)
        try:
            trainer.load_state_dict(state)
        except (KeyError, TypeError, AttributeError, RuntimeError, ValueError) as error:
            raise FormatError(self.checkpoint, f"is no checkpoint of this run ({error})") from error

    def load_model(self, device: str = "cpu"):
        """The trained model, in eval mode, and what it expects of an image."""
        config, images = self.read_config()
        if not self.model.exists():
            raise FileNotFoundError(f"{self.folder} has no model.safetensors yet")
        model = MODELS[config.model](tuple(images["shape"]), len(images["classes"]))
        try:
            model.load_state_dict(safetensors.load_file(self.model))
        except RuntimeError as error:
            raise FormatError(self.model, f"is not the model of config.json\n{error}") from error
        return model.to(device).eval(), images


def _rounded(record: dict) -> dict:
    return {k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in record.items()}


def free_folder(parent: Path, name: str) -> Path:
    """parent/name, or parent/name-2, … : the first that does not exist."""
    folder, number = parent / name, 1
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    return folder
