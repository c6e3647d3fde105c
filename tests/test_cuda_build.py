"""Building for GPUs without one: which nvcc is found, what it is told, what a user is told.

The library itself is looked at where `make gates` or `make cuda` left one; what it computes is
tested on a GPU (make gpu-check), its kernels on the emulated device (test_ops).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tinydl import backend

ROOT = Path(__file__).resolve().parents[1]
CC = shutil.which("cc")
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "cuda")]

import machine_code  # noqa: E402
from kernels import for_cpus_alone  # noqa: E402
from processes import python  # noqa: E402

from native.recipes import cuda, make  # noqa: E402


def program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine without nvcc and without a GPU."""
    for name in ("NVCC", "CUDA_HOME", "TINYDL_BUILD_CUDA"):
        monkeypatch.delenv(name, raising=False)
    which = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name: None if "/usr/local/cuda" in name else which(name)
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages")])
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


# --- finding nvcc and the GPU ---------------------------------------------------------------------


def test_nvcc_is_looked_for_in_order(nowhere, monkeypatch):
    assert cuda.find_nvccs() == []
    with pytest.raises(SystemExit, match=r"make nvcc .*\n.*NVCC=/path/to/nvcc"):
        cuda.find_nvcc()
    wheel = program(nowhere / "packages/nvidia/cu13/bin/nvcc", "")
    path = program(nowhere / "bin/nvcc", "")
    home = program(nowhere / "home/bin/nvcc", "")
    asked = program(nowhere / "asked-nvcc", "")
    assert cuda.find_nvccs() == [path, wheel]
    monkeypatch.setenv("CUDA_HOME", str(nowhere / "home"))
    assert cuda.find_nvccs() == [home, path, wheel]
    monkeypatch.setenv("NVCC", asked)
    assert cuda.find_nvccs() == [asked]
    monkeypatch.setenv("NVCC", str(nowhere / "none"))
    assert cuda.find_nvccs() == []


def test_versions_and_gpus_are_read(nowhere):
    nvcc = program(nowhere / "bin/nvcc", "echo 'Cuda compilation tools, release 13.0, V13.0.88'")
    assert cuda.version(nvcc) == "13.0"
    assert cuda.gpus() == []
    program(nowhere / "bin/nvidia-smi", "printf '9.0\\n8.9\\n9.0\\n'")
    assert cuda.gpus() == ["sm_89", "sm_90"]
    program(nowhere / "bin/nvidia-smi", "echo 'no devices were found'; exit 6")
    assert cuda.gpus() == []


# --- what it is told ------------------------------------------------------------------------------


def test_every_file_is_compiled_for_every_target_and_random_numbers_unfused():
    flags = cuda.flags_for(Path("softmax.cu"), ["sm_90", "compute_80"])
    assert flags == [
        "-gencode=arch=compute_90,code=sm_90",
        "-gencode=arch=compute_80,code=compute_80",
    ]
    assert "-fmad=false" in cuda.flags_for(Path("random.cu"), ["sm_90"])
    assert (ROOT / "native" / "cuda" / "random.cu").exists()


def test_files_for_one_capability_are_compiled_for_it_besides(monkeypatch):
    monkeypatch.setitem(cuda.ACCELERATED, "softmax.cu", "sm_90a")
    codes = cuda.flags_for(Path("softmax.cu"), ["sm_80", "sm_90"])
    assert codes[-1] == "-gencode=arch=compute_90a,code=sm_90a" and len(codes) == 3
    assert len(cuda.flags_for(Path("softmax.cu"), ["sm_80"])) == 1
    assert len(cuda.flags_for(Path("reduce.cu"), ["sm_80", "sm_90"])) == 2


def test_a_release_has_every_generation_and_a_build_at_hand_its_gpus(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr(make, "run", lambda command: commands.append(command) or "")
    monkeypatch.setattr(make, "refresh", lambda target, command, *_: commands.append(command))

    def codes(kind: str, gpus: list[str]) -> set[str]:
        commands.clear()
        monkeypatch.setattr(cuda, "gpus", lambda: gpus)
        cuda.build_cuda(kind, tmp_path, "/cuda/bin/nvcc")
        assert {c[0] for c in commands[-1:]} == {"/cuda/bin/nvcc"}
        return set(re.findall(r",code=(\w+)", " ".join(word for c in commands for word in c)))

    every = {"sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120", "compute_80"}
    assert codes("release", ["sm_89"]) == every
    assert codes("dev", ["sm_89"]) == {"sm_89"}
    assert codes("dev", []) == {"sm_90", "compute_80"}


# --- what happens unasked -------------------------------------------------------------------------


def test_make_and_pip_go_on_without_nvcc_or_gpu(nowhere, monkeypatch):
    assert cuda.build_cuda_if_wanted() == (None, "– cuda: nvcc not found")
    program(nowhere / "bin/nvidia-smi", "echo 9.0")
    assert "there is a GPU: `make cuda`" in cuda.build_cuda_if_wanted()[1]
    (nowhere / "bin/nvidia-smi").unlink()
    program(nowhere / "bin/nvcc", "exit 1")
    assert cuda.build_cuda_if_wanted()[1].startswith("– cuda: no GPU here")
    monkeypatch.setenv("TINYDL_BUILD_CUDA", "no")
    assert cuda.build_cuda_if_wanted() == (None, "– cuda: TINYDL_BUILD_CUDA=no")
    monkeypatch.setenv("TINYDL_BUILD_CUDA", "yes")
    assert "none of auto, dev, release, no" in cuda.build_cuda_if_wanted()[1]


@pytest.mark.skipif(not CC, reason="no C compiler")
def test_a_broken_nvcc_is_told_in_one_line(nowhere, monkeypatch):
    monkeypatch.setenv("CC", CC)
    monkeypatch.setenv("TINYDL_BUILD_CUDA", "dev")
    words = "nvcc fatal   : Unsupported gpu architecture 'compute_12'"
    program(nowhere / "bin/nvcc", f'echo "a remark" >&2; echo "{words}" >&2; exit 1')
    monkeypatch.setattr(make, "ROOT", nowhere)  # nothing is left in build/
    monkeypatch.setattr(cuda, "ROOT", nowhere)
    monkeypatch.setattr(cuda, "kernel_sources", lambda: [nowhere / "softmax.cu"])
    made, news = cuda.build_cuda_if_wanted()
    assert made is None
    assert news == f"– cuda: not built: {words} (`make cuda` tells more)"


# --- the gate -------------------------------------------------------------------------------------

LISTING = """\
arch = sm_80
 Function _Z5sum_3IfEvPT_PKS0_l:
  REG:24 STACK:0 SHARED:32 LOCAL:0 CONSTANT[0]:376
arch = sm_90
 Function _Z5sum_3IfEvPT_PKS0_l:
  REG:26 STACK:8 SHARED:32 LOCAL:0 CONSTANT[0]:552
"""
INSTRUCTIONS = """\
\t\tFunction : _Z5sum_3IfEvPT_PKS0_l
        /*0100*/                   LDG.E.128.CONSTANT R4, [R2.64] ;
        /*0110*/              @!P0 STG.E.64 [R2.64], R4 ;
        /*0120*/                   LDS.128 R8, [R1] ;
"""


def test_the_gate_reads_the_disassembler():
    mangled = machine_code.read_resources(LISTING.splitlines())
    (symbol,) = mangled
    assert machine_code.plain_names([symbol]) == {symbol: "sum_3<float>"}
    assert machine_code.table_of(mangled) == {symbol: [24, 32, 26, 32]}
    assert machine_code.in_local_memory(mangled) == [
        f"{symbol}: keeps 8 bytes on sm_90 in local memory"
    ]
    assert machine_code.read_wide(INSTRUCTIONS.splitlines()) == {symbol: {"LDG", "LDS"}}


def test_the_gate_names_what_got_worse():
    before = {"a": [24, 0, 26, 0], "gone": [1, 0, 1, 0]}
    assert machine_code.worse({"a": [20, 0, 26, 0], "gone": [1, 0, 1, 0]}, before) == []
    assert machine_code.worse({"a": [24, 0, 27, 64], "new": [1, 0, 1, 0]}, before) == [
        "gone: is in the table only",
        "a: 27 registers on sm_90, 26 in the table",
        "a: 64 bytes shared on sm_90, 0 in the table",
        "new: is not in the table",
    ]


def test_the_gate_misses_wide_loads():
    wide = {"add_3<float>": {"LDG"}}
    problems = machine_code.not_wide(wide, "sm_90")
    assert "add_3<float>: has no STG.128 on sm_90" in problems
    assert r"no kernel is called td_gemm_kernel<" in problems


# --- the library that nvcc made -------------------------------------------------------------------


def libraries() -> list[Path]:
    """Those that are not older than their sources."""
    sources = [*cuda.kernel_sources(), *ROOT.glob("native/**/*.cuh"), ROOT / "native/tinydl.h"]
    newest = max(source.stat().st_mtime for source in sources)
    found = [
        folder / f"libtinydl-cuda{backend.EXTENSION}"
        for folder in (ROOT / "build" / "gates", Path(backend.FOLDER))
    ]
    return [path for path in found if path.exists() and path.stat().st_mtime >= newest]


each_library = pytest.mark.parametrize(
    "library",
    libraries()
    or [pytest.param(None, marks=pytest.mark.skip("none as new as its sources: make gates"))],
    ids=lambda path: path and path.parent.name,
)


@each_library
def test_the_library_exports_the_headers_and_nothing_else(library):
    listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True)
    exported = {line.split()[-1] for line in listed.stdout.splitlines()}
    declared = {name for name in dir(backend.load(backend.best()).lib) if name[:3] == "td_"}
    assert exported == declared - for_cpus_alone()


@each_library
def test_the_library_takes_no_driver_to_load_and_says_what_is_missing(library):
    needed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True).stdout
    assert "libstdc++" in needed and "libcuda" not in needed
    code = "import tinydl; print(tinydl.ones(1, device='cuda').item())"
    done = python("-c", code, TINYDL_CUDA=str(library), CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 1
    assert re.search(r"RuntimeError: no CUDA device: \w+", done.stderr)
