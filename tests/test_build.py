"""The build and the package: what is compiled when, what goes into a wheel, what a user is told."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from kernels import for_gpus_alone

from tinydl import backend

ROOT = Path(__file__).resolve().parents[1]
MB = 1_000_000

spec = importlib.util.spec_from_file_location("tinydl_build", ROOT / "build.py")
recipe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recipe)

compiler = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
plain = pytest.mark.skipif("TINYDL_LIB" in os.environ, reason="not about these libraries")


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs Python away from the source folder, with bytecode caches, without a sanitizer."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("TINYDL_")}
    env.pop("LD_PRELOAD", None)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    env = {"PYTHONPATH": str(ROOT), **env, **environment}
    return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True)


# --- building -------------------------------------------------------------------------------------


@compiler
def test_what_is_up_to_date_is_not_made_again(tmp_path, monkeypatch):
    recipe.build(tmp_path, verbose=False)
    commands = []
    run = recipe.make.run

    def noting(command):
        commands.append(command)
        return run(command)

    monkeypatch.setattr(recipe.make, "run", noting)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    made = recipe.build(tmp_path, verbose=False)
    assert [command[-1] for command in commands] == ["-dumpmachine"]
    assert {path: path.stat().st_mtime_ns for path in made} == before


def test_refresh_follows_sources_and_the_command(tmp_path, monkeypatch):
    target, note, source = tmp_path / "a.o", tmp_path / "a.cmd", tmp_path / "a.c"
    runs = []

    def run(command):
        runs.append(command)
        Path(command[-1]).write_text("made")

    monkeypatch.setattr(recipe.make, "run", run)
    monkeypatch.setattr(recipe.make, "relative", str)

    def made(*command):
        before = len(runs)
        recipe.make.refresh(target, [*command], note, [source])
        return len(runs) > before

    source.write_text("")
    assert made("cc", "-O1") and not made("cc", "-O1")
    assert made("cc", "-O2") and not made("cc", "-O2")
    os.utime(source, ns=(target.stat().st_mtime_ns + 1,) * 2)
    assert made("cc", "-O2")
    target.unlink()
    assert made("cc", "-O2")


def test_an_error_stops_the_build_with_the_compilers_words(tmp_path):
    broken = tmp_path / "broken-cc"
    broken.write_text(
        "#!/bin/sh\n"
        'case "$*" in *-dumpmachine) echo x86_64-linux-gnu ;;'
        ' *) echo "line 1: the sky fell" >&2; exit 1 ;; esac\n'
    )
    broken.chmod(0o755)
    with pytest.raises(SystemExit, match="the sky fell"):
        recipe.build(tmp_path / "out", str(broken), verbose=False)
    shutil.rmtree(ROOT / "build" / "objects" / "broken-cc-x86_64", ignore_errors=True)
    assert not list((tmp_path / "out").glob("*.so"))


@compiler
def test_a_row_whose_flags_the_compiler_lacks_is_left_out(tmp_path, monkeypatch):
    machine = recipe.this_machine()
    rows = {**recipe.ISAS[machine], "next": ["-mno-such-instructions"]}
    monkeypatch.setitem(recipe.ISAS, machine, rows)
    made = recipe.build(tmp_path, verbose=False)
    names = {path.name for path in made}
    assert not [name for name in names if "next" in name]
    assert f"libtinydl-cpu-{next(iter(rows))}{recipe.EXTENSION}" in names


@compiler
def test_rows_that_are_alike_share_their_objects(tmp_path, monkeypatch):
    cc = recipe.find_compiler()
    recipe.build_declarations(cc, tmp_path, tmp_path)
    monkeypatch.setattr(recipe, "compile_file", lambda cc, flags, source, target: source.name)
    with recipe.ThreadPoolExecutor(1) as pool:
        one = recipe.start_objects(pool, cc, "avx512", [], [], tmp_path, {})
        other = recipe.start_objects(pool, cc, "avx512bf16", [], [], tmp_path, one)
    assert one.keys() == other.keys() > set(recipe.OWN)
    assert {name for name in one if one[name] is not other[name]} == set(recipe.OWN)


def test_no_compiler():
    done = python(str(ROOT / "build.py"), PATH="", CC="")
    assert done.returncode == 1
    assert "needs a C compiler" in done.stderr and "apt-get install gcc" in done.stderr


def test_a_compiler_that_is_not_there():
    done = python(str(ROOT / "build.py"), CC="no-such-cc")
    assert done.returncode == 1
    assert done.stderr.startswith("no-such-cc: not found")


def test_another_machines_libraries_stay_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe.make, "run", lambda command: "sparc64-sun-solaris\n")
    with pytest.raises(SystemExit, match="no instruction set for sparc64; it has x86_64, aarch64"):
        recipe.build(tmp_path, sys.executable)
    monkeypatch.setattr(recipe.make, "run", lambda command: "aarch64-linux-gnu\n")
    monkeypatch.setattr(recipe, "this_machine", lambda: "x86_64")
    with pytest.raises(SystemExit, match="builds for aarch64, this is x86_64"):
        recipe.build(recipe.LIBRARIES, sys.executable)


# --- one truth ------------------------------------------------------------------------------------


@compiler
def test_declarations_match_the_header(tmp_path):
    """What cffi believes about structs and constants, asserted by the C compiler."""
    ffi = backend.ffi
    lines = ['#include "tinydl.h"']
    structs = [name for name in ffi.list_types()[0] if ffi.typeof(name).kind == "struct"]
    assert {"td_tensor", "td_conv2d_attrs", "td_adam_attrs"} <= set(structs)
    for name in structs:
        lines.append(f'_Static_assert(sizeof({name}) == {ffi.sizeof(name)}, "{name}");')
        for field, about in ffi.typeof(name).fields:
            lines.append(
                f"_Static_assert(offsetof({name}, {field}) == {about.offset} && "
                f'sizeof((({name} *)0)->{field}) == {ffi.sizeof(about.type)}, "{name}.{field}");'
            )
    for kind in ("td_status", "td_dtype"):
        for constant, value in ffi.typeof(kind).relements.items():
            lines.append(f'_Static_assert({constant} == {value}, "{constant}");')
    lines.append(f'_Static_assert(TD_ABI == {backend.ABI}, "TD_ABI");')
    source = tmp_path / "check.c"
    source.write_text("\n".join(lines))
    cc = recipe.find_compiler()
    command = [*cc, "-std=c11", "-fsyntax-only", f"-I{ROOT / 'native'}", str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_every_library_exports_the_whole_header_and_nothing_else():
    declared = {name for name in dir(backend.load(backend.best()).lib) if name.startswith("td_")}
    names = declared - for_gpus_alone()
    assert {"td_conv2d", "td_exp", "td_adam"} <= names
    for isa in backend.installed():
        library = backend.load(isa).lib
        assert all(getattr(library, name) for name in names)
        if shutil.which("nm") and "TINYDL_LIB" not in os.environ:
            path = backend.load(isa).path
            listed = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True)
            exported = {line.split()[-1] for line in listed.stdout.decode().splitlines()}
            assert exported == names


# --- libraries that do not fit --------------------------------------------------------------------


def _library(folder: Path, source: str) -> None:
    (folder / "stub.c").write_text(source)
    target = folder / f"libtinydl-cpu-base{recipe.EXTENSION}"
    cc = recipe.find_compiler()
    subprocess.run([*cc, "-shared", "-fPIC", str(folder / "stub.c"), "-o", target], check=True)


@compiler
def test_a_library_of_another_version(tmp_path):
    shutil.copy(Path(backend.FOLDER) / "declarations.py", tmp_path)
    _library(tmp_path, "int td_abi(void) { return 999; }")
    done = python("-c", "import tinydl", TINYDL_LIB=str(tmp_path))
    assert "speaks version 999 of tinydl.h" in done.stderr
    assert "run `make` in the source folder, or install tinydl-core again" in done.stderr


def test_a_file_that_is_no_library(tmp_path):
    shutil.copy(Path(backend.FOLDER) / "declarations.py", tmp_path)
    (tmp_path / f"libtinydl-cpu-base{recipe.EXTENSION}").write_text("no library")
    done = python("-c", "import tinydl", TINYDL_LIB=str(tmp_path))
    assert "is no tinydl library" in done.stderr and "run `make`" in done.stderr


def test_no_libraries(tmp_path):
    done = python("-c", "import tinydl", TINYDL_LIB=str(tmp_path))
    assert "native libraries are not built" in done.stderr and "run `make`" in done.stderr


# --- the package ----------------------------------------------------------------------------------


def _package(kind: str, folder: Path) -> Path:
    pytest.importorskip("hatchling")
    command = ["-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True, env=env)
    return next(folder.iterdir())


@plain
@compiler
def test_wheel(tmp_path):
    wheel = _package("wheel", tmp_path / "dist")
    assert wheel.name.startswith("tinydl_core-") and "-py3-none-" in wheel.name
    assert wheel.stat().st_size < 5 * MB
    with zipfile.ZipFile(wheel) as package:
        names = set(package.namelist())
        assert sum(entry.file_size for entry in package.infolist()) < 12 * MB
        package.extractall(tmp_path / "installed")
    for isa in recipe.ISAS[recipe.this_machine()]:
        assert f"tinydl/lib/libtinydl-cpu-{isa}{recipe.EXTENSION}" in names
    for name in (
        "lib/declarations.py",
        "py.typed",
        "lib/native/tinydl.h",
        "lib/native/cpu/pool.inl",
    ):
        assert f"tinydl/{name}" in names
    assert not [name for name in names if name.endswith((".new", ".pyc", ".o"))]

    code = (
        "import tinydl; from tinydl.inspect import explain; print(tinydl.__file__);"
        "print((tinydl.ones(2) @ tinydl.ones(2)).item(), 'UNARY(relu' in str(explain('relu')))"
    )
    done = python("-c", code, PYTHONPATH=str(tmp_path / "installed"))
    assert done.stdout.split() == [str(tmp_path / "installed/tinydl/__init__.py"), "2.0", "True"]


@plain
def test_sdist_has_the_sources_and_nothing_built(tmp_path):
    with tarfile.open(_package("sdist", tmp_path)) as package:
        names = {name.split("/", 1)[1] for name in package.getnames()}
    for name in ("build.py", "pyproject.toml", "native/tinydl.h", "tinydl/__init__.py", "LICENSE"):
        assert name in names
    built = (".so", ".dylib", ".o", ".pyc", "declarations.py")
    assert not [name for name in names if name.endswith(built)]


@plain
def test_importing_costs_little():
    """`import tinydl` takes no more processor time than the `import numpy` in it.

    That is 60 ms or so, or more on a busy machine, which slows both.
    """
    code = (
        "from time import process_time as now; start = now(); import numpy; between = now();"
        "import tinydl; print(between - start, now() - between)"
    )
    times = [python("-c", code).stdout.split() for _ in range(5)]
    numpys, ours = (min(map(float, column)) for column in zip(*times, strict=True))
    assert ours < numpys
