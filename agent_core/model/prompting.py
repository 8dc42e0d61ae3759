"""Prompts: one template per question, stable beginning first, every piece bounded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from agent_core.domain import Check, Dataset, Finding, Node, Packages, Plan, Requirement
from agent_core.lenskit.api_reference import construction, split_call
from agent_core.model.bounds import SOURCE, TASK, clip, shown_failure, shown_output
from agent_core.model.planning import answer_of
from agent_core.model.requests import Turn
from agent_core.prose.clipping import on_one_line
from agent_core.researcher import Context
from agent_core.rules.wording import data_text, split_text

FOLDER = Path(__file__).parent / "prompts"
MARK = "<!-- user -->\n"
INCLUDE = re.compile(r"""\{%-?\s*include\s+["']([^"']+)["']\s*-?%\}""")
KNOWN_PACKAGES = (
    "lenskit", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "torch", "pyarrow",
    "seaborn", "statsmodels", "polars", "xarray",
)  # fmt: skip
MAX_PACKAGES, MAX_COLUMNS, MAX_NOTES, MAX_OTHERS, MAX_ATTEMPTS = 60, 40, 8, 8, 3
MAX_FACTS = 8000


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


def packages_piece(packages: Packages) -> dict[str, str]:
    """Describe what is installed, the important first."""
    known = [n for n in KNOWN_PACKAGES if n in packages.versions]
    rest = sorted(n for n in packages.versions if n not in known)
    named = [f"{n} {packages.versions[n]}" for n in [*known, *rest][:MAX_PACKAGES]]
    return {"python": packages.python, "listed": ", ".join(named)}


def data_piece(datasets: Sequence[Dataset]) -> str:
    """Describe the datasets: schema and counts, no rows."""
    return clip("\n".join(_dataset_lines(d) for d in datasets[:20]), 8000)


def requirements_piece(requirements: Sequence[Requirement]) -> str:
    """List requirements with what decides them."""
    return "\n".join(
        f"{r.id}. [{r.priority.value}] {on_one_line(r.text, 500)}"
        + (f" (decided by the check {r.check})" if r.check else "")
        for r in requirements[:80]
    )


def study_pieces(context: Context, plan: Plan) -> dict[str, Any]:
    """Return the pieces that every question about one run has."""
    return {
        "task": clip(context.task, TASK),
        "data": data_piece(context.datasets),
        "packages": packages_piece(context.packages),
        "plan": _plan_piece(plan),
        "notes": bullets(context.notes, MAX_NOTES, 300),
    }


def bullets(texts: Sequence[str], most: int, size: int) -> str:
    """List the last `most` texts, one line each."""
    return "\n".join(f"* {on_one_line(text, size)}" for text in texts[-most:])


def node_piece(node: Node, plan: Plan, *, share_rows: bool) -> dict[str, str]:
    """Describe a node: source, how it ended, output, checks, verdicts."""
    execution = node.execution
    output = execution.output if execution else node.error or ""
    shown = shown_failure if node.is_buggy else shown_output
    return {
        "source": clip(node.script.source, SOURCE),
        "ended": _end_text(node),
        "output": shown(output, share_rows=share_rows),
        "checks": _checks_piece(node.checks, is_all=not node.is_buggy),
        "verdicts": _verdicts_piece(node, plan),
    }


def aim_piece(node: Node, aim: Requirement | None) -> str:
    """Say what to improve: a requirement, else what keeps a script's results from counting."""
    if aim is not None:
        return requirements_piece([aim])
    failed = [c for c in node.checks if c.is_fault]
    if not failed:
        return "Make the experiment more complete: meet what is still open, keep the protocol."
    told = "\n".join(f"* `{c.name}`: {on_one_line(c.reason)}" for c in failed)
    return f"Mend what keeps the results from counting, and keep the protocol:\n{told}"


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
def _templates() -> Environment:
    """Return the environment of the prompt templates; unknown names are errors."""
    return Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=False,
    )


@cache
def _halves(name: str) -> tuple[Template, Template]:
    """Return the templates of a prompt's system and user message."""
    source = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    system, user = source.split(MARK)
    return _templates().from_string(system), _templates().from_string(user)


def _dataset_lines(data: Dataset) -> str:
    """Describe one dataset."""
    columns = ", ".join(
        f"{on_one_line(c.name, 40)} ({c.kind}, {c.distinct} distinct"
        + (f", {c.missing} missing)" if c.missing else ")")
        for c in data.columns[:MAX_COLUMNS]
    )
    roles = {
        "user": data.user_column,
        "item": data.item_column,
        "rating": data.rating_column,
        "timestamp": data.timestamp_column,
    }
    header = "has a header line" if data.has_header else "no header line; names by position"
    facts = [
        f"* `{data.name}`" + (f" ({data.known_as})" if data.known_as else ""),
        f"separator {data.separator!r}, {header}; columns: {columns}",
        "; ".join(f"{role} column {name!r}" for role, name in roles.items() if name),
        f"{data.rows} rows, {data.users} users, {data.items} items, density {data.density:.4f}, "
        f"{data.duplicates} repeated pairs, least active user has {data.min_user_interactions}",
    ]
    if data.rating_values:
        facts.append(f"ratings {', '.join(f'{v:g}' for v in data.rating_values)}")
    if data.first_time:
        facts.append(f"from {data.first_time} to {data.last_time}")
    facts += [on_one_line(note) for note in data.notes[:6]]
    return "\n  ".join(facts)


def _plan_piece(plan: Plan) -> dict[str, Any]:
    """Describe a plan: its text, its requirements, and the plan as JSON."""
    return {
        "version": plan.version,
        "title": on_one_line(plan.title, 80),
        "text": "\n".join(_plan_lines(plan)),
        "requirements": requirements_piece(plan.requirements),
        "json": clip(answer_of(plan).model_dump_json(), 30_000),
    }


def _plan_lines(plan: Plan) -> list[str]:
    """Describe the protocol line by line."""
    call = split_call(plan.split)
    lines = [
        f"* Question: {on_one_line(plan.question, 600)}",
        f"* Study: {plan.study.value}" + (f", varies {plan.swept}" if plan.swept else ""),
        f"* Data: {', '.join(plan.datasets)}; feedback: {on_one_line(plan.feedback)}",
        f"* Kept: {on_one_line(data_text(plan.data))}",
        f"* Split: {on_one_line(split_text(plan.split))}" + (f"; `{call}`" if call else ""),
        *(
            f"* {a.role.value.capitalize()} `{a.name}`: `{construction(a)}`"
            + (f", one training for each of the {len(plan.seeds)} seeds" if a.is_random else "")
            for a in plan.algorithms[:40]
        ),
        f"* Metrics: {', '.join(m.key for m in plan.metrics)} (primary first); lists of "
        f"{plan.list_length}",
        f"* Model seeds: {_seeds_text(plan.seeds)}",
    ]
    if plan.margin is not None:
        lines.append(f"* Equivalence margin: ±{plan.margin:g} {plan.primary.label}")
    lines += [f"* Reported: {on_one_line(text)}" for text in plan.reported[:20]]
    return lines + [f"* Assumption: {on_one_line(text)}" for text in plan.assumptions[:20]]


def _seeds_text(seeds: Sequence[int]) -> str:
    """Write seeds as a range where they are one."""
    if len(seeds) > 2 and tuple(seeds) == tuple(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} to {seeds[-1]} ({len(seeds)})"
    return clip(", ".join(map(str, seeds)), 600)


def _end_text(node: Node) -> str:
    """Say how a node's script ended."""
    if node.execution is None:
        return f"It was not run: {on_one_line(node.error or 'no reason known', 600)}"
    run = node.execution
    return (
        f"Ended: {run.ended.value}, exit status {run.exit_code}, after {run.duration_s:.0f} s, "
        f"{run.peak_memory_mib:.0f} MiB at most, {len(run.artifacts)} files."
    )


def _checks_piece(checks: Sequence[Check], *, is_all: bool) -> str:
    """List what checks found; without `is_all` only what is wrong."""
    shown = [c for c in checks if is_all or c.finding in (Finding.FAIL, Finding.WARN)]
    order = [Finding.FAIL, Finding.WARN, Finding.PASS, Finding.NOT_APPLICABLE]
    shown.sort(key=lambda c: order.index(c.finding))
    return "\n".join(
        f"* {c.finding.value} {c.name}: {on_one_line(c.reason, 300)}" for c in shown[:40]
    )


def _verdicts_piece(node: Node, plan: Plan) -> str:
    """List which requirements a node meets, the open ones with reasons."""
    known = {r.id: r for r in plan.requirements}
    open_first = sorted(node.verdicts, key=lambda v: v.is_met)
    return "\n".join(
        f"* {'met' if v.is_met else 'OPEN'} {v.requirement}: "
        + (on_one_line(known[v.requirement].text, 120) if v.requirement in known else "")
        + ("" if v.is_met else f" ({on_one_line(v.reason, 300)})")
        for v in open_first[:80]
    )


def _attempt_line(node: Node, *, share_rows: bool) -> str:
    """Describe one attempt."""
    output = node.execution.output if node.execution else node.error or ""
    tail = shown_failure(output, share_rows=share_rows)[-400:] if node.is_buggy else "it ran"
    return f"* {on_one_line(node.script.plan, 300)}: {on_one_line(tail, 400)}"
