"""The command line: train, Ctrl-C and resume, predict, and what each says to what it cannot do."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from devices import NEEDS_CUDA

import tinydl
from tinydl.cli import main
from tinydl.io import load, safetensors, save
from tinydl.train.run import Run
from tinydl.vision.datasets import MNIST, Digits

DATA = os.environ.get("TINYDL_DATA")
TIMES = {"seconds", "images_per_second"}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """Runs go to a folder of their own, and no data set lies in the usual places."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TINYDL_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def command(*arguments):
    return [sys.executable, "-m", "tinydl", *arguments]


ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "TINYDL_DATA"},
    "PYTHONPATH": str(Path(tinydl.__file__).parents[1]),
}


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory):
    """The run that `python -m tinydl train` makes where there is no MNIST, and what it printed."""
    folder = tmp_path_factory.mktemp("digits")
    environment = ENVIRONMENT | {"XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(
        command("train"), cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "digits-cnn", done.stdout


def test_digits_are_learned(digits_run):
    folder, text = digits_run
    assert float(text.split("test accuracy ")[1].split("%")[0]) >= 97
    assert "data   Digits, in the package: 1,437 images of 8×8" in text
    assert "no MNIST; looked in" in text and "TINYDL_DATA: not set" in text
    assert "epoch 1/" in text and "images/s" in text and "taken for" in text
    names = {path.name for path in folder.iterdir()}
    assert {"model.safetensors", "metrics.jsonl", "config.json"} <= names
    assert not any(name.endswith(".tmp") for name in names)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if "epoch" in line]
    assert [line["epoch"] for line in epochs] == list(range(1, len(epochs) + 1))
    assert epochs[-1]["test_accuracy"] >= 0.97 and len(lines) > len(epochs)
    assert json.loads((folder / "config.json").read_text())["options"]["dataset"] == "digits"
    assert len(safetensors.load_file(folder / "model.safetensors")) == 8


def test_pictures(digits_run):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    for name in ("curves.png", "mistakes.png"):
        with image.open(digits_run[0] / name) as picture:
            assert picture.size[0] > 900 and np.ptp(np.asarray(picture.convert("L"))) > 200


@pytest.mark.skipif(
    not DATA or MNIST.locate(DATA).paths is None, reason="set TINYDL_DATA to a folder with MNIST"
)
def test_mnist_is_learned(capsys):
    assert main(["train", "--data", DATA, "--dataset", "mnist", "--epochs", "1"]) == 0
    text = capsys.readouterr().out
    assert float(text.split("test accuracy ")[1].split("%")[0]) >= 98.5


def test_ctrl_c_and_resume_from_the_command_line():
    options = ("--model", "mlp", "--epochs", "25", "--batch-size", "32")
    assert main(["train", *options, "--out", "whole"]) == 0

    process = subprocess.Popen(
        command("train", *options, "--out", "cut"),
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = time.monotonic() + 30
    while not Path("cut/checkpoint.safetensors").exists() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=30)
    assert process.returncode == 130, text
    assert "stopped in epoch" in text and "--resume cut" in text and "Traceback" not in text
    assert load("cut/checkpoint.safetensors")["epoch"] < 25

    assert main(["train", "--resume", "cut"]) == 0
    for name in ("model.safetensors", "mistakes.png"):
        assert Path("cut", name).read_bytes() == Path("whole", name).read_bytes()

    def metrics(run):
        lines = map(json.loads, Path(run, "metrics.jsonl").read_text().splitlines())
        return [{k: v for k, v in line.items() if k not in TIMES} for line in lines]

    assert metrics("cut") == metrics("whole")


def test_without_cuda():
    done = subprocess.run(
        command("train", "--device", "cuda"),
        env=ENVIRONMENT | {"TINYDL_CUDA": "no"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("tinydl: --device cuda: no CUDA device: ")


def small(*arguments):
    return main(["train", "--model", "mlp", "--epochs", "1", *arguments])


def test_other_choices(capsys):
    threads, optimizers = tinydl.get_num_threads(), (("sgd", "constant"), ("adamw", "cosine"))
    for number, (optimizer, schedule) in enumerate(optimizers):
        options = ("--optimizer", optimizer, "--schedule", schedule, "--workers", "2")
        assert small(*options, "--threads", "1", "--device", "cpu:base") == 0
        assert Run(f"runs/digits-mlp{'-2' * number}").read_config()[0].optimizer == optimizer
    assert "device cpu-base, 1 thread\n" in capsys.readouterr().out
    tinydl.set_num_threads(threads)


@NEEDS_CUDA
def test_a_run_moves_from_cuda_to_the_cpu(capsys):
    assert small("--device", "cuda") == 0
    assert f"device {tinydl.device('cuda').backend.name}, " in capsys.readouterr().out
    assert main(["train", "--resume", "runs/digits-mlp", "--epochs", "2", "--device", "cpu"]) == 0
    assert f"device {tinydl.device('cpu').backend.name}, " in capsys.readouterr().out


def test_without_matplotlib(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert small() == 0
    assert "no pictures: matplotlib.figure is missing (pip install" in capsys.readouterr().out
    assert Path("runs/digits-mlp/model.safetensors").exists()


def fails(capsys, *arguments):
    assert main(list(arguments)) == 1
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err and captured.err.startswith("tinydl: ")
    return captured.err


def test_what_train_refuses(capsys):
    text = fails(capsys, "train", "--data", "nowhere")
    assert "MNIST was not found. Looked in" in text and "nowhere (as asked for): no such" in text
    assert "is part of the package" in fails(
        capsys, "train", "--dataset", "digits", "--data", "nowhere"
    )
    assert "this machine has" in fails(capsys, "train", "--device", "cpu:none")
    assert "this machine has" in fails(
        capsys, "predict", "a.png", "--model", "runs", "--device", "gpu"
    )
    assert not Path("runs").exists()
    for wrong in (["--epochs", "0"], ["--lr", "-1"], ["--lr", "nan"], ["--model", "big"]):
        with pytest.raises(SystemExit) as caught:
            main(["train", *wrong])
        assert caught.value.code == 2


def test_what_resume_refuses(capsys):
    assert "absent is no run" in fails(capsys, "train", "--resume", "absent")
    assert small("--out", "run") == 0
    capsys.readouterr()
    assert "run holds a run already" in fails(capsys, "train", "--out", "run")
    assert "--out has no place" in fails(capsys, "train", "--resume", "run", "--out", "x")
    text = fails(capsys, "train", "--resume", "run", "--lr", "0.5")
    assert "begun with --lr 0.001, which cannot change" in text
    assert main(["train", "--resume", "run"]) == 0  # finished already: it tells the result again
    assert main(["train", "--resume", "run", "--epochs", "2"]) == 0
    assert load("run/checkpoint.safetensors")["epoch"] == 2

    checkpoint = Path("run/checkpoint.safetensors")
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2])
    text = fails(capsys, "train", "--resume", "run")
    assert "run/checkpoint.safetensors, byte" in text and "cut short" in text
    save({"model": {}}, checkpoint)
    assert "is no checkpoint of this run" in fails(capsys, "train", "--resume", "run")
    checkpoint.unlink()
    assert "no checkpoint to go on from" in fails(capsys, "train", "--resume", "run")
    for config in ("{", "[]", '{"options": {}, "images": {}}', '{"images": 3}'):
        Path("run/config.json").write_text(config)
        assert "config.json: " in fails(capsys, "train", "--resume", "run")


def test_help_and_version(capsys):
    for arguments in (["--help"], ["train", "--help"], ["predict", "--help"], ["--version"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
    assert f"tinydl {tinydl.__version__}" in capsys.readouterr().out


# --- predict --------------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path):
    return pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def test_predict(digits_run, pictures, capsys):
    data, right = Digits(train=False), 0
    for i in range(20):
        image, label = data[i]
        pictures.fromarray(image).save("as-it-is.png")
        large = pictures.fromarray(255 - image).resize((160, 160), pictures.Resampling.BICUBIC)
        paper = pictures.new("RGB", (400, 300), (240, 235, 220))
        paper.paste(large.convert("RGB").point(lambda v: v * 220 // 255), (120, 60))
        paper.save("photo.jpg")
        assert main(["predict", "as-it-is.png", "photo.jpg", "--model", str(digits_run[0])]) == 0
        text = capsys.readouterr().out
        right += f"as-it-is.png: {label} (" in text
        right += f"photo.jpg: {label} (" in text
        assert text.count("%") == 22
    assert right >= 36


def test_predict_reads_every_kind_of_image(digits_run, pictures, capsys):
    image = np.kron(Digits(train=False)[0][0], np.ones((20, 20), np.uint8))
    wide = pictures.fromarray(image)
    clear = pictures.merge("RGBA", [pictures.new("L", wide.size, 0)] * 3 + [wide])
    deep = pictures.fromarray(image.astype(np.uint16) * 257)
    kinds = {"1": wide.convert("1"), "L": wide, "P": wide.convert("P"), "RGBA": clear, "I": deep}
    answers = set()
    for name, kind in kinds.items():
        kind.save(f"{name}.png")
        assert main(["predict", f"{name}.png", "--model", str(digits_run[0])]) == 0
        answers.add(capsys.readouterr().out.split(": ")[1][0])
    assert len(answers) == 1


def test_what_predict_refuses(digits_run, pictures, capsys):
    model = ("--model", str(digits_run[0]))
    Path("text.png").write_text("no picture at all")
    assert "text.png: is no image" in fails(capsys, "predict", "text.png", *model)
    pictures.new("L", (40, 40), 128).save("blank.png")
    assert "blank.png: shows nothing" in fails(capsys, "predict", "blank.png", *model)
    pictures.new("L", (40, 3), 128).save("thin.png")
    assert "thin.png: has 40×3 pixels" in fails(capsys, "predict", "thin.png", *model)
    pictures.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save("ok.png")
    Path("cut.png").write_bytes(Path("ok.png").read_bytes()[:2000])
    assert "cut.png: is no image that can be used" in fails(capsys, "predict", "cut.png", *model)
    assert "No such file" in fails(capsys, "predict", "absent.png", *model)
    assert "is no run" in fails(capsys, "predict", "ok.png", "--model", "absent")


def test_a_model_that_does_not_fit_its_config(capsys, pictures):
    assert small("--out", "run") == 0
    pictures.fromarray(Digits()[0][0]).save("digit.png")
    Path("run/model.safetensors").write_bytes(b"damaged")
    assert "model.safetensors, byte" in fails(capsys, "predict", "digit.png", "--model", "run")
    Path("run/model.safetensors").unlink()
    text = fails(capsys, "predict", "digit.png", "--model", "run")
    assert "has no model.safetensors" in text
    safetensors.save_file({"w": tinydl.zeros(1)}, "run/model.safetensors")
    text = fails(capsys, "predict", "digit.png", "--model", "run")
    assert "model.safetensors: is not the model of config.json" in text
