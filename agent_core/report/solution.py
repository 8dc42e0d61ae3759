"""Makes a script of the sandbox one that runs anywhere: packages, data, folder."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence

from agent_core.data.given_files import recipes_text
from agent_core.domain import Dataset, Plan
from agent_core.domain.cells import design_record
from agent_core.execution.syntax_trees import imported_modules, parse
from agent_core.report.rendering import render_template

ALWAYS = ("pandas", "numpy", "pyarrow")
"""What the helper beside the script needs."""
FEATURES = re.compile(r"\bfeatures\b")
BY_CELLS = re.compile(r"\b(?:cells|cell|design|blocks)\(")
"""What a script calls that reads its levels from the design."""
PROVIDES = {"sklearn": "scikit-learn"}


def standalone_script(
    source: str,
    datasets: Sequence[Dataset],
    versions: Mapping[str, str],
    python: str,
    plan: Plan | None = None,
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
    plan
        Its design is put in place where the script asks for its cells.
    """
    tree = _tree_of(source)
    lines, at = source.splitlines(), _prologue_line(tree)
    text = render_template(
        "solution.py.j2",
        python=".".join(python.split(".")[:2]) or "3.11",
        pins=[(name, public_part(versions[name])) for name in _distributions(tree, versions)],
        head=lines[:at],
        hashes=repr(files_read(source, datasets)),
        recipes=repr(recipes_text(datasets, indent=None)),
        design=repr(_design_text(plan, datasets) if plan and BY_CELLS.search(source) else ""),
        rest=lines[at:],
    )
    return text.rstrip() + "\n"


def files_read(source: str, datasets: Sequence[Dataset]) -> dict[str, str]:
    """Return the files that a script reads, with their hashes; side data where it asks for it."""
    sides = {s.file for d in datasets for s in d.sides if not FEATURES.search(source)}
    unread = sides - {d.name for d in datasets}
    files = {name: digest for d in datasets for name, digest in d.files.items()}
    return {name: digest for name, digest in files.items() if name not in unread}


def public_part(version: str) -> str:
    """Return a version without its local part: `2.13.0` of `2.13.0+cpu`."""
    return version.split("+")[0]


def _design_text(plan: Plan, datasets: Sequence[Dataset]) -> str:
    """Return the design of a plan as JSON on one line."""
    return json.dumps(design_record(plan, datasets), ensure_ascii=False)


def _tree_of(source: str) -> ast.Module:
    """Return the syntax tree of a script; an empty one where it cannot be parsed."""
    try:
        return parse(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _distributions(tree: ast.Module, versions: Mapping[str, str]) -> list[str]:
    """Return the installed distributions that a script imports, and those of the helper."""
    by_name = {name.lower().replace("-", "_"): name for name in versions}
    wanted = [PROVIDES.get(m, m).lower().replace("-", "_") for m in imported_modules(tree)]
    found = {by_name[w] for w in [*wanted, *ALWAYS] if w in by_name}
    if any(name.lower() == "lenskit" for name in found) and "torch" in by_name:
        found.add(by_name["torch"])
    return sorted(found, key=str.lower)


def _prologue_line(tree: ast.Module) -> int:
    """Return after how many lines code may be placed: behind docstring and future imports."""
    end = 0
    for position, node in enumerate(tree.body):
        is_docstring = position == 0 and ast.get_docstring(tree, clean=False) is not None
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (is_docstring or is_future):
            break
        end = node.end_lineno or end
    return end
