"""Transforms of one image, under torchvision's names.

An image is an array u8[h,w] or u8[h,w,c], a PIL picture, or, after ToTensor, a tensor [c,h,w].
The random ones draw from the sample's own generator (tinydl.utils.data.sample_generator), so what
happens to a sample depends on the seed and its place in the epoch, never on the workers.

A transform that treats every image alike may have on_batch(images), which takes a whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import tinydl

from ..utils.data.dataset import shortcut
from ..utils.data.seeding import sample_generator


class Compose:
    """One transform after another.

    >>> import numpy as np
    >>> from tinydl.vision.transforms import Compose, Normalize, ToTensor
    >>> Compose([ToTensor(), Normalize(0.5, 0.5)])(np.full((2, 2), 255, np.uint8)).shape
    (1, 2, 2)
    """

    def __init__(self, transforms: Sequence[Callable]):
        self.transforms = list(transforms)

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image

    def on_batch(self, images):
        steps = [shortcut(transform, "on_batch", "__call__") for transform in self.transforms]
        if None in steps:
            return None
        for step in steps:
            images = None if images is None else step(images)
        return images

    def __repr__(self) -> str:
        return f"Compose({', '.join(map(repr, self.transforms))})"


class Lambda:
    """Any function of an image."""

    def __init__(self, lambd: Callable):
        self.lambd = lambd

    def __call__(self, image):
        return self.lambd(image)


class ToTensor:
    """u8[h,w] or u8[h,w,c] of 0…255 → f32[c,h,w] of 0…1; other dtypes keep their values.

    >>> import numpy as np
    >>> from tinydl.vision.transforms import ToTensor
    >>> ToTensor()(np.array([[0, 51, 255]], np.uint8))
    tensor([[[0. , 0.2, 1. ]]])
    """

    def __call__(self, image):
        array = np.asarray(image)
        if array.ndim not in (2, 3):
            raise ValueError(f"ToTensor: an image is [h,w] or [h,w,c], got {list(array.shape)}")
        return self._convert(array[..., None] if array.ndim == 2 else array)

    def on_batch(self, images: np.ndarray):
        return self._convert(images[..., None] if images.ndim == 3 else images)

    def _convert(self, hwc: np.ndarray):
        chw = np.moveaxis(hwc, -1, -3)  # […,h,w,c] → […,c,h,w]
        if chw.dtype == np.uint8:
            return tinydl.from_numpy(np.divide(chw, np.float32(255), order="C"))
        dtype = np.float32 if chw.dtype == bool else chw.dtype
        return tinydl.from_numpy(chw.astype(dtype, order="C"))

    def __repr__(self) -> str:
        return "ToTensor()"


class Normalize:
    """(x − mean) / std, for each channel of a float tensor [c,h,w].

    Args:
        mean, std: one number, or one for each channel.
        inplace: whether x itself is changed.

    Raises:
        ValueError: std is 0, or when called, another number of channels or no floats.

    Example:
        >>> import tinydl
        >>> from tinydl.vision.transforms import Normalize
        >>> Normalize(0.5, 0.25)(tinydl.tensor([[[0.0, 0.5, 1.0]]]))
        tensor([[[-2.,  0.,  2.]]])
    """

    def __init__(self, mean, std, inplace: bool = False):
        self.mean, self.std, self.inplace = np.atleast_1d(mean), np.atleast_1d(std), inplace
        if (self.std == 0).any():
            raise ValueError(f"Normalize: std {std} would divide by zero")

    def __call__(self, tensor):
        array = tensor.numpy()
        if array.ndim < 3 or array.dtype.kind != "f" or len(self.mean) not in (1, array.shape[-3]):
            raise ValueError(
                f"Normalize: mean has {len(self.mean)} channels, the image is "
                f"{array.dtype}{list(array.shape)} where floats [c,h,w] are expected"
                + ("; ToTensor() goes first" if array.dtype.kind != "f" else "")
            )
        mean, std = (v.astype(array.dtype).reshape(-1, 1, 1) for v in (self.mean, self.std))
        result = np.subtract(array, mean, out=array if self.inplace else None)
        np.divide(result, std, out=result)
        return tensor if self.inplace else tinydl.from_numpy(result)

    on_batch = __call__

    def __repr__(self) -> str:
        return f"Normalize({self.mean.tolist()}, {self.std.tolist()})"


class Pad:
    """More pixels at the borders: one number, (left and right, top and bottom) or all four.

    padding_mode is constant (`fill`), edge, reflect or symmetric.
    """

    def __init__(self, padding, fill: float = 0, padding_mode: str = "constant"):
        sides = (padding,) * 4 if isinstance(padding, int) else tuple(padding)
        self.left, self.top, self.right, self.bottom = sides * 2 if len(sides) == 2 else sides
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError(f"Pad: padding_mode {padding_mode!r} is none of constant, edge, …")
        self.fill, self.padding_mode = fill, padding_mode

    def __call__(self, image):
        return on_planes(image, self._pad)

    def _pad(self, planes: np.ndarray) -> np.ndarray:
        *rest, h, w = planes.shape
        if self.padding_mode == "constant":  # np.pad does this too, ten times slower
            shape = (*rest, self.top + h + self.bottom, self.left + w + self.right)
            padded = np.full(shape, self.fill, planes.dtype)
            padded[..., self.top : self.top + h, self.left : self.left + w] = planes
            return padded
        widths = [(0, 0)] * len(rest) + [(self.top, self.bottom), (self.left, self.right)]
        return np.pad(planes, widths, self.padding_mode)


class CenterCrop:
    """The middle part of an image; a larger size than the image's pads with zeros."""

    def __init__(self, size):
        self.size = _pair(size)

    def __call__(self, image):
        return on_planes(image, self._crop)

    def _crop(self, planes: np.ndarray) -> np.ndarray:
        planes = _at_least(planes, *self.size, fill=0)
        top, left = (
            round((have - want) / 2)
            for have, want in zip(planes.shape[-2:], self.size, strict=True)
        )
        return planes[..., top : top + self.size[0], left : left + self.size[1]]


class RandomCrop:
    """A part of the given size, anywhere in the image, after padding it."""

    def __init__(
        self,
        size,
        padding=None,
        pad_if_needed: bool = False,
        fill: float = 0,
        padding_mode: str = "constant",
    ):
        self.size, self.pad_if_needed, self.fill = _pair(size), pad_if_needed, fill
        self.pad = None if padding is None else Pad(padding, fill, padding_mode)

    def __call__(self, image):
        return on_planes(image if self.pad is None else self.pad(image), self._crop)

    def _crop(self, planes: np.ndarray) -> np.ndarray:
        height, width = self.size
        if self.pad_if_needed:
            planes = _at_least(planes, height, width, self.fill)
        h, w = planes.shape[-2:]
        if h < height or w < width:
            raise ValueError(f"RandomCrop: an image of {h}×{w} has no part of {height}×{width}")
        top, left = sample_generator().integers((h - height + 1, w - width + 1))
        return planes[..., top : top + height, left : left + width]


class RandomHorizontalFlip:
    """Left becomes right, with probability p."""

    axis = -1

    def __init__(self, p: float = 0.5):
        self.p = _probability(type(self).__name__, p)

    def __call__(self, image):
        if sample_generator().random() >= self.p:
            return image
        return on_planes(image, lambda planes: np.flip(planes, self.axis))


class RandomVerticalFlip(RandomHorizontalFlip):
    """Top becomes bottom, with probability p."""

    axis = -2


class RandomErasing:
    """A rectangle of random size and place is set to `value`, with probability p.

    `scale` bounds its share of the image's area, `ratio` its height over its width.
    """

    def __init__(self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value: float = 0):
        self.p = _probability("RandomErasing", p)
        self.scale, self.ratio, self.value = scale, ratio, value

    def __call__(self, image):
        if sample_generator().random() >= self.p:
            return image
        return on_planes(image, self._erase)

    def _erase(self, planes: np.ndarray) -> np.ndarray:
        random, (h, w) = sample_generator(), planes.shape[-2:]
        area = h * w * random.uniform(*self.scale)
        ratio = np.exp(random.uniform(*np.log(self.ratio)))
        height = min(h, round(np.sqrt(area * ratio)))
        width = min(w, round(np.sqrt(area / ratio)))
        top, left = random.integers((h - height + 1, w - width + 1))
        planes = planes.copy()
        planes[..., top : top + height, left : left + width] = self.value
        return planes


def on_planes(image, change: Callable[[np.ndarray], np.ndarray]):
    """The image with change([…,h,w]) done to it, whatever kind of image it is."""
    if isinstance(image, tinydl.Tensor):
        return tinydl.from_numpy(np.ascontiguousarray(change(image.numpy())))
    array = np.asarray(image)
    if array.ndim == 2:
        return np.ascontiguousarray(change(array))
    return np.ascontiguousarray(np.moveaxis(change(np.moveaxis(array, -1, 0)), 0, -1))


def _at_least(planes: np.ndarray, height: int, width: int, fill: float) -> np.ndarray:
    """Pads both sides of […,h,w] where it is smaller than asked for."""
    h, w = planes.shape[-2:]
    lack_h, lack_w = max(0, height - h), max(0, width - w)
    return Pad((-(-lack_w // 2), -(-lack_h // 2)), fill)._pad(planes)


def _pair(size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


def _probability(name: str, p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p should be a probability, 0 to 1, got {p}")
    return p
