"""Prompts: one template per question, stable beginning first, every piece bounded."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from agent_core.domain import Finding, Node, Packages, Plan, blocks_of, cells_of, with_design
from agent_core.domain.metric import KINDS
from agent_core.lenskit.api_reference import (
    construction,
    labbook,
    lenskit,
    scorer_line,
)
from agent_core.lenskit.memory import estimates_text
from agent_core.lenskit.scorers import SCORERS
from agent_core.model.bounds import SOURCE, TASK, clip, shown_failure, shown_output
from agent_core.model.plan_answer import CHECK_NAMES
from agent_core.model.requests import Turn
from agent_core.model.writing import answer_of
from agent_core.prose.clipping import on_one_line
from agent_core.researcher import Context
from agent_core.rules.design_words import words_of

FOLDER = Path(__file__).parent / "prompts"
MARK = "<!-- user -->\n"
INCLUDE = re.compile(r"""\{%-?\s*include\s+["']([^"']+)["']\s*-?%\}""")
KNOWN_PACKAGES = (
    "lenskit", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "torch", "pyarrow",
    "seaborn", "statsmodels", "polars", "xarray",
)  # fmt: skip
MAX_PACKAGES, MAX_NOTES, MAX_OTHERS, MAX_ATTEMPTS = 60, 8, 8, 3
MAX_FACTS, MAX_BLOCKS, MAX_ANSWERS = 8000, 12, 6000
WRONG = (Finding.FAIL, Finding.WARN)
ORDER = (*WRONG, Finding.PASS, Finding.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt."""

    name: str
    system: str
    user: str

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The messages that open the conversation."""
        return (Turn("system", self.system), Turn("user", self.user))

    @property
    def size(self) -> int:
        """Characters."""
        return len(self.system) + len(self.user)


@cache
def template_hash(name: str) -> str:
    """Return the SHA-256 of a prompt's template, its included parts in place; empty for none.

    The same words give the same hash on any machine; what is filled in does not count.
    """
    path = FOLDER / f"{name}.md"
    if not path.is_file():
        return ""
    return hashlib.sha256(whole_template(path).encode()).hexdigest()


def whole_template(path: Path) -> str:
    """Return a template with the templates that it includes in their places."""
    text = path.read_text(encoding="utf-8")
    return INCLUDE.sub(lambda m: whole_template(FOLDER / m[1]), text)


def render_prompt(name: str, **pieces: Any) -> Prompt:
    """Fill in a prompt; `pieces` are bounded by whoever made them."""
    system, user = _halves(name)
    return Prompt(name, system.render(pieces).strip(), user.render(pieces).strip())


def piece(name: str, *told: Any) -> str:
    """Write one of the pieces that prompts are filled with."""
    macros = _templates(is_trimmed=True).get_template("parts/pieces.j2").module
    return str(getattr(macros, name)(*told)).rstrip("\n")


def study_pieces(context: Context, plan: Plan | None = None) -> dict[str, Any]:
    """Return the pieces that every question about one run has."""
    needed = estimates_text(context.datasets, context.room)
    data = clip(piece("data", context.datasets), 8000), needed
    study = {
        "task": clip(context.task, TASK),
        "data": "\n".join(filter(None, data)),
        "packages": _packages_piece(context.packages),
        "notes": bullets(context.notes, MAX_NOTES, 300),
    }
    return study | {"plan": _plan_piece(plan), "lenskit": lenskit(plan)} if plan else study


def bullets(texts: Sequence[str], most: int, size: int) -> str:
    """List the last `most` texts, one line each."""
    return "\n".join(f"* {on_one_line(text, size)}" for text in texts[-most:])


def node_piece(node: Node, plan: Plan, *, share_rows: bool) -> dict[str, str]:
    """Describe a node: source, how it ended, output, checks, verdicts."""
    execution = node.execution
    output = execution.output if execution else node.error or ""
    shown = shown_failure if node.is_buggy else shown_output
    told = [c for c in node.checks if not node.is_buggy or c.finding in WRONG]
    return {
        "source": clip(node.script.source, SOURCE),
        "ended": piece("ended", node),
        "output": shown(output, share_rows=share_rows),
        "checks": piece("checks", sorted(told, key=lambda c: ORDER.index(c.finding))),
        "verdicts": piece("verdicts", node, {r.id: r.text for r in plan.requirements}),
        "answers": clip(piece("answers", node.answers), MAX_ANSWERS),
    }


def attempts_piece(nodes: Sequence[Node], *, share_rows: bool) -> str:
    """Describe earlier attempts: what was tried, and what came of it."""
    return "\n".join(_attempt_line(n, share_rows=share_rows) for n in nodes[-MAX_ATTEMPTS:])


def facts_piece(facts: Mapping[str, float]) -> str:
    """List recorded values as `metric|algorithm`: statistic=value."""
    grouped: dict[str, list[str]] = {}
    for reference, value in facts.items():
        group, _, statistic = reference.rpartition("|")
        grouped.setdefault(group, []).append(f"{statistic}={value:.5g}")
    lines = [f"* {group}| {', '.join(values)}" for group, values in grouped.items()]
    return clip("\n".join(lines) or "None.", MAX_FACTS)


@cache
def _templates(*, is_trimmed: bool) -> Environment:
    """Return the environment of the prompt templates; unknown names are errors."""
    templates = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=is_trimmed,
        lstrip_blocks=is_trimmed,
    )
    templates.filters |= {"line": on_one_line, "clip": clip, "repr": repr}
    told = (construction, words_of, _blocks_text)
    templates.globals |= {function.__name__.lstrip("_"): function for function in told}
    templates.globals |= {
        "checks": ", ".join(CHECK_NAMES),
        "metrics": ", ".join(kind.name for kind in KINDS if kind.spoken),
        "scorers": "\n".join(map(scorer_line, SCORERS.values())),
        "labbook": labbook(),
    }
    return templates


@cache
def _halves(name: str) -> tuple[Template, Template]:
    """Return the templates of a prompt's system and user message."""
    source = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    system, user = source.split(MARK)
    templates = _templates(is_trimmed=False)
    return templates.from_string(system), templates.from_string(user)


def _packages_piece(packages: Packages) -> dict[str, str]:
    """Describe what is installed, the important first."""
    known = [n for n in KNOWN_PACKAGES if n in packages.versions]
    rest = sorted(n for n in packages.versions if n not in known)
    named = [f"{n} {packages.versions[n]}" for n in [*known, *rest][:MAX_PACKAGES]]
    told = {"known": ", ".join(named[: len(known)]), "listed": ", ".join(named)}
    return {"python": packages.python, **told}


def _blocks_text(plan: Plan) -> str:
    """Return the blocks by name with the number of their cells."""
    counts = Counter(cell.block.name for cell in cells_of(plan))
    names = [block.name for block in blocks_of(plan)]
    told = [f"{name} ({counts[name]} cells)" for name in names[:MAX_BLOCKS]]
    return ", ".join(told) + (f", ... ({len(names)} blocks)" if len(names) > MAX_BLOCKS else "")


def _plan_piece(plan: Plan) -> dict[str, Any]:
    """Describe a plan: its text, its requirements, and the plan as JSON."""
    plan = with_design(plan)
    pairs = [m.key for m in plan.metrics if m.kind.is_of_pairs]
    return {
        "pairs": ", ".join(pairs),
        "version": plan.version,
        "title": on_one_line(plan.title, 80),
        "text": piece("plan", plan),
        "requirements": piece("requirements", plan.requirements),
        "json": clip(answer_of(plan).model_dump_json(), 30_000),
    }


def _attempt_line(node: Node, *, share_rows: bool) -> str:
    """Describe one attempt."""
    output = node.execution.output if node.execution else node.error or ""
    tail = shown_failure(output, share_rows=share_rows)[-400:] if node.is_buggy else "it ran"
    return f"* {on_one_line(node.script.plan, 300)}: {on_one_line(tail, 400)}"
