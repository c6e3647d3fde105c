"""A caller for each kernel of tinydl.h, which takes its arguments from a list.

C calls a function only through its own type, so replay.c needs a piece of code per kernel. They are
written here, from the header, where kernels are what begins with a tensor or a list of tensors:

    static td_status call_add(const td_argument *a) { return td_add(a[0].pointer, …); }
"""

from __future__ import annotations

import re
from pathlib import Path

_MEMBERS = {"int64_t": "integer", "int32_t": "integer", "double": "real"}


def write_callers(header: str, target: Path) -> None:
    """The callers and a table of them, in alphabetical order; kept if nothing changed.

    The header is preprocessed; what is for GPUs alone comes after td_replay.
    """
    header = header.split("td_replay")[0]
    most = int(re.search(r"td_argument argument\[(\d+)\]", header)[1])
    found = re.findall(r"td_status (td_\w+)\(\s*(td_tensor [^)]*)\);", header)
    lines = [_caller(name, parameters, most) for name, parameters in sorted(found)]
    rows = (f'    {{"{name.removeprefix("td_")}", {_own(name)}}},' for name, _ in sorted(found))
    table = "\n".join(["static const caller_t callers[] = {", *rows, "};\n"])
    text = "\n".join([*lines, table])
    if not target.exists() or target.read_text() != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def _caller(name: str, parameters: str, most: int) -> str:
    kinds = (re.sub(r"\w+$", "", parameter).strip() for parameter in parameters.split(","))
    members = ["pointer" if kind.endswith("*") else _MEMBERS[kind] for kind in kinds]
    if len(members) > most:
        raise SystemExit(f"{name} has {len(members)} arguments: raise TD_MAX_ARGUMENTS, {most}")
    arguments = ", ".join(f"a[{i}].{member}" for i, member in enumerate(members))
    return f"static td_status {_own(name)}(const td_argument *a) {{ return {name}({arguments}); }}"


def _own(name: str) -> str:
    return name.replace("td_", "call_", 1)
