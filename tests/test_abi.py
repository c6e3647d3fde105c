"""Choosing a library: $TINYDL_CPU and $TINYDL_LIB, and libraries that are wrong in some way.

What libraries export and how old ones are refused is test_build's business.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from processes import python

import tinydl
from tinydl import backend

ROOT = Path(__file__).resolve().parents[1]
ISAS = backend.usable()
BEST = "import tinydl; print(tinydl.device('cpu').backend.name)"


@pytest.mark.parametrize("isa", ISAS)
def test_tinydl_cpu_chooses(isa):
    assert python("-c", BEST, TINYDL_CPU=isa).stdout.strip() == f"cpu-{isa}"


def test_the_best_is_chosen():
    assert python("-c", BEST, TINYDL_CPU="").stdout.strip() == f"cpu-{ISAS[0]}"
    assert [isa for isa in backend.BEST_FIRST if isa in ISAS] == list(ISAS)


def test_an_unknown_instruction_set_is_an_error_that_lists_the_known():
    done = python("-c", BEST, TINYDL_CPU="sse9")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == f"ImportError: TINYDL_CPU=sse9: this machine has {', '.join(ISAS)}"


def test_every_instruction_set_is_a_device():
    names = [f"cpu:{isa}" for isa in ISAS]
    for name in names:
        x = tinydl.ones(2, device=name)
        assert str(x.device) in (name, "cpu") and x.device == tinydl.device(name)
        assert (x + x).device == x.device
    with pytest.raises(ValueError, match=r"device\('cpu:sse9'\): this machine has cpu, "):
        tinydl.device("cpu:sse9")


def test_devices_do_not_mix_unnoticed():
    if len(ISAS) < 2:
        pytest.skip("there is one library only")
    x = tinydl.ones(2, device=f"cpu:{ISAS[0]}")
    y = tinydl.ones(3, device=f"cpu:{ISAS[1]}")
    with pytest.raises(ValueError, match=r"add: .*different devices \(x f32\[2\] on .*\.to\(dev"):
        x + y
    assert (x + y[:2].to(x.device)).tolist() == [2, 2]


def test_declarations_are_those_of_the_header(tmp_path):
    """What stands in tinydl/lib is what the header says today."""
    spec = importlib.util.spec_from_file_location("tinydl_build", ROOT / "build.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    fresh = recipe.build_declarations(recipe.find_compiler(), tmp_path, tmp_path)
    assert fresh.read_text() == (Path(backend.FOLDER) / "declarations.py").read_text()


def test_no_library_is_usable(tmp_path):
    """A folder with declarations and no library."""
    shutil.copy(Path(backend.FOLDER) / "declarations.py", tmp_path)
    done = python("-c", BEST, TINYDL_LIB=str(tmp_path))
    assert done.returncode == 1
    assert f"no native library in {tmp_path} runs on this machine; run `make`" in done.stderr


@pytest.mark.parametrize(
    "status, error",
    [
        ("TD_EINVAL", ValueError),
        ("TD_EDTYPE", TypeError),
        ("TD_EINDEX", IndexError),
        ("TD_ENOMEM", MemoryError),
        ("TD_EDEVICE", RuntimeError),
        ("TD_EUNSUPPORTED", NotImplementedError),
    ],
)
def test_every_status_is_an_exception(status, error):
    library = backend.load(ISAS[0])
    with pytest.raises(error):
        library.check(backend.ffi.integer_const(status), "op")


def test_a_dtype_no_kernel_has_is_a_type_error_that_names_both():
    x = tinydl.ones(2, 2).bool()
    with pytest.raises(TypeError, match=r"matmul.*bool"):
        x @ x
