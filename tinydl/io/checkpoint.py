"""save and load: any nest of dicts, lists, tuples, tensors, numbers and text in one file.

    tinydl.save({"model": model.state_dict(), "epoch": 3}, path)

The file is a safetensors file, so other programs can read the tensors (`model.0.weight`, …). The
nest around them is JSON in its metadata: a JSON object always has one key, which says what it
stands for ({"tuple": […]}, {"tensor": "model.0.weight"}, …), and all else stands for itself.
There is no pickle anywhere: loading a file from a stranger can fail, but it cannot run anything.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np

import tinydl

from . import safetensors
from .files import FormatError

NEST = "tinydl"  # the metadata key that holds the nest
DEEPEST = 100


def save(obj, f) -> None:
    """Writes `obj` to the path or open file `f`; a path is replaced whole or not at all."""
    tensors: dict = {}
    nest = _encode(obj, "", tensors)
    metadata = {NEST: json.dumps(nest, separators=(",", ":"), ensure_ascii=False)}
    safetensors.save_file(tensors, f, metadata)


def load(f, map_location=None, *, weights_only: bool = True):
    """What `save` wrote to `f`; from any other safetensors file, a dict of its tensors.

    map_location is the device the tensors go to ("cpu" when None). weights_only is there for code
    written for PyTorch: loading never executes anything, whatever it says.
    """
    tensors, metadata = safetensors.load_with_metadata(f, map_location or "cpu")
    if NEST not in metadata:
        return tensors
    try:
        return _decode(json.loads(metadata[NEST]), tensors)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f, f"the nest in the metadata cannot be read: {error}", 8) from error


def _encode(obj, path: str, tensors: dict):
    """The JSON of `obj`; its tensors go into `tensors` under names made of their path."""
    if path.count(".") > DEEPEST:
        raise ValueError(f"save: nested more than {DEEPEST} deep at {path[:60]}…: a cycle?")
    if obj is None or isinstance(obj, (bool, int, str)):
        return obj
    if isinstance(obj, float):
        return float(obj) if math.isfinite(obj) else {"float": repr(float(obj))}
    if isinstance(obj, np.generic):
        return _encode(obj.item(), path, tensors)
    if isinstance(obj, (tinydl.Tensor, np.ndarray)):
        name = path or "tensor"
        while name in tensors:
            name += "~"
        tensors[name] = obj
        return {"tensor" if isinstance(obj, tinydl.Tensor) else "array": name}
    if isinstance(obj, (list, tuple)):
        values = [_encode(value, _join(path, i), tensors) for i, value in enumerate(obj)]
        return values if isinstance(obj, list) else {"tuple": values}
    if isinstance(obj, Mapping):
        return {"dict": [_encode_item(item, path, tensors) for item in obj.items()]}
    raise TypeError(
        f"save: {path or 'the object'} is a {type(obj).__name__}; a checkpoint holds dicts, lists, "
        "tuples, tensors, arrays, numbers, text, True, False and None"
        + (" (save its state_dict())" if hasattr(obj, "state_dict") else "")
    )


def _encode_item(item, path: str, tensors: dict):
    key, value = item
    if not (key is None or isinstance(key, (bool, int, float, str, tuple))):
        raise TypeError(f"save: {path or 'the dict'} has the key {key!r}, a {type(key).__name__}")
    return [_encode(key, path, tensors), _encode(value, _join(path, key), tensors)]


def _join(path: str, key) -> str:
    return f"{path}.{key}" if path else str(key)


def _decode(nest, tensors: dict):
    """The object that _encode turned into `nest`."""
    if isinstance(nest, list):
        return [_decode(value, tensors) for value in nest]
    if not isinstance(nest, dict):
        return nest
    ((tag, value),) = nest.items()
    if tag == "dict":
        return {_decode(k, tensors): _decode(v, tensors) for k, v in value}
    if tag == "tuple":
        return tuple(_decode(v, tensors) for v in value)
    if tag == "float":
        return float(value)
    if tag == "tensor":
        return tensors[value]
    if tag == "array":
        return tensors[value].to("cpu").numpy()
    raise ValueError(f"{tag!r} is unknown to this version of tinydl")
