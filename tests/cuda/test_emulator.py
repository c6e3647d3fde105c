"""The emulated CUDA device: each detector finds the bug planted for it and nothing else.

planted_bugs.cu has one small kernel for each mistake, wrong and right; controls.cu uses all of what
the device has and makes no mistake. Both are programs, so that a crash or a sanitizer's report ends
a process of its own. Kernels of tinydl are tested elsewhere; here the subject is their device.
"""

from __future__ import annotations

import fcntl
import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ORDERS = ("fwd", "rev", "rand:1", "rand:7")
FLAVOURS = ("fast", "asan", "tsan")

pytestmark = pytest.mark.skipif(not shutil.which("g++"), reason="no g++ to compile kernels with")


@functools.cache
def made(name: str, flavour: str = "fast", compiler: str = "gcc", ending: str = "") -> Path:
    """Compiles one of the programs, or a library of it; one process at a time."""
    spec = importlib.util.spec_from_file_location("tinydl_build", ROOT / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    folder = ROOT / "build" / "emulated"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-{re.sub(r'[^a-z0-9]+', '-', compiler.lower())}-{flavour}{ending}"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build.emulated.emulate([HERE / f"{name}.cu"], target, flavour, compiler)


def run(command: list, **environment: str) -> subprocess.CompletedProcess:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TD_EMU_", "LD_PRELOAD"))}
    kept |= {"ASAN_OPTIONS": "detect_leaks=0", "TSAN_OPTIONS": "", **environment}
    return subprocess.run(
        [str(word) for word in command],
        env=kept,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )


# --- planted bugs ---------------------------------------------------------------------------------


def at(mark: str) -> str:
    """A pattern for any of the lines marked with this bug."""
    for source in HERE.glob("planted_*.cuh"):
        lines = source.read_text().splitlines()
        marked = [str(i) for i, line in enumerate(lines, 1) if f"/* BUG {mark} */" in line]
        if marked:
            return rf"{source.name}:({'|'.join(marked)})\b"
    raise AssertionError(f"no line is marked with {mark}")


NAN = r"wrong \(NaN\)"
RACE = "ThreadSanitizer: data race"
BAD_POINTER = (
    r"illegal memory access.*: (ones|add_one): argument 1 is 0x\w+, which is not in device"
)
DEFER = {"TD_EMU_DEFER": "1"}

# bug, flavours whose detector must fire, environment, what it says (in this order)
PLANTED = [
    ("global_overflow", "asan", {}, ["heap-buffer-overflow", at("global_overflow")]),
    ("static_shared_overflow", "asan", {}, [at("static_shared_overflow"), "out of bounds"]),
    ("dynamic_shared_overflow", "asan", {}, ["heap-buffer", at("dynamic_shared_overflow")]),
    ("use_after_free", "fast asan tsan", {}, [BAD_POINTER]),
    ("use_after_free_in_struct", "asan", {}, ["use-after-free", at("use_after_free_in_struct")]),
    ("misaligned", "asan", {}, [at("misaligned"), "misaligned address"]),
    ("host_pointer", "fast asan tsan", {}, [BAD_POINTER]),
    ("wrong_direction", "fast asan tsan", {}, ["from device to host of 256 .* in device memory"]),
    ("copy_too_long", "fast asan tsan", {}, ["of 260 bytes: 256 are allocated at 0x"]),
    ("uninitialised_shared", "fast", {}, [NAN]),
    ("uninitialised_dynamic_shared", "fast asan tsan", {}, [NAN]),
    ("uninitialised_global", "fast asan tsan", {}, [NAN]),
    ("async_copy_without_wait", "fast asan tsan", {}, [NAN]),
    (
        "divergent_barrier",
        "fast asan tsan",
        {},
        ["divergent_barrier<true>, block", "at different places", *[at("divergent_barrier")] * 2],
    ),
    (
        "deadlock",
        "fast asan tsan",
        {},
        ["deadlock: 64 threads", "32 waiting in __shfl_sync with mask ffffffff", at("deadlock")],
    ),
    ("exited_lanes", "fast asan tsan", {}, ["__shfl_xor_sync", "ended and cannot take part"]),
    ("mixed_collectives", "fast asan tsan", {}, ["diverge: one is in", at("mixed_collectives")]),
    ("mask_without_self", "fast asan tsan", {}, [at("masks"), "not in its own mask ffff0000"]),
    ("overlapping_masks", "fast asan tsan", {}, [at("masks"), "ended and cannot take part"]),
    ("source_outside_mask", "fast asan tsan", {}, ["lane 0 reads lane 16", "mask 0000ffff"]),
    ("missing_barrier", "fast asan", {}, ["wrong"]),
    ("missing_barrier", "tsan", {}, [RACE, at("missing_barrier"), at("missing_barrier")]),
    ("missing_warp_barrier", "fast", {}, [NAN]),
    ("missing_warp_barrier", "tsan", {}, [RACE, *[at("missing_warp_barrier")] * 2]),
    ("race_of_blocks", "tsan", {}, [RACE, at("race_of_blocks"), at("race_of_blocks")]),
    ("last_one_wins", "tsan", {}, [RACE, at("last_one_wins"), at("last_one_wins")]),
    ("last_one_wins", "fast asan", {"TD_EMU_ORDER": "rev"}, [r"wrong \(0, not 63\)"]),
    ("read_before_sync", "fast asan tsan", DEFER, [r"wrong \(0, not 1\)"]),
    ("streams_without_event", "fast asan tsan", DEFER, ["wrong"]),
    ("call_in_capture", "fast asan tsan", {}, ["cudaStreamSynchronize .* spoils the capture"]),
    ("graph_of_freed_memory", "fast asan tsan", {}, [BAD_POINTER]),
    ("bad_address", "fast", {}, [r"illegal memory.*bad_address<true>.*thread \(5,0,0\)"]),
    ("stack_overflow", "fast", {}, ["stack_overflow<true>.*a thread's stack of 65536 bytes"]),
    ("too_many_threads", "fast asan tsan", {}, ["a block of 32×33×1 threads"]),
    ("block_too_deep", "fast asan tsan", {}, ["a block of 1×1×65 threads"]),
    ("grid_too_tall", "fast asan tsan", {}, ["a grid of 1×65536×1 blocks"]),
    ("shared_without_opt_in", "fast asan tsan", {}, ["65536 bytes of dynamic .* limit is 49152"]),
    ("too_much_shared", "fast asan tsan", {}, ["233472 bytes of dynamic .*, 232448 are there"]),
]
CASES = [
    pytest.param(name, flavour, environment, words, id=f"{name}-{flavour}")
    for name, flavours, environment, words in PLANTED
    for flavour in flavours.split()
]


@pytest.mark.parametrize(("name", "flavour", "environment", "words"), CASES)
def test_planted_bug_is_found(name, flavour, environment, words):
    done = run([made("planted_bugs", flavour), name], **environment)
    assert done.returncode != 0
    assert re.search(".*?".join(words), done.stdout, re.DOTALL), done.stdout


def test_host_must_not_touch_device_memory():
    """With TD_EMU_PROTECT=1 the wrong line faults, and kernels and copies still work."""
    program = made("planted_bugs")
    assert run([program, "host_reads_device"], TD_EMU_PROTECT="1").returncode == -11
    for name in ("planted_bugs", "controls"):
        assert run([made(name), "fixed"], TD_EMU_PROTECT="1").returncode == 0


def test_every_planted_bug_is_looked_for():
    names = run([made("planted_bugs")]).stdout.split()
    assert set(names) == {name for name, *_ in PLANTED} | {"host_reads_device"}


# --- what is right stays right --------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", ["planted_bugs", "controls"])
def test_correct_kernels_pass(name, flavour, order):
    """In every order of threads, eagerly and deferred, and without a word from a sanitizer."""
    for defer in "01" if flavour != "tsan" or order == "fwd" else "0":
        done = run([made(name, flavour), "fixed"], TD_EMU_ORDER=order, TD_EMU_DEFER=defer)
        said = [line for line in done.stdout.splitlines() if not line.endswith(": right")]
        assert done.returncode == 0, done.stdout
        assert said == []


def check_device(compiler: str, *runner: str):
    for name in ("planted_bugs", "controls"):
        done = run([*runner, made(name, "fast", compiler), "fixed"], TD_EMU_ORDER="rand:3")
        assert done.returncode == 0, done.stdout
    done = run([*runner, made("planted_bugs", "fast", compiler), "deadlock"])
    assert "deadlock<true>, block (0,0,0)" in done.stdout
    done = run([*runner, made("planted_bugs", "fast", compiler), "uninitialised_shared"])
    assert re.search(NAN, done.stdout)


@pytest.mark.skipif(not shutil.which("clang++"), reason="no clang++")
def test_clang_compiles_it_too():
    check_device("clang")


def test_switch_by_ucontext():
    """What machines get whose registers fiber.cpp does not know."""
    check_device("gcc -DTD_EMU_UCONTEXT")


@pytest.mark.skipif(
    not (shutil.which("aarch64-linux-gnu-g++") and shutil.which("qemu-aarch64")),
    reason="no aarch64-linux-gnu-g++ or no qemu-aarch64",
)
def test_switch_of_aarch64():
    check_device("aarch64-linux-gnu-gcc", "qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")


# --- as a library ---------------------------------------------------------------------------------


def test_library_lists_its_kernels_and_counts_launches():
    cffi = pytest.importorskip("cffi")
    ffi = cffi.FFI()
    ffi.cdef(
        "int controls(void); int td_emu_kernels(void);"
        "const char *td_emu_kernel_name(int i); int64_t td_emu_kernel_launches(int i);"
    )
    library = ffi.dlopen(str(made("controls", ending=".so")))

    def launches() -> dict[str, int]:
        kernels = range(library.td_emu_kernels())
        name, count = library.td_emu_kernel_name, library.td_emu_kernel_launches
        return {ffi.string(name(i)).decode(): count(i) for i in kernels}

    sources = "".join(source.read_text() for source in HERE.glob("controls*.cuh"))
    declared = re.findall(r"__global__ void (\w+)\(", sources)
    names = {*declared, "sums<float>", "sums<double>"} - {"sums"}
    assert launches() == dict.fromkeys(names, 0)
    assert library.controls() == 0
    first = launches()
    assert min(first.values()) > 0
    assert library.controls() == 0
    assert launches() == {name: 2 * count for name, count in first.items()}


# --- the environment ------------------------------------------------------------------------------


def test_abort_stops_where_the_failure_is():
    done = run([made("planted_bugs"), "deadlock"], TD_EMU_ABORT="1")
    assert done.returncode == -6
    assert "emulated device: deadlock<true>, block (0,0,0)" in done.stdout


def test_unknown_order_is_refused():
    done = run([made("planted_bugs"), "global_overflow"], TD_EMU_ORDER="backwards")
    assert done.returncode == -6
    assert "must be fwd, rev or rand:SEED" in done.stdout


def test_memory_has_an_end():
    done = run([made("planted_bugs"), "host_pointer"], TD_EMU_MEMORY="0")
    assert "out of memory: 256 bytes asked for, 0 of 0 are in use" in done.stdout


def test_poison_can_be_left_out():
    done = run([made("planted_bugs"), "uninitialised_dynamic_shared"], TD_EMU_POISON="0")
    assert "NaN" not in done.stdout
