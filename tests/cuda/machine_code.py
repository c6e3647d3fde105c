"""What nvcc makes of the kernels, read out of the library it built: `make gates`. Takes no GPU.

It fails if a kernel keeps anything in local memory (registers that were spilled, arrays that are
not in registers) on any GPU of a release; if it takes more registers or shared memory than the
committed table, machine_code.json, says; or if one that is meant to move 16 bytes at a time does
not. With --update the table becomes what was found: a decision that shows in the diff.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from native.recipes import cuda  # noqa: E402

TABLE = Path(__file__).with_suffix(".json")
NVCC = "13.0"  # whose register counts the table has; another version allocates otherwise
GPUS = ("sm_80", "sm_90")  # the columns of the table, and whose instructions are looked at

# Kernels (from the start of their names) and the 16-byte loads (LDG: of global memory, LDS: of
# shared memory) and stores that they are there for. The numbers are elements at a time.
MEANT = [
    (r"td_map_kernel<\w+, 4, float, float, ", "LDG STG"),
    (r"td_map_kernel<\w+, 2, (double|long), \1, ", "LDG STG"),
    (r"td_map_kernel<\w+, 4, unsigned char, float, ", "LDG"),
    (r"td_gemm_kernel<.*matrix_t<(float, 4|double, 2), ", "LDG"),
    (r"td_gemm_kernel<", "LDS"),
    (r"index_kernel<unsigned char, 16>", "LDG STG"),
    (r"update_kernel<", "LDG STG"),
    (r"td_map_kernel<dropout<float>, 4", "LDG STG"),
    (r"draw_kernel<(uniform|normal)_draw", "STG"),
    (r"add_3<", "LDG STG"),
    (r"sum_3<", "LDS"),
]


# --- reading a library ----------------------------------------------------------------------------


def cuobjdump(library: Path, *options: str):
    """The lines that NVIDIA's disassembler prints."""
    tools = cuda.find_tools("cuobjdump")
    if not tools:
        raise SystemExit("cuobjdump: not found; `make nvcc` installs it into .venv")
    path = os.pathsep.join([str(Path(tools[0]).parent), os.environ["PATH"]])  # where nvdisasm is
    command = [tools[0], *options, str(library)]
    with subprocess.Popen(
        command, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True
    ) as process:
        yield from process.stdout
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")


def read_resources(lines) -> dict[str, dict[str, dict[str, int]]]:
    """{kernel: {GPU: {"REG": registers, "STACK": bytes, "SHARED": bytes, …}}}, names as mangled."""
    found: dict = defaultdict(dict)
    gpu = kernel = ""
    for line in lines:
        if match := re.match(r"arch = (sm_\w+)", line):
            gpu = match[1]
        elif match := re.match(r" Function (\S+):", line):
            kernel = match[1]
        elif "REG:" in line:
            found[kernel][gpu] = {name: int(n) for name, n in re.findall(r"(\w+):(\d+)", line)}
    return found


def read_wide(lines) -> dict[str, set[str]]:
    """{kernel: the 16-byte loads and stores it has: LDG, STG, LDS}."""
    found: dict = {}
    for line in lines:
        if match := re.match(r"\s+Function : (\S+)", line):
            wide = found[match[1]] = set()
        elif match := re.match(r"\s+/\*\w+\*/\s+(?:@\S+\s+)?(LDG|STG|LDS)\S*\.128", line):
            wide.add(match[1])
    return found


def plain_names(mangled: list[str]) -> dict[str, str]:
    """Mangled → a kernel's name and template arguments: _Z5sum_3IfEvPT_PKS0_l → sum_3<float>."""
    words = "\n".join(mangled)
    done = subprocess.run(["c++filt"], input=words, capture_output=True, text=True, check=True)
    names = {}
    for symbol, name in zip(mangled, done.stdout.splitlines(), strict=True):
        depth = 0
        for at, letter in enumerate(name):
            depth += (letter == "<") - (letter == ">")
            if letter == "(" and depth == 0:  # the parameters begin
                name = name[:at]
                break
        names[symbol] = name.removeprefix("void ")
    return names


# --- judging it -----------------------------------------------------------------------------------


def table_of(resources: dict) -> dict[str, list[int]]:
    """{kernel: [registers and bytes of shared memory, for each of GPUS]}."""
    return {
        kernel: [found[gpu][column] for gpu in GPUS for column in ("REG", "SHARED")]
        for kernel, found in sorted(resources.items())
    }


# What is in local memory all the same, in bytes by part of the kernel's name. CUDA's own sin, cos
# and tan reduce huge arguments in an array …
ARRAYS = {"<sin_op": 40, "<cos_op": 40, "<tan_op": 40}
# … and this is what ptxas 13.0 keeps there on sm_100 alone.
SM_100 = {"td_multiply_integers<long>": 8, "step_kernel<best_scan": 8}


def allowed(kernel: str, gpu: str) -> int:
    """How many bytes of local memory a kernel may have on a GPU."""
    known = {**ARRAYS, **(SM_100 if gpu == "sm_100" else {})}
    return max((most for part, most in known.items() if part in kernel), default=0)


def in_local_memory(resources: dict) -> list[str]:
    """A line for each kernel that does not keep everything in registers."""
    problems = []
    for kernel, found in resources.items():
        spilled = [
            f"{n['STACK']} bytes on {gpu}"
            for gpu, n in found.items()
            if n["STACK"] > allowed(kernel, gpu)
        ]
        if spilled:
            problems.append(f"{kernel}: keeps {', '.join(spilled)} in local memory")
    return problems


def worse(now: dict[str, list[int]], committed: dict[str, list[int]]) -> list[str]:
    """A line for each kernel that takes more than the table says, or is not in it, or is gone."""
    columns = [f"{what} on {gpu}" for gpu in GPUS for what in ("registers", "bytes shared")]
    problems = [f"{kernel}: is in the table only" for kernel in committed if kernel not in now]
    for kernel, numbers in now.items():
        if kernel not in committed:
            problems.append(f"{kernel}: is not in the table")
            continue
        for column, n, before in zip(columns, numbers, committed[kernel], strict=True):
            if n > before:
                problems.append(f"{kernel}: {n} {column}, {before} in the table")
    return problems


def not_wide(wide: dict[str, set[str]], gpu: str) -> list[str]:
    """A line for each kernel without the instructions of MEANT, or row of it without a kernel."""
    problems = []
    for pattern, meant in MEANT:
        kernels = [kernel for kernel in wide if re.match(pattern, kernel)]
        if not kernels:
            problems.append(f"no kernel is called {pattern}")
        for kernel in kernels:
            lack = sorted(set(meant.split()) - wide[kernel])
            if lack:
                problems.append(f"{kernel}: has no {'.128, '.join(lack)}.128 on {gpu}")
    return problems


def judge(library: Path, update: bool) -> list[str]:
    """All that is wrong with a library; --update writes the table first."""
    mangled = read_resources(cuobjdump(library, "-res-usage"))
    name = plain_names(list(mangled))
    resources = {name[kernel]: found for kernel, found in mangled.items()}
    table = table_of(resources)
    if update:
        rows = [f"{json.dumps(kernel)}: {numbers}" for kernel, numbers in table.items()]
        TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    problems = in_local_memory(resources) + worse(table, json.loads(TABLE.read_text()))
    for gpu in GPUS:
        wide = read_wide(cuobjdump(library, "-sass", "-arch", gpu))
        problems += not_wide({name[kernel]: found for kernel, found in wide.items()}, gpu)
    most = max(n["REG"] for found in resources.values() for n in found.values())
    print(f"{len(table)} kernels, at most {most} registers; {library.stat().st_size:,} bytes")
    return problems


def find_nvcc() -> str:
    """The first nvcc of the version that the table is for."""
    found = {nvcc: cuda.version(nvcc) for nvcc in cuda.find_nvccs()}
    for nvcc, version in found.items():
        if version == NVCC:
            return nvcc
    others = ", ".join(f"{nvcc} is {version}" for nvcc, version in found.items()) or "there is none"
    raise SystemExit(f"the table of registers is for nvcc {NVCC}, and {others}; try `make nvcc`")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the table anew")
    parser.add_argument("--find", action="store_true", help="only look for nvcc and cuobjdump")
    options = parser.parse_args()
    nvcc = find_nvcc()
    if options.find:
        return not cuda.find_tools("cuobjdump")
    library = cuda.build_cuda("release", ROOT / "build" / "gates", nvcc, strict=True)
    problems = judge(library, options.update)
    print(*problems, sep="\n" if problems else "")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
