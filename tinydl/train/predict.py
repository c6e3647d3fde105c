"""`python -m tinydl predict`: what a trained model sees in an image file. Needs Pillow.

A picture becomes what the model was trained on: grey, light on dark, the object fitted into a
square of the training images' object size and centred by its mass, which is how MNIST was made.
A picture that has the model's size already is only inverted if it is dark on light.
"""

from __future__ import annotations

import numpy as np

import tinydl

from ..io.files import FormatError
from ..nn import functional as F
from ..vision.transforms import Compose, Normalize, ToTensor
from .command import open_device
from .run import Run

SMALLEST = 4  # pixels on a side
FAINTEST = 0.1  # difference between the lightest and the darkest pixel, of 1
BACKGROUND = 0.15  # what is below this, of 1, is no part of the object


def predict(paths: list[str], folder: str, device: str = "cpu") -> int:
    """Prints class and probabilities for each image; returns the process's exit status."""
    open_device(device)
    model, expects = Run(folder).load_model(device)
    transform = Compose([ToTensor(), Normalize(expects["mean"], expects["std"])])
    for path in paths:
        image = prepare(read_grey(path), expects["shape"][1:], expects["object_size"], path)
        with tinydl.no_grad():
            x = transform(image).unsqueeze(0).to(device)
            probabilities = F.softmax(model(x), 1).to("cpu").numpy()[0]
        print(answer(path, probabilities, expects["classes"]))
    return 0


def read_grey(path: str) -> np.ndarray:
    """An image file as f32[h,w] in 0…1; what is transparent becomes white."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)  # a telephone held upright
            if picture.mode.startswith(("I", "F")):  # 16 bits and more: from darkest to lightest
                deep = np.asarray(picture, np.float32)
                return (deep - deep.min()) / max(float(np.ptp(deep)), 1e-6)
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            return np.asarray(picture.convert("L"), np.float32) / 255
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # no such file, no permission
            raise
        raise FormatError(path, f"is no image that can be used ({error})") from None


def prepare(grey: np.ndarray, size, object_size: int, path: str = "image") -> np.ndarray:
    """f32[h,w] in 0…1 → u8 of the model's size, light on dark, like the training images."""
    h, w = grey.shape
    if min(h, w) < SMALLEST:
        raise FormatError(path, f"has {w}×{h} pixels, at least {SMALLEST}×{SMALLEST} are needed")
    if np.ptp(grey) < FAINTEST:
        raise FormatError(path, "shows nothing: all of it has nearly the same brightness")
    border = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    if border > (grey.min() + grey.max()) / 2:
        grey, border = 1 - grey, 1 - border
    if (h, w) != tuple(size):
        ink = np.clip((grey - border) / (grey.max() - border), 0, 1)
        grey = _centred(_shrunk(ink, object_size), size)
    return (grey * 255).round().astype(np.uint8)


def _shrunk(ink: np.ndarray, object_size: int) -> np.ndarray:
    """The object alone, its longer side object_size pixels, its darkest stroke 1."""
    from PIL import Image

    rows, columns = (np.flatnonzero((ink > BACKGROUND).any(axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    h, w = (max(1, round(side * object_size / max(ink.shape))) for side in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((w, h), Image.Resampling.BILINEAR))
    return np.clip(small / small.max(), 0, 1)


def _centred(ink: np.ndarray, size) -> np.ndarray:
    """The object on a dark ground, its centre of mass as near the middle as there is room."""
    ground, corner = np.zeros(size, np.float32), []
    for axis, (have, want) in enumerate(zip(ink.shape, size, strict=True)):
        mass = ink.sum(1 - axis)
        centre = float((mass * (np.arange(have) + 0.5)).sum() / mass.sum())
        corner.append(min(max(round(want / 2 - centre), 0), want - have))
    top, left = corner
    ground[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return ground


def answer(path: str, probabilities: np.ndarray, classes) -> str:
    """The likeliest class, and a bar for each."""
    best, width = int(probabilities.argmax()), max(map(len, classes))
    lines = [f"{path}: {classes[best]} ({probabilities[best]:.1%})"]
    for name, p in zip(classes, probabilities, strict=True):
        lines.append(f"  {name:{width}} {p:6.1%} {'█' * round(40 * float(p))}".rstrip())
    return "\n".join(lines)
