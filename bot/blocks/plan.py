"""The plan and its changes as messages."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import Dataset, Plan, PlanChange, Priority, Requirement, Revision
from agent_core.rules.algorithm_words import algorithms_text
from agent_core.rules.design_words import (
    PlanWords,
    design_line,
    main_text,
    unanswered_text,
    words_of,
)
from agent_core.run.view import RunView
from agent_core.statistics.answered import unmet_questions
from agent_core.statistics.planned_precision import precision_lines
from bot.blocks.buttons import Button, ButtonAction, Carried, button_row
from bot.blocks.data import CHANGE, data_read_text, question_rows, questions_text
from bot.blocks.limits import (
    BUTTON,
    CONFIRM_TEXT,
    Block,
    Message,
    clip,
    message,
    section,
    sections,
    without_buttons,
)
from bot.blocks.text import dollars, escape

UNTOUCHED = ", nothing has run yet"
ANYWAY = " Start anyway?"
REMEDY = (
    "Say it in other words, have a model plan it, or leave it out; else the report will say so."
)
MOST_STRUCK = 4
MOST_PRECISION = 2
"""Sentences on what a plan can show."""
"""Clauses with a button that leaves them out; all can be left out in words."""
REPLY = "Reply in this thread to change anything."


def plan_message(view: RunView, plan: Plan, cap: float = 0.0) -> Message:
    """Return the first plan, with what can be done about it."""
    data = view.datasets
    parts = [_heading(plan, data), protocol_text(plan, data), remarks_text(plan, data)]
    text = "\n".join([*(p for p in parts if p), f"{_estimate_text(plan, cap)} {REPLY}"])
    asked = (*question_rows(view.id, data), *strike_rows(view.id, plan))
    rows = (*asked, *button_row(plan_buttons(view.id, plan)))
    blocks = [*sections(text), *rows]
    return message(text, blocks)


def closed_plan(plan: Message, note: str) -> Message:
    """Return a plan as it stays in the thread: no buttons, and `note` in their place."""
    kept = [
        section(_without_start_words(b["text"]["text"])) if b["type"] == "section" else b
        for b in plan.blocks
    ]
    return Message(_without_start_words(plan.text), without_buttons(kept, note))


def passed_plan(plan: Message) -> Message:
    """Return a plan that another version follows: all but its start can still be pressed."""
    rows = [
        b | {"elements": [e for e in b["elements"] if not _is_start(e)]}
        if b["type"] == "actions"
        else b
        for b in plan.blocks
    ]
    kept = (b for b in rows if b["type"] != "actions" or b["elements"])
    return Message(plan.text, tuple(kept))


def protocol_text(plan: Plan, datasets: Sequence[Dataset] = ()) -> str:
    """Return questions, design, data, split, models, baseline, metrics and what is reported."""
    subjects = [a for a in plan.algorithms if a not in plan.baselines]
    models = algorithms_text(subjects, plan.swept or "")
    margin = f"±{plan.margin:g} {plan.primary.label}" if plan.margin else ""
    lines = (
        (
            ("Model" if len(subjects) == 1 else "Models", models),
            ("Baseline", algorithms_text(plan.baselines)),
        ),
        (
            ("Metrics", ", ".join(m.label for m in plan.metrics)),
            ("On validation", ", ".join(m.label for m in plan.validated)),
            ("Equivalence margin", margin),
            ("Reported", ", ".join(plan.reported)),
        ),
        (("Can show", "; ".join(precision_lines(plan, datasets)[:MOST_PRECISION])),),
    )
    shown = [
        " · ".join(f"*{name}* {escape(value)}" for name, value in line if value) for line in lines
    ]
    design, split = design_lines(plan, words_of(plan))
    return "\n".join(line for line in (*design, data_read_text(datasets), *split, *shown) if line)


def design_lines(plan: Plan, words: PlanWords) -> tuple[list[str], list[str]]:
    """Return the lines up to the data, and those of the split."""
    data = [f"{line}; {plan.feedback}" if plan.feedback else line for line in words.data]
    first, *more = words.questions or ("",)
    return [
        *_lines_of("Question", [first]),
        *_lines_of("Also asked", more),
        *_lines_of("Design", [words.design]),
        *_lines_of("Data", data if len(data) == 1 else [*words.data, plan.feedback]),
    ], _lines_of("Split", words.split)


def remarks_text(plan: Plan, datasets: Sequence[Dataset] = ()) -> str:
    """Return assumptions, what is not answered, and what is asked."""
    said = "; ".join(escape(a) for a in plan.assumptions)
    assumed = [f"⚠️ *I assumed:* {said}."] if said else []
    return "\n".join((*assumed, *unanswered_lines(plan), *_open_lines(plan, datasets)))


def unanswered_lines(plan: Plan) -> list[str]:
    """Return what of the task this plan does not answer, and what the report cannot yet."""
    clauses = [unanswered_text(clause) for clause in plan.unanswered]
    told = _marked(_lines_of("Not answered:", clauses))
    told += [REMEDY] * bool(clauses)
    return [*told, *_marked(_lines_of("Measured, but not yet answered:", unmet_questions(plan)))]


def plan_buttons(run: str, plan: Plan) -> list[Button]:
    """Return what can be done about a plan."""
    count, carried = len(plan.requirements), Carried(run)
    return [
        start_button(run, plan),
        Button("Edit", ButtonAction.EDIT, carried),
        Button(f"All {count} requirements", ButtonAction.REQUIREMENTS, carried),
        Button(
            "Cancel", ButtonAction.CANCEL, carried, "", "Cancel this task? Nothing has run yet."
        ),
    ]


def start_button(run: str, plan: Plan) -> Button:
    """Return the button that gives the start; it asks where the main question is not answered."""
    if not plan.open_main:
        return Button("Start", ButtonAction.START, Carried(run), "primary")
    asked = f"{clip(main_text(plan), CONFIRM_TEXT - len(ANYWAY))}{ANYWAY}"
    return Button("Start anyway", ButtonAction.START_ANYWAY, Carried(run), "", asked)


def strike_rows(run: str, plan: Plan) -> tuple[Block, ...]:
    """Return a button for each clause that is not answered, which leaves it out."""
    buttons = [
        Button(
            clip(f"Leave out: {u.clause}", BUTTON),
            ButtonAction.ANSWER,
            Carried(run, f"leave out “{u.clause}”"),
            key=f"unanswered{number}",
        )
        for number, u in enumerate(plan.unanswered[:MOST_STRUCK])
    ]
    return button_row(buttons)


def consent_message(run: str, plan: Plan) -> Message:
    """Return the question whether a plan is started that leaves the main question unanswered."""
    text = (
        f"⚠️ {escape(main_text(plan))} Nothing has run. Say it in other words, have a model plan "
        "it, leave it out, or reply “start anyway”: the report will say what is not answered."
    )
    rows = (*strike_rows(run, plan), *button_row([start_button(run, plan)]))
    return message(text, [*sections(text), *rows])


def difference_message(
    run: str,
    plan: Plan,
    change: PlanChange,
    datasets: Sequence[Dataset] = (),
    *,
    is_fixed: bool = False,
) -> Message:
    """Return only what a new version changes; one that is fixed is neither started nor undone.

    `datasets` are those that were read again for it: what is asked of them is asked again.
    """
    said = "; ".join(escape(line) for line in change.summary) or _changed_ids_text(change)
    money = f", {dollars(plan.estimate_cost)}" if plan.estimate_cost else ""
    head = f"*Plan v{plan.version}:* {said}. Now {escape(design_line(plan))}{money}."
    text = "\n".join((head, *_main_lines(plan), *_open_lines(plan, datasets)))
    steps = [
        start_button(run, plan),
        Button("Undo", ButtonAction.UNDO, Carried(run, str(plan.version))),
    ]
    whole = Button("Full plan", ButtonAction.REQUIREMENTS, Carried(run))
    buttons = [whole] if is_fixed else [*steps, whole]
    rows = (*question_rows(run, datasets), *button_row(buttons))
    return message(text, [*sections(text), *rows])


def requirement_lines(requirements: Sequence[Requirement]) -> list[str]:
    """Return one line per requirement."""
    return [f"*{r.id}.* {escape(r.text)}{_priority_mark(r)}" for r in requirements]


def revision_reply(revision: Revision) -> Message | None:
    """Return what is said to a reply besides the plan's new version; None: nothing."""
    parts = []
    if revision.reply:
        parts.append(escape(revision.reply))
    if revision.offer:
        parts.append(f"To apply it, reply: “{escape(revision.offer)}”")
    return message("\n".join(parts)) if parts else None


def _is_start(element: Block) -> bool:
    """Whether a button gives the start."""
    action = str(element.get("action_id", "")).partition(":")[0]
    return action in (ButtonAction.START, ButtonAction.START_ANYWAY)


def _main_lines(plan: Plan) -> list[str]:
    """Return the main question where it is not answered."""
    return _marked(
        _lines_of("Not answered:", [unanswered_text(u) for u in plan.unanswered if u.is_main])
    )


def _open_lines(plan: Plan, datasets: Sequence[Dataset]) -> list[str]:
    """Return what may not fit, and what is asked with its default."""
    lines = []
    if plan.cautions:
        said = "; ".join(escape(c) for c in plan.cautions)
        lines.append(f"⚠️ *May not fit:* {said}.")
    if plan.ask:
        options = " ".join(
            f"{number}) {escape(option)}{' _(default)_' if number == plan.ask.default + 1 else ''}"
            for number, option in enumerate(plan.ask.options, start=1)
        )
        lines.append(f"❓ *{escape(plan.ask.text)}* {options}")
    return [*lines, *filter(None, [questions_text(datasets)])]


def _marked(lines: list[str]) -> list[str]:
    return [f"⚠️ {line}" for line in lines[:1]] + lines[1:]


def _lines_of(name: str, texts: Sequence[str]) -> list[str]:
    """Return texts behind their name: one beside it, several below it."""
    shown = [escape(text) for text in texts if text]
    if len(shown) == 1:
        return [f"*{name}* {shown[0]}"]
    return [f"*{name}*", *(f"• {text}" for text in shown)] if shown else []


def _heading(plan: Plan, datasets: Sequence[Dataset]) -> str:
    """Return the first line: version and data."""
    data = " · ".join(_dataset_line(d) for d in datasets)
    return f"*Plan v{plan.version}{UNTOUCHED}.* {data}".strip()


def _without_start_words(text: str) -> str:
    """Return the words of a plan without what is true only before its start."""
    shown = text.replace(UNTOUCHED, "", 1).replace(f" {REPLY}", "", 1)
    return shown.replace(f"\n{CHANGE}", "").replace(" Reply to change.", "")


def _dataset_line(dataset: Dataset) -> str:
    """Return counts, dates and identity of a dataset."""
    counts = [f"{dataset.users:,} users", f"{dataset.items:,} items"] if dataset.users else []
    kind = "ratings" if dataset.rating_column else "interactions"
    counts.append(f"{dataset.rows:,} {kind}")
    if dataset.first_time and dataset.last_time:
        counts.append(f"{escape(dataset.first_time)} to {escape(dataset.last_time)}")
    known = f"{escape(dataset.known_as)}, " if dataset.known_as else ""
    name = f"({known}`{escape(dataset.name)}`, sha256 {dataset.sha256[:6]}…)"
    return f"{', '.join(counts)} {name}"


def _estimate_text(plan: Plan, cap: float) -> str:
    """Return the expected money; the time stands with the design."""
    parts = []
    if plan.estimate_cost:
        parts.append(f"about {dollars(plan.estimate_cost)}")
        parts += [f"at most {dollars(cap)}"] if cap else []
    else:
        parts.append("no model cost expected")
    return ", ".join(parts).capitalize() + "."


def _changed_ids_text(change: PlanChange) -> str:
    """Say which requirements changed, by number."""
    parts = [
        f"{word} {', '.join(map(str, ids))}"
        for word, ids in (
            ("changed", change.changed),
            ("added", change.added),
            ("dropped", change.dropped),
        )
        if ids
    ]
    return ", ".join(parts) or "wording only"


def _priority_mark(requirement: Requirement) -> str:
    """Return what marks a requirement that a plan can be satisfied without."""
    return "" if requirement.priority is Priority.MUST else " _(nice to have)_"
