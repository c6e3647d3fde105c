"""Data sets and transforms: the numbers, the places looked in, and what damaged files get.

Images are NumPy's until they are a batch, so all of this is on the CPU.
"""

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import tinydl
from tinydl.io import FormatError
from tinydl.utils.data import DataLoader, sample_generator
from tinydl.vision import datasets, transforms
from tinydl.vision.datasets import MNIST, Digits, FashionMNIST
from tinydl.vision.idx import read_idx

DATA = os.environ.get("TINYDL_DATA")


def needs(images: type):
    missing = not DATA or images.locate(DATA).paths is None
    return pytest.mark.skipif(missing, reason=f"set TINYDL_DATA to a folder with {images.title}")


def idx(array: np.ndarray, code=0x08) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, code, array.ndim]) + sizes + array.tobytes()


def write_mnist(folder: Path, train=20, test=10, pack=gzip.compress, suffix=".gz") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for part, count in (("train", train), ("t10k", test)):
        images = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(labels)))


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data set in any of the usual places."""
    monkeypatch.delenv("TINYDL_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


# --- the data sets --------------------------------------------------------------------------------


def test_digits():
    train, test = Digits(), Digits(train=False)
    assert len(train) == 1437 and len(test) == 360 and train.classes[3] == "3"
    image, label = train[0]
    assert image.shape == (8, 8) and image.dtype == np.uint8 and 0 <= label < 10
    assert train.data.numpy().max() == 255 and tuple(test.targets.shape) == (360,)
    pixels = train.data.numpy() / 255
    assert abs(pixels.mean() - Digits.mean) < 1e-4 and abs(pixels.std() - Digits.std) < 1e-4
    counts = np.bincount(np.concatenate([train.targets.numpy(), test.targets.numpy()]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    every = np.concatenate([train.data.numpy(), test.data.numpy()]).reshape(1797, -1)
    assert len(np.unique(every, axis=0)) == 1797  # nothing is in both parts
    assert repr(test) == "Digits(360 images of 8×8, 10 classes)"
    assert (Path(datasets.__file__).parent / "data" / "ATTRIBUTION.md").exists()


@needs(MNIST)
def test_mnist():
    train, test = MNIST(DATA), MNIST(DATA, train=False)
    assert tuple(train.data.shape) == (60000, 28, 28) and len(test) == 10000
    counts = np.bincount(train.targets.numpy()).tolist()
    assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    pixels = train.data.numpy() / np.float32(255)
    assert abs(pixels.mean() - MNIST.mean) < 1e-4 and abs(pixels.std() - MNIST.std) < 1e-4


@needs(FashionMNIST)
def test_fashion_mnist_is_not_taken_for_mnist():
    folder = next(iter(FashionMNIST.locate(DATA).paths.values())).parent
    with pytest.raises(FileNotFoundError, match="these are Fashion-MNIST's files"):
        MNIST(folder)
    assert FashionMNIST(folder, train=False).classes[9] == "Ankle boot"


@pytest.mark.parametrize("inside", ["", "mnist", "MNIST/raw"])
def test_where_a_folder_may_have_the_files(nowhere, inside):
    write_mnist(nowhere / "d" / inside)
    assert len(MNIST(nowhere / "d")) == 20
    assert len(MNIST(nowhere / "d", train=False, download=True)) == 10


def test_unpacked_files(nowhere):
    write_mnist(nowhere, pack=bytes, suffix="")
    assert len(MNIST(nowhere)) == 20


def test_order_of_places(nowhere, monkeypatch):
    write_mnist(nowhere / "cache" / "tinydl" / "mnist", train=11)
    assert len(MNIST()) == 11
    write_mnist(nowhere / "env", train=12)
    monkeypatch.setenv("TINYDL_DATA", str(nowhere / "env"))
    assert len(MNIST()) == 12
    write_mnist(nowhere / "asked", train=13)
    assert len(MNIST(nowhere / "asked")) == 13
    with pytest.raises(FileNotFoundError):  # what was asked for is the only place
        MNIST(nowhere / "empty")


def test_missing_data_says_where_and_how(nowhere, monkeypatch):
    with pytest.raises(FileNotFoundError) as caught:
        MNIST()
    text = str(caught.value)
    assert "MNIST was not found" in text and "TINYDL_DATA: not set" in text
    assert f"{nowhere}/cache/tinydl (the user's cache): no such folder" in text
    assert "train-images-idx3-ubyte.gz   9,912,422 bytes, SHA256 440fcabf73cc" in text
    assert "https://" in text
    write_mnist(nowhere / "part")
    (nowhere / "part" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"part \(as .*\): t10k-labels-idx1-ubyte.gz missing"
    ):
        MNIST(nowhere / "part")


def test_transforms_are_applied(nowhere):
    data = Digits(transform=transforms.ToTensor(), target_transform=lambda label: label + 100)
    image, label = data[5]
    assert tuple(image.shape) == (1, 8, 8) and label == data.targets[5].item() + 100
    x, y = next(iter(DataLoader(data, 4)))
    assert tuple(x.shape) == (4, 1, 8, 8) and y.min().item() >= 100


# --- idx files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "dtype"),
    [(0x08, ">u1"), (0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")],
)
def test_idx_dtypes_are_big_endian(tmp_path, code, dtype):
    array = np.array([[1, 2], [3, 100]], dtype)
    (tmp_path / "a").write_bytes(idx(array, code))
    read = read_idx(tmp_path / "a", ndim=2)
    assert read.tolist() == array.tolist() and read.dtype.isnative and read.flags.writeable


def test_truncation_anywhere_is_noticed(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (3, 2, 2)).astype(np.uint8)
    for name, whole in (("plain", idx(array)), ("images.gz", gzip.compress(idx(array)))):
        path = tmp_path / name
        for size in range(len(whole)):
            path.write_bytes(whole[:size])
            with pytest.raises(FormatError, match=rf"{name}.*, byte \d+: "):
                read_idx(path, ndim=3)


def test_every_damaged_byte_of_a_packed_file_is_noticed(tmp_path):
    array = np.zeros((3, 2, 2), np.uint8)
    whole = gzip.compress(idx(array), mtime=0)
    path = tmp_path / "images.gz"
    for at in range(len(whole)):
        if at in (4, 5, 6, 7, 8, 9):  # time and origin in gzip's header mean nothing
            continue
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with pytest.raises(FormatError, match=r"images\.gz"):
            read_idx(path, ndim=3)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "byte 0: starts with nothing; an idx file starts with 00 00 08 03"),
        (b"<!DOCTYPE html>", "byte 0: starts with 3c 21 44 4f"),
        (b"\0\0\x07\x03", "byte 0: starts with 00 00 07 03"),
        (idx(np.zeros((2, 2), np.uint8)), "byte 3: the array has 2 axes, 3 are expected"),
        (b"\0\0\x08\x03\0\0", "byte 6: ends within the 3 sizes"),
        (
            idx(np.zeros((2, 2, 2), np.uint8)) + b"!",
            r"byte 24: an array uint8\[2, 2, 2\] needs 24 bytes with its header, the file has 25",
        ),
        (b"\0\0\x08\x03" + b"\xff" * 12 + b"data", "byte 20: an array"),
        (gzip.compress(idx(np.zeros((1, 1, 1), np.uint8)), mtime=0) + b"!", "follows the gzip"),
    ],
)
def test_what_is_no_idx_file(tmp_path, content, problem):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FormatError, match=problem):
        read_idx(tmp_path / "file", ndim=3)


def test_labels_that_do_not_fit(nowhere):
    write_mnist(nowhere)
    labels = nowhere / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx(np.zeros(19, np.uint8))))
    with pytest.raises(FormatError, match="19 labels for 20 images"):
        MNIST(nowhere)
    wrong = np.zeros(20, np.uint8)
    wrong[7] = 10
    labels.write_bytes(gzip.compress(idx(wrong)))
    with pytest.raises(FormatError, match="byte 15: label 7 is 10, classes are 0…9"):
        MNIST(nowhere)
    shutil.copy(nowhere / "t10k-images-idx3-ubyte.gz", labels)
    with pytest.raises(FormatError, match="has 3 axes, 1 are expected"):
        MNIST(nowhere)


# --- transforms -----------------------------------------------------------------------------------


def picture(c=3, h=6, w=5):
    return np.random.default_rng(0).integers(0, 256, (h, w, c)).astype(np.uint8)


def test_to_tensor_and_normalize():
    image = picture()
    x = transforms.ToTensor()(image)
    assert tuple(x.shape) == (3, 6, 5) and x.dtype == tinydl.float32
    np.testing.assert_array_equal(x.numpy(), image.transpose(2, 0, 1) / np.float32(255))
    y = transforms.Normalize([0.1, 0.2, 0.3], [0.5, 0.6, 0.7])(x).numpy()
    np.testing.assert_allclose(y[1], (x.numpy()[1] - 0.2) / 0.6, rtol=1e-6)
    assert tuple(transforms.ToTensor()(image[:, :, 0]).shape) == (1, 6, 5)
    with pytest.raises(ValueError, match="ToTensor"):
        transforms.ToTensor()(np.zeros(3))
    with pytest.raises(ValueError, match=r"2 channels, the image is float32\[3, 6, 5\]"):
        transforms.Normalize([0, 0], [1, 1])(x)
    with pytest.raises(ValueError, match=r"ToTensor\(\) goes first"):
        transforms.Normalize(0.5, 0.5)(tinydl.tensor(image))
    with pytest.raises(ValueError, match="divide by zero"):
        transforms.Normalize(0.5, 0)


def test_a_batch_at_once_is_the_same_as_one_by_one():
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.3, 0.4)])
    data = Digits(transform=transform)
    assert data.__getbatch__(np.arange(3)) is not None
    one_by_one = tinydl.stack([data[i][0] for i in range(9)])
    at_once, _ = next(iter(DataLoader(data, 9)))
    assert (one_by_one == at_once).all().item()

    class Inverted(transforms.ToTensor):
        def __call__(self, image):
            return 1 - super().__call__(image)

    data = Digits(transform=transforms.Compose([Inverted()]))
    assert data.__getbatch__(np.arange(3)) is None
    assert next(iter(DataLoader(data, 1)))[0].max().item() == 1


def test_geometry():
    image = picture()
    padded = transforms.Pad((1, 2), fill=9)(image)
    assert padded.shape == (10, 7, 3) and (padded[:2] == 9).all() and (padded[:, 0] == 9).all()
    assert (padded[2:-2, 1:-1] == image).all()
    assert transforms.Pad([1, 0, 0, 2])(image).shape == (8, 6, 3)
    assert (transforms.CenterCrop((4, 3))(image) == image[1:5, 1:4]).all()
    assert transforms.CenterCrop(8)(image).shape == (8, 8, 3)
    assert (transforms.RandomHorizontalFlip(1)(image) == image[:, ::-1]).all()
    assert (transforms.RandomVerticalFlip(1)(image) == image[::-1]).all()
    assert (transforms.RandomHorizontalFlip(0)(image) == image).all()
    tensor = transforms.ToTensor()(image)
    flipped = transforms.RandomHorizontalFlip(1)(tensor)
    assert (flipped.numpy() == tensor.numpy()[..., ::-1]).all()
    erased = transforms.RandomErasing(1, value=7)(np.zeros((20, 20), np.uint8))
    assert 0.02 * 400 * 0.5 <= (erased == 7).sum() <= 0.33 * 400 * 1.2


def test_random_crop():
    image = picture()
    crop = transforms.RandomCrop(4)
    parts = {crop(image).tobytes() for _ in range(100)}
    possible = {image[i : i + 4, j : j + 4].tobytes() for i in range(3) for j in range(2)}
    assert parts == possible
    assert transforms.RandomCrop(8, padding=2)(image).shape == (8, 8, 3)
    assert transforms.RandomCrop(9, pad_if_needed=True)(image).shape == (9, 9, 3)
    with pytest.raises(ValueError, match="an image of 6×5 has no part of 7×7"):
        transforms.RandomCrop(7)(image)


def test_random_transforms_repeat_with_the_seed():
    transform = transforms.Compose([transforms.RandomCrop(8, padding=2), transforms.ToTensor()])
    tinydl.manual_seed(3)
    first = [transform(picture()).tolist() for _ in range(5)]
    tinydl.manual_seed(3)
    assert [transform(picture()).tolist() for _ in range(5)] == first

    def batches(workers):
        generator = tinydl.Generator().manual_seed(1)
        data = Digits(transform=transform)
        loader = DataLoader(data, 100, True, num_workers=workers, generator=generator)
        return [x.numpy().tobytes() for x, _ in loader]

    assert batches(0) == batches(4)


def test_lambda_and_nonsense():
    assert transforms.Lambda(lambda image: image.max())(np.array([[1, 5]])) == 5
    with pytest.raises(ValueError, match="p should be a probability"):
        transforms.RandomHorizontalFlip(1.5)
    with pytest.raises(ValueError, match="padding_mode"):
        transforms.Pad(1, padding_mode="mirror")
    assert sample_generator() is not sample_generator()


def test_pil_pictures():
    pil = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    image = picture()
    x = transforms.ToTensor()(pil.fromarray(image))
    assert (x == transforms.ToTensor()(image)).all().item()
    assert transforms.CenterCrop(4)(pil.fromarray(image)).shape == (4, 4, 3)
