"""Files: what is written comes back, what is damaged is named, what was good stays good."""

import contextlib
import io
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl.io import FormatError, load, npz, safetensors, save
from tinydl.io.files import writing

pytestmark = EVERY_DEVICE


def sample():
    rng = np.random.default_rng(0)
    return {
        "bool": tinydl.tensor([True, False, True]),
        "f32": tinydl.tensor(rng.normal(size=(3, 4)).astype(np.float32)),
        "u8": tinydl.tensor(np.arange(5, dtype=np.uint8)),
        "f64": tinydl.tensor(rng.normal(size=(2, 1, 3))),
        "i64": tinydl.tensor(np.array([2**62, -1])),
        "i32": tinydl.tensor(np.array(7, dtype=np.int32)),  # a scalar
        "f16": tinydl.tensor(rng.normal(size=3).astype(np.float16)),
        "i16": tinydl.tensor(np.array([-(2**15), 3], dtype=np.int16)),
        "i8": tinydl.tensor(np.array([[-128, 127]], dtype=np.int8)),
        "empty": tinydl.zeros(0, 3),
        "sliced": tinydl.tensor(np.arange(12, dtype=np.float32).reshape(3, 4))[:, ::2],
        "größe": tinydl.tensor(np.array([1.5, np.nan, np.inf], np.float32)),
    }


def array(x):
    return np.asarray(x.cpu() if isinstance(x, tinydl.Tensor) else x)


def same(a, b):
    assert list(a) == list(b)
    for name in a:
        x, y = array(a[name]), array(b[name])
        assert x.dtype == y.dtype and x.shape == y.shape, name
        np.testing.assert_array_equal(x, y, err_msg=name)


def refused(data: bytes, match: str, byte=None):
    with pytest.raises(FormatError, match=match) as caught:
        safetensors.load(data)
    if byte is not None:
        assert f"byte {byte:,}:" in str(caught.value)


def crafted(header, data=b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


# --- safetensors ----------------------------------------------------------------------------------


def test_round_trip(tmp_path):
    path = tmp_path / "a.safetensors"
    safetensors.save_file(sample(), path, {"made by": "tinydl"})
    same(safetensors.load_file(path), sample())
    assert safetensors.read_metadata(path) == {"made by": "tinydl"}
    assert safetensors.save(sample(), {"made by": "tinydl"}) == path.read_bytes()
    safetensors.load_file(path)["f32"].fill_(0)  # what was read can be written to


def test_bfloat16(tmp_path):
    """In safetensors it has a name; NumPy's container has none for it."""
    x = tinydl.tensor([[1.0, -2.5], [float("inf"), 1e-40]], dtype=tinydl.bfloat16)
    data = safetensors.save({"x": x, "y": x.T})
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["x"]["dtype"] == "BF16" and data[-16:-14] == b"\x80\x3f"
    for name, wanted in (("x", x), ("y", x.T)):
        y = safetensors.load(data)[name]
        assert y.dtype is tinydl.bfloat16 and y.tolist() == wanted.tolist()
        y.fill_(0)
    with pytest.raises(TypeError, match="'x' is bfloat16, which NumPy does not have"):
        npz.save_file({"x": x}, tmp_path / "a.npz")
    with pytest.raises(TypeError, match="'x' is uint16, arrays can be"):
        safetensors.save({"x": np.ones(2, np.uint16)})
    save({"model": x}, tmp_path / "b")
    assert load(tmp_path / "b")["model"].dtype is tinydl.bfloat16


def test_every_tensor_is_aligned(tmp_path):
    data = safetensors.save(sample())
    length = int.from_bytes(data[:8], "little")
    assert length % 8 == 0
    for name, entry in json.loads(data[8 : 8 + length]).items():
        assert entry["data_offsets"][0] % sample()[name].element_size() == 0


def test_the_public_package_reads_ours_and_we_read_its(tmp_path):
    public = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    arrays = {name: np.ascontiguousarray(tensor.cpu()) for name, tensor in sample().items()}
    arrays["i32"] = array(sample()["i32"])
    safetensors.save_file(sample(), ours, {"k": "v"})
    read = public.load_file(ours)
    same({name: read[name] for name in arrays}, arrays)
    public.save_file(arrays, theirs, {"k": "v"})
    read = safetensors.load_file(theirs)
    same({name: read[name] for name in arrays}, arrays)
    assert safetensors.read_metadata(theirs) == {"k": "v"}


def test_truncation_anywhere_is_noticed(tmp_path):
    path = tmp_path / "a.safetensors"
    whole = safetensors.save({"w": tinydl.arange(3), "b": tinydl.tensor([True])})
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"a\.safetensors, byte \d+: "):
            safetensors.load_file(path)


def test_every_damaged_byte_of_a_header_is_survived():
    whole = safetensors.save(sample())
    length = int.from_bytes(whole[:8], "little")
    rng = np.random.default_rng(0)
    for at in range(8 + length):
        damaged = bytearray(whole)
        damaged[at] ^= int(rng.integers(1, 256))
        with contextlib.suppress(FormatError):  # any other exception fails the test
            safetensors.load(bytes(damaged))


def test_bad_headers():
    w = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    data = bytes(8)
    refused(b"", "0 bytes are too few", 0)
    refused((2**63).to_bytes(8, "little") + b"{}", "the header should have", 0)
    refused(crafted(b"\xff{}"), "not UTF-8", 8)
    refused(crafted(b'{"a" 1}'), "not JSON", 13)
    refused(crafted(b"[1]"), "not a JSON object", 8)
    refused(crafted(b"[" * 100_000), "no sensible JSON", 8)
    refused(crafted(b'{"a":' + b"9" * 5000 + b"}"), "no sensible JSON|should have dtype", 8)
    refused(crafted({"__metadata__": {"a": 1}}), "text to text", 8)
    refused(crafted({"w": 3}), "should have dtype, shape and data_offsets", 8)
    refused(crafted({"w": w | {"more": 1}}, data), "should have dtype", 8)
    refused(
        crafted({"w": w | {"dtype": "F8_E4M3"}}, data), "'w' is F8_E4M3; tinydl reads F64, F32", 8
    )
    refused(crafted({"w": w | {"dtype": ["F32"]}}, data), "tinydl reads", 8)
    refused(crafted({"w": w | {"shape": [-2]}}, data), "not a list of sizes", 8)
    refused(crafted({"w": w | {"shape": [True, 2]}}, data), "not a list of sizes", 8)
    refused(crafted({"w": w | {"shape": [2.0]}}, data), "not a list of sizes", 8)
    refused(crafted({"w": w | {"data_offsets": [0, 4]}}, data), r"F32\[2\] needs 8 bytes", 8)
    refused(crafted({"w": w | {"data_offsets": [8]}}, data), "not .begin, end.", 8)
    refused(crafted({"w": w | {"shape": [0, 2**63], "data_offsets": [0, 0]}}), "'w'", 8)
    refused(crafted({"w": w | {"shape": [2**40]}}, data), "needs", 8)
    twice = json.dumps(w).encode()
    refused(crafted(b'{"w":' + twice + b',"w":' + twice + b"}", data), "has 'w' twice", 8)


def test_gaps_overlaps_and_leftovers():
    def at(begin, end):
        return {"dtype": "U8", "shape": [end - begin], "data_offsets": [begin, end]}

    refused(crafted({"a": at(0, 4), "b": at(2, 6)}, bytes(6)), "'b' overlaps")
    refused(crafted({"a": at(0, 4), "b": at(5, 6)}, bytes(6)), "'b' leaves a gap")
    refused(crafted({"a": at(1, 4)}, bytes(4)), "'a' leaves a gap")
    refused(crafted({"a": at(0, 4)}, bytes(5)), "something follows the tensors")
    refused(crafted({"a": at(0, 4)}, bytes(3)), "it is cut short")
    flag = {"dtype": "BOOL", "shape": [3], "data_offsets": [0, 3]}
    whole = crafted({"a": flag}, b"\0\1\2")
    refused(whole, "where a byte is 0 or 1", len(whole) - 1)


def test_what_cannot_be_saved():
    with pytest.raises(TypeError, match="'x' is complex128, arrays can be float64"):
        safetensors.save({"x": np.zeros(2, complex)})
    with pytest.raises(ValueError, match="cannot be a tensor's name"):
        safetensors.save({"__metadata__": tinydl.zeros(1)})
    with pytest.raises(ValueError, match="cannot be a tensor's name"):
        safetensors.save({3: tinydl.zeros(1)})


# --- whole or not at all --------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "model"
    safetensors.save_file({"w": tinydl.ones(2)}, path)
    good = path.read_bytes()
    with pytest.raises(RuntimeError, match="disk"), writing(path) as file:
        file.write(b"half of it")
        raise RuntimeError("disk")
    with pytest.raises(KeyboardInterrupt), writing(path) as file:
        raise KeyboardInterrupt
    assert path.read_bytes() == good
    assert os.listdir(tmp_path) == ["model"]


def test_links_stay_links_and_folders_are_not_invented(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    save({"a": 1}, link)
    assert link.is_symlink() and load(target) == {"a": 1}
    with pytest.raises(FileNotFoundError, match=r"folder .*nowhere does not exist"):
        save({"a": 1}, tmp_path / "nowhere" / "file")


def test_new_files_have_ordinary_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    save({}, tmp_path / "saved")
    assert (tmp_path / "saved").stat().st_mode == (tmp_path / "plain").stat().st_mode


# --- checkpoints ----------------------------------------------------------------------------------


def test_any_nest_comes_back(tmp_path):
    nest = {
        "model": {"0.weight": tinydl.ones(2, 3), "0.bias": tinydl.zeros(3)},
        "optimizer": {"state": {0: {"m": tinydl.ones(1)}, 1: {}}, "groups": [{"lr": 1e-3}]},
        "random": (2**64 - 1, 5),
        "numbers": [True, None, -3, 0.1, math.inf, -math.inf, 10**30, "ü\n"],
        (1, "key"): [],
        None: {"tensor": "a dict with a tell-tale key", "float": [()]},
        "numpy": np.arange(3),
        "scalar": np.float32(0.5),
    }
    path = tmp_path / "checkpoint"
    save(nest, path)
    back = load(path)
    assert list(back) == list(nest)
    same(back["model"], nest["model"])
    assert (
        back["optimizer"]["state"][0]["m"].tolist() == [1] and back["optimizer"]["state"][1] == {}
    )
    assert back["random"] == nest["random"] and type(back["random"]) is tuple
    assert back["numbers"] == nest["numbers"] and back["numbers"][0] is True
    assert back[(1, "key")] == [] and back[None] == nest[None]
    assert isinstance(back["numpy"], np.ndarray) and back["numpy"].tolist() == [0, 1, 2]
    assert back["scalar"] == 0.5
    assert math.isnan(roundtrip(math.nan))
    assert "model.0.weight" in safetensors.load_file(path)  # for other programs


def roundtrip(obj):
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file)


def test_single_tensors_and_clashing_names():
    assert roundtrip(tinydl.arange(3)).tolist() == [0, 1, 2]
    back = roundtrip({"a.b": tinydl.zeros(1), "a": {"b": tinydl.ones(1)}})
    assert back["a.b"].tolist() == [0] and back["a"]["b"].tolist() == [1]


def test_what_cannot_be_a_checkpoint():
    class Model:
        def state_dict(self): ...

    with pytest.raises(TypeError, match=r"model\.net is a Model.*save its state_dict\(\)"):
        roundtrip({"model": {"net": Model()}})
    with pytest.raises(TypeError, match="the object is a function"):
        roundtrip(lambda: 0)
    with pytest.raises(TypeError, match="has the key"):
        roundtrip({b"key": 1})
    ring = []
    ring.append(ring)
    with pytest.raises(ValueError, match="a cycle"):
        roundtrip(ring)


def test_damaged_checkpoints(tmp_path):
    path = tmp_path / "checkpoint"
    save({"epoch": 3, "w": tinydl.ones(2)}, path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match="checkpoint, byte"):
            load(path)
    for nest in ('{"dict":', '{"run": "os.system"}', '{"tensor": "absent"}', "{}", '{"dict": 3}'):
        safetensors.save_file({}, path, {"tinydl": nest})
        with pytest.raises(FormatError, match="nest in the metadata"):
            load(path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "absent")
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.")  # a pickle
    with pytest.raises(FormatError, match="is no safetensors file"):
        load(path)


def test_pytorch_arguments_of_load(tmp_path):
    path = tmp_path / "x"
    save({"w": tinydl.ones(2)}, path)
    assert load(path, map_location="cpu", weights_only=True)["w"].tolist() == [1, 1]


def test_a_state_moves_between_devices(tmp_path, device):
    model = tinydl.nn.Linear(3, 2)
    optimizer = tinydl.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x = tinydl.ones(4, 3)

    def step(model, optimizer, x):
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()
        return model(x).detach()

    step(model, optimizer, x)
    save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "state")
    assert load(tmp_path / "state", map_location=device)["model"]["bias"].device == x.device
    expected = step(model, optimizer, x)

    for where in ("cpu", device):
        other = tinydl.nn.Linear(3, 2).to(where)
        resumed = tinydl.optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
        state = load(tmp_path / "state")
        assert state["model"]["weight"].device == tinydl.device("cpu")
        other.load_state_dict(state["model"])
        resumed.load_state_dict(state["optimizer"])
        y = step(other, resumed, x.to(where))
        assert y.device == tinydl.device(where) and y.cpu().allclose(expected.cpu())


# --- npz ------------------------------------------------------------------------------------------


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    npz.save_file(sample(), path)
    same(npz.load_file(path), sample())
    with np.load(path) as archive:
        assert archive["f32"].shape == (3, 4)
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"a\.npz: "):
            npz.load_file(path)
    for byte in range(whole.index(b"PK\1\2"), len(whole)):  # where it says what is where
        path.write_bytes(whole[:byte] + b"\xff" + whole[byte + 1 :])
        with contextlib.suppress(FormatError):  # no other error
            npz.load_file(path)


def test_npz_refuses_pickles(tmp_path):
    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "owned",)

    path = tmp_path / "evil.npz"
    np.savez(path, a=np.array([Evil()], dtype=object))
    with pytest.raises(FormatError, match=r"evil\.npz"):
        npz.load_file(path)
    assert not (tmp_path / "owned").exists()
