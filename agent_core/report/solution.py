"""Makes a script of the sandbox one that runs anywhere: packages, data, folder."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from importlib import resources

from agent_core.domain import Dataset
from agent_core.execution.syntax_trees import parse

RUNTIME = {
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "LK_NUM_PROCS": "1",
    "LK_NUM_THREADS": "1",
    "TORCHDYNAMO_DISABLE": "1",
}
"""What the sandbox sets, so that a run outside of it repeats."""
ALWAYS = ("pandas", "numpy", "pyarrow")
"""What the helper beside the script needs."""
PROVIDES = {"sklearn": "scikit-learn"}
MARK = "# ---- placed by the product: data, folder, helper; the experiment follows ----"


def standalone(
    source: str, datasets: Sequence[Dataset], versions: Mapping[str, str], python: str
) -> str:
    """Return a script with a PEP 723 header and a prologue; the experiment itself unchanged.

    Parameters
    ----------
    source
        The script as it ran in the sandbox.
    datasets
        What it reads, by name.
    versions
        Distribution name to version of the experiments' interpreter.
    python
        Its version.
    """
    lines = source.splitlines()
    at = _prologue_line(source)
    head, rest = lines[:at], lines[at:]
    parts = [_header(source, versions, python), *head, *_prologue(datasets), *rest]
    return "\n".join(parts).rstrip() + "\n"


def public(version: str) -> str:
    """Return a version without its local part: `2.13.0` of `2.13.0+cpu`."""
    return version.split("+")[0]


def modules_imported(source: str) -> set[str]:
    """Return the top-level modules that a script imports; empty where it cannot be parsed."""
    try:
        tree = parse(source)
    except (SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def template(name: str) -> str:
    """Return the text of a file among the templates."""
    return (resources.files("agent_core.report") / "templates" / name).read_text("utf-8")


def _header(source: str, versions: Mapping[str, str], python: str) -> str:
    """Return inline script metadata with pinned packages."""
    minor = ".".join(python.split(".")[:2]) or "3.11"
    pins = [
        f'#     "{name}=={public(versions[name])}",'
        for name in _distributions_needed(source, versions)
    ]
    return "\n".join(
        [
            "# /// script",
            f'# requires-python = ">={minor}"',
            "# dependencies = [",
            *pins,
            "# ]",
            "# ///",
        ]
    )


def _distributions_needed(source: str, versions: Mapping[str, str]) -> list[str]:
    """Return the installed distributions that a script imports, and those of the helper."""
    by_name = {name.lower().replace("-", "_"): name for name in versions}
    wanted = [PROVIDES.get(m, m).lower().replace("-", "_") for m in modules_imported(source)]
    found = {by_name[w] for w in [*wanted, *ALWAYS] if w in by_name}
    if any(name.lower() == "lenskit" for name in found) and "torch" in by_name:
        found.add(by_name["torch"])
    return sorted(found, key=str.lower)


def _prologue_line(source: str) -> int:
    """Return after how many lines code may be placed: behind docstring and future imports."""
    try:
        body = parse(source).body
    except (SyntaxError, ValueError):
        return 0
    end = 0
    for position, node in enumerate(body):
        is_docstring = (
            position == 0
            and isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (is_docstring or is_future):
            break
        end = node.end_lineno or end
    return end


def _prologue(datasets: Sequence[Dataset]) -> list[str]:
    """Return the lines that prepare a run; worker processes of a run skip them."""
    function = template("prologue.py.txt")
    hashes = {d.name: d.sha256 for d in datasets}
    return [
        "",
        MARK.replace("; the experiment follows", ""),
        f"_SETTINGS = {RUNTIME!r}",
        "",
        "",
        *function.splitlines(),
        "",
        "",
        'if __name__ == "__main__":',
        f"    _prepare({hashes!r})",
        MARK,
        "",
    ]
