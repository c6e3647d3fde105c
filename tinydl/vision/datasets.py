"""Image data sets: MNIST, FashionMNIST (torchvision's names and arguments) and Digits.

A sample is (image, label): the image is u8[h,w] with 0 = background, as a NumPy array, put
through `transform` if there is one; ToTensor() makes it f32[1,h,w] in 0…1. Whole batches are
transformed at once when the transform can do that.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import tinydl

from ..io.files import FormatError
from ..utils.data import Dataset, default_convert
from ..utils.data.dataset import shortcut
from .idx import read_idx
from .locate import DataFile, Location, missing, search, sha256

TEST_DIGITS = 360


def _files(*published: tuple[int, str]) -> tuple[DataFile, ...]:
    """The four files that MNIST and its likes consist of, with their sizes and SHA256."""
    parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return tuple(
        DataFile(f"{part}-ubyte.gz", *sums) for part, sums in zip(parts, published, strict=True)
    )


class Images(Dataset):
    """Grey images in memory with their labels: data u8[n,h,w], targets i64[n]."""

    classes: tuple[str, ...] = ()
    mean, std = 0.5, 0.5  # of the training pixels, 0…1: for transforms.Normalize
    object_size = 0  # the side of the square that what is shown was fitted into

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
    ):
        self._images, self._labels = images, labels.astype(np.int64)
        self.data, self.targets = tinydl.from_numpy(images), tinydl.from_numpy(self._labels)
        self.transform, self.target_transform = transform, target_transform

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: int):
        image, target = self._images[index], int(self._labels[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __getbatch__(self, indices: np.ndarray):
        if self.target_transform is not None:
            return None
        images = self._images[indices]
        if self.transform is not None:
            on_batch = shortcut(self.transform, "on_batch", "__call__")
            images = None if on_batch is None else on_batch(images)
        if images is None:
            return None
        return [default_convert(images), tinydl.from_numpy(self._labels[indices])]

    def __len__(self) -> int:
        return len(self._images)

    def __repr__(self) -> str:
        n, h, w = self._images.shape
        return f"{type(self).__name__}({n:,} images of {h}×{w}, {len(self.classes)} classes)"


class MNIST(Images):
    """70,000 handwritten digits of 28×28 pixels, 60,000 of them for training.

    Reads the original idx files from `root`; without one, from $TINYDL_DATA or the user's cache.
    `download` is there for code written for torchvision; nothing is downloaded.
    """

    title = "MNIST"
    source = "https://ossci-datasets.s3.amazonaws.com/mnist/"
    folders = ("mnist", "MNIST/raw")
    classes = tuple(str(digit) for digit in range(10))
    mean, std, object_size = 0.1307, 0.3081, 20
    files = _files(
        (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    )

    def __init__(
        self,
        root=None,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ):
        location = self.locate(root)
        if location.paths is None:
            raise FileNotFoundError(missing(self.title, self.source, location, self.files))
        images_path, labels_path = (
            location.paths[file.name] for file in (self.files[:2] if train else self.files[2:])
        )
        self.folder = images_path.parent
        images = read_idx(images_path, ndim=3)
        labels = read_idx(labels_path, ndim=1)
        self._check(images, labels, images_path, labels_path)
        super().__init__(images, labels, transform, target_transform)

    @classmethod
    def locate(cls, root=None) -> Location:
        """Where the four files are, or where they were looked for."""
        return search(root, cls.folders, cls.files, cls._mistaken)

    @classmethod
    def _mistaken(cls, paths: dict[str, Path]) -> str | None:
        """MNIST's and Fashion-MNIST's files have the same names, but known contents."""
        labels = cls.files[3].name
        digest = sha256(paths[labels])
        for other in (MNIST, FashionMNIST):
            if other.title != cls.title and other.files[3].sha256 == digest:
                return f"these are {other.title}'s files"
        return None

    def _check(self, images, labels, images_path: Path, labels_path: Path) -> None:
        if images.dtype != np.uint8 or labels.dtype != np.uint8:
            path = labels_path if images.dtype == np.uint8 else images_path
            raise FormatError(path, "should hold unsigned bytes (dtype 08)", 2)
        if len(images) != len(labels):
            raise FormatError(
                labels_path, f"has {len(labels):,} labels for {len(images):,} images", 4
            )
        if labels.size and labels.max() >= len(self.classes):
            i = int((labels >= len(self.classes)).argmax())
            problem = f"label {i} is {labels[i]}, classes are 0…{len(self.classes) - 1}"
            raise FormatError(labels_path, problem, 8 + i)


class FashionMNIST(MNIST):
    """70,000 pictures of clothes from a shop; format and sizes as MNIST's."""

    title = "Fashion-MNIST"
    source = "https://github.com/zalandoresearch/fashion-mnist (data/fashion)"
    folders = ("fashion-mnist", "FashionMNIST/raw")
    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    mean, std, object_size = 0.2860, 0.3530, 28
    files = _files(
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    )


class Digits(Images):
    """1,797 handwritten digits of 8×8 pixels, part of the package: always there, no files needed.

    360 of them, chosen once and for all at random, are the test set. The 17 grey levels are
    spread over 0…255. E. Alpaydin and C. Kaynak, CC BY 4.0; see data/ATTRIBUTION.md.
    """

    title = "Digits"
    classes = tuple(str(digit) for digit in range(10))
    mean, std, object_size = 0.3053, 0.3757, 8

    def __init__(
        self,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
    ):
        with np.load(Path(__file__).parent / "data" / "digits.npz") as archive:
            images, labels = archive["images"], archive["labels"]
        order = np.random.Philox(key=0).random_raw(len(images)).argsort(kind="stable")
        chosen = order[TEST_DIGITS:] if train else order[:TEST_DIGITS]
        images = (images[chosen] * (255 / 16)).round().astype(np.uint8)
        super().__init__(images, labels[chosen], transform, target_transform)
