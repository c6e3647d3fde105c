"""libtinydl-cuda.so: native/cuda compiled by nvcc, for GPUs.

Neither building nor loading it takes a GPU or a driver, and the CUDA runtime is linked in: a
machine that uses the library needs a driver and no toolkit. A library for development has machine
code for the GPUs at hand; a release has it for every generation, and PTX for those to come.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import make
from .make import EXTENSION, LIBRARIES, ROOT, compile_file, relative

# sm_N is machine code for compute capability N, compute_N is PTX, which the driver of that or any
# later capability compiles when it loads the library.
RELEASE = ("sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120", "compute_80")
WITHOUT_A_GPU = ("sm_90", "compute_80")
# Files with instructions of one capability alone (wgmma) are compiled for it besides.
ACCELERATED: dict[str, str] = {}  # such as {"gemm_wgmma.cu": "sm_90a"}

FLAGS = [
    "-std=c++17",
    "-O3",
    "-Xcompiler=-fPIC,-fvisibility=hidden,-Wall,-Wextra",
    "-diag-suppress=177,186",  # false alarms in templates; gcc's -Wall finds the true ones
    "--compress-mode=size",
    "-Inative",
    "-Inative/common",
    "-Inative/cuda",
]
LINEINFO = ["-lineinfo"]  # profilers and sanitizers name lines; doubles the size of the library
STRICT = ["-Werror=all-warnings", "-Xcompiler=-Werror"]
LINK = [
    "-shared",
    "-cudart=static",
    "-nodlink",
    "-Xlinker=-Bsymbolic,-z,nodelete,-z,noexecstack,-s",
    "-Xlinker=--version-script=native/recipes/exports.map",
]

NO_NVCC = """nvcc: not found. The CUDA library is compiled by NVIDIA's compiler, 12.8 or newer:
  all of CUDA:        https://developer.nvidia.com/cuda-downloads
  the compiler only:  make nvcc   (110 MB from PyPI into .venv; or pip install 'tinydl-core[nvcc]')
Or name one:          NVCC=/path/to/nvcc"""


# --- what is here ---------------------------------------------------------------------------------


def find_tools(name: str) -> list[str]:
    """NVIDIA's programs of that name: in $CUDA_HOME, the PATH, /usr/local/cuda, wheels of PyPI."""
    home = os.environ.get("CUDA_HOME")
    wheels = [f"{folder}/nvidia/cu13/bin/" for folder in sys.path]
    folders = [*([f"{home}/bin/"] if home else []), "", "/usr/local/cuda/bin/", *wheels]
    return list(filter(None, [shutil.which(folder + name) for folder in folders]))


def find_nvccs() -> list[str]:
    """$NVCC alone, if it is set, else all that are here."""
    asked = os.environ.get("NVCC")
    return list(filter(None, [shutil.which(asked)])) if asked else find_tools("nvcc")


def find_nvcc() -> str:
    """The first of find_nvccs(); without one, what to install is the error."""
    found = find_nvccs()
    if not found:
        raise SystemExit(NO_NVCC)
    return found[0]


def version(nvcc: str) -> str:
    """Such as "13.0"."""
    return re.search(r"release ([\d.]+)", make.run([nvcc, "--version"]))[1]


def gpus() -> list[str]:
    """The compute capabilities of the GPUs at hand, as targets: ["sm_90"]."""
    query = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(
        {f"sm_{major}{minor}" for major, minor in re.findall(r"(\d+)\.(\d)", done.stdout)}
    )


# --- building -------------------------------------------------------------------------------------


def kernel_sources() -> list[Path]:
    """What the CUDA library is made of, whoever compiles it."""
    return sorted([*ROOT.glob("native/cuda/*.cu"), *ROOT.glob("native/common/*.c")])


def flags_for(source: Path, targets: list[str]) -> list[str]:
    """What one .cu file is compiled for: each target as nvcc spells it, and its own flags."""
    own = ACCELERATED.get(source.name)
    every = [*targets, own] if own and own.rstrip("a") in targets else targets
    codes = [f"-gencode=arch={code.replace('sm', 'compute')},code={code}" for code in every]
    return codes + ["-fmad=false"] * (source.name in make.UNFUSED)


def build_cuda(
    kind: str = "dev", out: Path = LIBRARIES, nvcc: str | None = None, strict: bool = False
) -> Path:
    """Compiles libtinydl-cuda.so: for the GPUs at hand ("dev") or for all ("release")."""
    nvcc = nvcc or find_nvcc()
    cc = make.find_compiler()
    targets = list(RELEASE) if kind == "release" else gpus() or list(WITHOUT_A_GPU)
    flags = ["-c", *FLAGS, *([] if kind == "release" else LINEINFO), *(STRICT if strict else [])]
    work = ROOT / "build" / "objects" / "-".join(filter(None, ["nvcc", kind, "strict" * strict]))

    def compile_one(source: Path) -> Path:
        target = work / f"{source.stem}.o"
        if source.suffix == ".c":
            return compile_file(cc, ["-c", *make.FLAGS], source, target)
        return compile_file([nvcc], [*flags, *flags_for(source, targets)], source, target)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(compile_one, source) for source in kernel_sources()]
        try:
            objects = [job.result() for job in jobs]
        except BaseException:
            pool.shutdown(cancel_futures=True)  # the first error is told at once
            raise
    wheel = Path(nvcc).parents[1] / "lib"  # NVIDIA's wheels keep the runtime where nvcc won't look
    search = [f"-L{wheel}"] if (wheel / "libcudart_static.a").exists() else []
    library = out / f"libtinydl-cuda{EXTENSION}"
    command = [nvcc, *LINK, *search, *map(relative, objects)]
    make.refresh(library, command, work / f"{library.stem}.cmd", objects)
    return library


def build_cuda_if_wanted() -> tuple[Path | None, str]:
    """What make and pip do unasked: the library, if one was made, and a line that says so.

    $TINYDL_BUILD_CUDA decides: auto builds it where there are nvcc and a GPU, dev and release
    wherever there is nvcc, no never. It never fails: tinydl works without.
    """
    kind = os.environ.get("TINYDL_BUILD_CUDA") or "auto"
    if kind not in ("auto", "dev", "release", "no"):
        return None, f"– cuda: TINYDL_BUILD_CUDA={kind} is none of auto, dev, release, no"
    if kind == "no":
        return None, "– cuda: TINYDL_BUILD_CUDA=no"
    if not find_nvccs():
        advice = "; there is a GPU: `make cuda` says how to get it" if gpus() else ""
        return None, f"– cuda: nvcc not found{advice}"
    if kind == "auto" and not gpus():
        return None, "– cuda: no GPU here (`make cuda` builds it all the same)"
    try:
        return build_cuda("dev" if kind == "auto" else kind), "✓ cuda"
    except SystemExit as error:
        command, *words = str(error).splitlines()
        wrong = [line for line in words if re.search("error|fatal", line)] or words or [command]
        return None, f"– cuda: not built: {wrong[0].strip()} (`make cuda` tells more)"
