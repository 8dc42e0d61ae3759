"""What is said about a report afterwards: another round of its run, disputes, its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent_core.domain.events import Disputed, Rechecked, RoundOpened
from agent_core.run.view import RunView
from bot.blocks.buttons import Button, ButtonAction, Carried, button_row
from bot.blocks.limits import INPUT, Message, clip, message, section, sections
from bot.blocks.text import dollars, escape, mention, moment, mrkdwn

OPEN = 5
"""Open requirements that are listed."""
OPEN_TEXT = 300
LONG_AGO = timedelta(days=1)
"""After this the thread is told what the run had come to."""


@dataclass(frozen=True, slots=True)
class RoundPrice:
    """What another round may take at most; 0: not said."""

    scripts: int = 0
    cost: float = 0.0
    """Dollars."""

    @property
    def words(self) -> str:
        """What it may take, for people."""
        scripts = f"up to {self.scripts} more scripts" if self.scripts else "more scripts"
        return scripts + (f" and {dollars(self.cost)}" if self.cost else "")


def improve_button(run: str, wish: str = "", style: str = "") -> Button:
    """Return the button that opens another round's modal, with a wish in it."""
    return Button("Improve further", ButtonAction.IMPROVE, Carried(run, wish), style)


def rerun_button(run: str) -> Button:
    """Return the button that repeats the best script."""
    return Button("Re-run", ButtonAction.RERUN, Carried(run))


def zip_button(run: str, seq: int) -> Button:
    """Return the button for the zip of the report that came with an event."""
    return Button("Zip", ButtonAction.ZIP, Carried(run, str(seq)))


def methods_button(run: str, seq: int) -> Button:
    """Return the button for the methods text of the report that came with an event."""
    return Button("Methods + LaTeX", ButtonAction.METHODS, Carried(run, str(seq)))


def dispute_button(run: str) -> Button:
    """Return the button to dispute a report."""
    return Button("Something is wrong", ButtonAction.DISPUTE, Carried(run))


def open_lines(view: RunView) -> list[str]:
    """Return what is open: failed binding checks, and the first requirements not met."""
    score = view.best.score if view.best else None
    checks = [f"• check `{escape(c)}` failed" for c in (score.failed_checks if score else ())]
    lines = [f"• {clip(escape(r.text), OPEN_TEXT)} ({r.id})" for r in view.unmet]
    shown = [*checks, *lines]
    more = [f"• and {len(shown) - OPEN} more"] if len(shown) > OPEN else []
    return [*shown[:OPEN], *more]


def clause_lines(view: RunView) -> list[str]:
    """Return what of the task is not answered; no script answers it, other words may."""
    clauses = view.plan.unanswered if view.plan else ()
    lines = [f"• {clip(escape(u.clause), OPEN_TEXT)}" for u in clauses[:OPEN]]
    return ["*Not answered* (say it in other words):", *lines] if lines else []


def start_text(view: RunView) -> str:
    """Say what another round goes on from."""
    return f"from script {view.best.id}" if view.best else "from scratch"


def price_line(view: RunView, price: RoundPrice) -> str:
    """Say what another round may take at most, and what it is worth."""
    scripts = f"{price.scripts} more script{'s' * (price.scripts != 1)}"
    parts = [f"At most {scripts}"] if price.scripts else []
    if not view.usage.calls:
        parts.append("no model cost")
    elif view.usage.unpriced_calls:
        parts.append("the price of the model is not known")
    elif price.cost:
        parts.append(f"at most {dollars(price.cost)} more")
    said = ", ".join(parts)
    seen = "Results have been seen, so the report will mark this round as exploratory."
    return f"{said[:1].upper()}{said[1:]}. {seen}" if said else seen


def offer_message(view: RunView, wish: str = "") -> Message:
    """Offer another round of an ended run, with what was wished for in its modal."""
    number, wanted = len(view.rounds) + 2, " with this wish" if wish else ""
    text = (
        f"This run has ended. *Improve further* opens round {number} {start_text(view)}{wanted}; "
        "it shows what the round may take before anything starts. For another question or "
        "dataset mention me in a new message."
    )
    button = improve_button(view.id, wish, "primary")
    return message(text, [*sections(text), *button_row([button])])


def round_message(before: RunView, view: RunView, opened: RoundOpened, at: datetime) -> Message:
    """Return that a run goes on, and what it had come to where that is long ago."""
    wish = f"\n{_quotation(opened.wish)}" if opened.wish else " What is still open is worked on."
    more = opened.scripts
    limit = f"At most {more} more script{'s' * (more != 1)}."
    exploratory = f"Results have been seen, so it will be marked exploratory. {limit}"
    parts = [
        _recap(before, at),
        f"*Round {len(view.rounds) + 1}* {start_text(before)}, asked for by "
        f"{mention(opened.by)}.{wish}",
        exploratory if more else "Nothing new is run: what there is is judged again.",
    ]
    return message("\n".join(p for p in parts if p))


def dispute_message(view: RunView, disputed: Disputed, rechecked: Rechecked) -> Message:
    """Return who says what about a report, what was checked again, and what can be done."""
    score = view.best.score if view.best else None
    found = "Checked again:" if rechecked.is_same else "Checked again, and it is not the same:"
    check = next(iter(score.failed_checks if score else ()), "")
    waiver = f", and “waive {check} because …” sets it aside if it does not fit this study"
    text = (
        f"⚠️ {mention(disputed.by)} says that something is wrong with this report:\n"
        f"{_quotation(disputed.text)}\n"
        f"*{found}* {mrkdwn(rechecked.text)}\n"
        "*Next:* Re-run repeats the script in a clean sandbox, Improve further goes on with what "
        f"should be different{waiver if check else ''}."
    )
    buttons = [improve_button(view.id, disputed.text)]
    buttons += [rerun_button(view.id)] if view.best else []
    return message(text, [*sections(text), *button_row(buttons)])


def dispute_note(users: Sequence[str]) -> str:
    """Say in a line who disputes a report; empty where nobody does."""
    if not users:
        return ""
    names = list(dict.fromkeys(mention(u) for u in users))
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"⚠️ *Disputed* by {listed}; see below in this thread."


def storage_note(trouble: str) -> str:
    """Say in a line that a run waits for the storage, and why; empty where it does not."""
    return f"⏳ *Waiting: nothing can be stored now.* {escape(trouble)}" if trouble else ""


def disputed_report(report: Message, users: Sequence[str]) -> Message:
    """Return a report whose first line says who disputes it."""
    note = dispute_note(users)
    return message(f"{note}\n{report.text}", [section(note), *report.blocks])


def gone_message(name: str) -> Message:
    """Say that a file of a report cannot be had any more."""
    return message(
        f"The {name} of this report is not on this machine any more, so I cannot upload it. "
        "Improve further opens a round that writes a new one."
    )


def standing_message(name: str, link: str) -> Message:
    """Say where in the thread a file stands."""
    where = f"<{link}|in this thread>" if link else "in this thread; scroll up"
    return message(f"The {name} is {where}.")


def coming_message(name: str) -> Message:
    """Say that a file is being uploaded."""
    return message(f"The {name} is being uploaded into this thread.")


def unsaid_message(view: RunView) -> Message:
    """Ask what is wrong with a report."""
    text = "What is wrong? Press the button, or reply “something is wrong: …”."
    return message(text, [*sections(text), *button_row([dispute_button(view.id)])])


def _recap(view: RunView, at: datetime) -> str:
    """Say what a run had come to, where it ended long before."""
    if view.report is None or view.finished_at is None or at - view.finished_at <= LONG_AGO:
        return ""
    plan = f", plan v{view.best.plan_version}" if view.best else ""
    headline = mrkdwn(view.report.headline)
    return f"Picking up from {moment(view.finished_at)}{plan}: {headline}"


def _quotation(text: str) -> str:
    """Return what a person said, escaped and marked as theirs."""
    return "\n".join(f"> {line}" for line in escape(clip(text, INPUT)).splitlines())


NO_REPORT = "There is no report yet; its buttons and these words work once it is there."
