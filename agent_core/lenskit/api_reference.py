"""What a script writer must know of LensKit: tested parts, and real signatures on request."""

from __future__ import annotations

import ast
import json
import logging
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path

import sandbox
from agent_core.domain import Algorithm, Candidates, Masked, Plan, SplitRules
from agent_core.execution.syntax_trees import parse
from agent_core.lenskit.scorers import SCORERS, Scorer
from sandbox.errors import SandboxError
from sandbox.execution import Job, Limits
from sandbox.sandbox import Sandbox

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent.parent / "model"
PARTS = FOLDER / "prompts" / "lenskit"
"""Kind of split to its call."""
OF_RUNS = frozenset(
    {"algorithm", "candidates", "dataset", "feedback", "given", "given_folds", "is_pilot", "lists",
     "per_user", "predictions", "primary", "row", "seeds", "study", "use_design", "users"}
)  # fmt: skip
"""What the helper has for scripts that loop over algorithms and seeds themselves."""
MAX_NAMES = 12
MAX_LOOKUP = 6000
"""Characters of a looked-up reference."""
LOOKUP_LIMITS = Limits(timeout_s=60, artifacts=0)

RunSource = Callable[[str], Awaitable[str]]
"""Runs a Python source in the sandbox and returns what it wrote."""
Lookup = Callable[[str], Awaitable[str]]
"""A traceback in, the reference of the library names in it out."""


@cache
def part(name: str) -> str:
    """Return one part of the LensKit reference."""
    return (PARTS / f"{name}.md").read_text(encoding="utf-8").strip()


def lenskit(plan: Plan | None) -> str:
    """Return the LensKit reference for a plan: parts, and the scorers that it speaks of."""
    kinds = [a.kind for a in plan.algorithms] if plan else []
    rows = [SCORERS[k] for k in dict.fromkeys(kinds) if k in SCORERS] or list(SCORERS.values())
    table = "\n".join(["### Scorers", *map(scorer_line, rows)])
    return "\n\n".join([*map(part, _part_names(plan)), table])


def scorer_line(scorer: Scorer) -> str:
    """Describe one scorer in a line."""
    traits = [
        "random" if scorer.is_random else "deterministic",
        "predicts ratings" if scorer.predicts else "no ratings",
        *([] if scorer.ranks else ["ranks worse than popularity"]),
        *([] if scorer.folds_in else ["no unseen users"]),
        *([scorer.note] if scorer.note else []),
    ]
    taken = ", ".join(scorer.parameters)
    return (
        f"* `from {scorer.module} import {scorer.kind}` · takes {taken} · e.g. "
        f"`{scorer.example}` · {'; '.join(traits)}"
    )


def construction(algorithm: Algorithm) -> str:
    """Write the call that builds a planned algorithm."""
    arguments = ", ".join(f"{k}={v!r}" for k, v in algorithm.config.items())
    return f"{algorithm.kind}({arguments})"


@cache
def labbook() -> str:
    """Return what the helper has for scripts of cells, with its docstrings, from its source."""
    path = Path(sandbox.__file__).parent / "labbook.py"
    tree = parse(path.read_text(encoding="utf-8"))
    names = _exported_names(tree) - OF_RUNS
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name in names]
    told = [line for one in classes for line in _class_lines(one)]
    return "\n".join([*told, *(_signature(f, "labbook.") for f in functions)])


MISSING_ATTRIBUTE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
MISSING_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
OBJECT = re.compile(r"'(\w+)' object (?:has no attribute|is not|does not)")
CALLED = re.compile(r"\b(\w+)(?:\.__init__|\.__new__)?\(\) (?:got|takes|missing)")
CALL = re.compile(r"\b([A-Za-z_][\w.]*)\(")
FRAME = re.compile(r'^\s+File ".*script\.py", line \d+.*\n((?:\s{4,}.*\n?)?)', re.MULTILINE)
ORDINARY = frozenset({"print", "len", "main", "int", "float", "str", "list", "dict", "range"})


def names_in(output: str) -> tuple[str, ...]:
    """Return the library names that the last traceback of an output is about."""
    tail = output[max(0, output.rfind("Traceback (most recent call last)")) :][-20_000:]
    found = [f"{a}.{b}" for a, b in MISSING_ATTRIBUTE.findall(tail)]
    found += [f"{b}.{a}" for a, b in MISSING_NAME.findall(tail)]
    found += MISSING_MODULE.findall(tail)
    found += [name for pattern in (OBJECT, CALLED) for name in pattern.findall(tail)]
    for line in reversed(FRAME.findall(tail)):
        found += [name for name in CALL.findall(line) if name not in ORDINARY]
    return tuple(dict.fromkeys(found))[:MAX_NAMES]


def introspection(names: tuple[str, ...]) -> str:
    """Write the script that describes `names` in the sandbox."""
    source = (FOLDER / "introspect.py").read_text(encoding="utf-8")
    return f"NAMES = {list(names)!r}\n{source}"


def descriptions_in(output: str) -> str:
    """Read what the introspection script said; empty where it said nothing."""
    found = re.search(r"<<reference>>(.*?)<</reference>>", output, re.DOTALL)
    try:
        lines = json.loads(found[1]) if found else []
    except ValueError:
        return ""
    return "\n".join(map(str, lines))[:MAX_LOOKUP] if isinstance(lines, list) else ""


def lookup_with(run: RunSource) -> Lookup:
    """Return a lookup of tracebacks that asks the installed libraries; remembers what it found."""
    known: dict[tuple[str, ...], str] = {}

    async def lookup(output: str) -> str:
        names = names_in(output)
        if not names:
            return ""
        if names not in known:
            try:
                output = await run(introspection(names))
            except (SandboxError, OSError):
                log.warning("library names could not be looked up", extra={"names": names})
                return ""
            known[names] = descriptions_in(output)
        return known[names]

    return lookup


def runner(box: Sandbox) -> RunSource:
    """Return how a source is run in `box`, for `lookup_with`."""

    async def run(source: str) -> str:
        with tempfile.TemporaryDirectory(prefix="autoreclab-reference-") as folder:
            execution = await box.execute(Job(source, limits=LOOKUP_LIMITS), Path(folder))
        return execution.output

    return run


def _part_names(plan: Plan | None) -> tuple[str, ...]:
    """Choose the parts that a plan needs; without a plan, those that every task needs."""
    if plan is None:
        return ("data", "splits", "topn", "ratings", "metrics", "seeds", "speed")
    ratings = any(m.is_rating for m in plan.metrics)
    ranks = any(not m.is_rating for m in plan.metrics)
    chosen = {
        "topn": ranks,
        "ratings": ratings,
        "candidates": ranks and any(_asks_for_items(level.rules) for level in plan.split_levels),
        "metrics": not all(m.kind.is_usual for m in plan.metrics),
        "seeds": any(a.is_random for a in plan.algorithms),
    }
    wanted = tuple(name for name, is_wanted in chosen.items() if is_wanted)
    return ("preamble", "data", "splits", *wanted, "speed", "gotchas")


def _asks_for_items(split: SplitRules) -> bool:
    """Whether lists are made of other items than those of the training that a user lacks."""
    is_usual = split.candidates is Candidates.TRAINING and split.masked is Masked.TRAINING
    return not (is_usual and split.in_training)


def _exported_names(tree: ast.Module) -> set[str]:
    """Return the names in `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return {str(name) for name in ast.literal_eval(node.value)}
    return set()


def _class_lines(node: ast.ClassDef) -> Iterator[str]:
    """Yield a class with its attributes, then its methods, each with its first paragraph."""
    variable = node.name[:1].lower()
    public = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]
    read = [n for n in public if any("property" in ast.unparse(d) for d in n.decorator_list)]
    told = [*_set_names(node), *(f"`{n.name}` ({_noun(n)})" for n in read)]
    attributes = f" Attributes: {', '.join(told)}." if told else ""
    yield f"* {node.name} `{variable}`: {_first_paragraph(node)}{attributes}"
    yield from (_signature(n, f"{variable}.") for n in public if n not in read)


def _set_names(node: ast.ClassDef) -> list[str]:
    """Return the public attributes that a class sets where it is made."""
    made = next((n for n in node.body if getattr(n, "name", "") == "__init__"), None)
    set_here = [n for n in ast.walk(made) if isinstance(n, ast.Attribute)] if made else []
    names = [n.attr for n in set_here if isinstance(n.ctx, ast.Store) and n.attr[0] != "_"]
    return [f"`{name}`" for name in names]


def _noun(node: ast.FunctionDef) -> str:
    """Return what a property is, as its docstring says it."""
    return _first_paragraph(node).removeprefix("Return ").rstrip(".")


def _first_paragraph(node: ast.FunctionDef | ast.ClassDef) -> str:
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())


def _signature(function: ast.FunctionDef, prefix: str) -> str:
    """Write a function's call and the first paragraph of its docstring."""
    arguments = ast.unparse(function.args).removeprefix("self").removeprefix(", ")
    returns = ast.unparse(function.returns) if function.returns else "None"
    is_told = returns != "None" and not function.decorator_list
    call = f"{prefix}{function.name}({arguments}){f' -> {returns}' if is_told else ''}"
    return f"* `{call}`: {_first_paragraph(function)}"
