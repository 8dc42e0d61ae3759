"""Short messages: help, hints and notices."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import RunStatus
from agent_core.run.view import RunView
from bot.blocks.buttons import Button, ButtonAction, Carried, button_row
from bot.blocks.card import PHASES, phase_text, scripts_text, title_of
from bot.blocks.limits import Message, message, section
from bot.blocks.rounds import RoundPrice
from bot.blocks.text import escape, mention

EXAMPLE = "How much does the training seed change NDCG@10 of ImplicitMF? 30 seeds, leave-one-out"


def help_message(bot_user: str, *, is_direct: bool = False) -> Message:
    """Return what to say to me, with an example."""
    address = "" if is_direct else f"{mention(bot_user)} "
    return message(
        "I run recommender-systems experiments and report what the numbers allow to say.\n"
        f"*Ask* with a dataset attached (CSV, TSV or `u.data` with user and item columns):\n"
        f"> {address}{EXAMPLE}\n"
        "I answer with a plan. *Reply* in the thread to change it, *start* runs it, *stop* ends "
        "it with what there is, *status* says how it stands. After the report, ask about the "
        "results in the same thread; *improve* goes on from it, and a reply that begins with "
        "“something is wrong:” has it checked again."
    )


def status_message(view: RunView) -> Message:
    """Return how one run stands, in a line or two."""
    number = f"Round {len(view.rounds) + 1}" if view.rounds else ""
    parts = [number, f"*{phase_text(view)}*", scripts_text(view)]
    if view.primary and not (view.report and view.status.is_final):
        parts.append(f"{escape(view.primary)} (preliminary)")
    if view.outage and not view.status.is_final:
        parts.append(f"⚠️ {escape(view.outage)}")
    if view.status.is_final and view.reason:
        parts.append(escape(view.reason))
    return message(" · ".join(p for p in parts if p))


def list_message(views: Sequence[tuple[RunView, str]]) -> Message:
    """Return a person's runs with links to their threads, newest first."""
    if not views:
        return message("You have no tasks here yet. Mention me with a question and a dataset.")
    lines = [f"• {_link_text(view, link)}: {PHASES[view.status]}" for view, link in views]
    return message("*Your tasks*\n" + "\n".join(lines))


def hint_message(requester: str) -> Message:
    """Return the private hint for people who may ask, but not steer."""
    return message(
        f"This task is {mention(requester)}'s: only they, people they add (“add @name”) and "
        "admins can change or stop it. Questions of everybody are welcome."
    )


def meant_message(run: str, action: str) -> Message:
    """Ask back whether a command was meant that a message may hold: by button, or in words."""
    carried = Carried(run)
    known = (
        Button("Stop", ButtonAction.STOP, carried, "primary"),
        Button("Start", ButtonAction.START, carried, "primary"),
        Button("Undo", ButtonAction.UNDO, carried, "primary"),
        Button("Resume", ButtonAction.RESUME, carried, "primary"),
    )
    button = next((b for b in known if b.action == action), None)
    if button is None:
        return message("Is somebody to steer this task too? Then say “add @name”, a mention.")
    text = f"Did you mean *{button.text}*? Nothing has happened yet."
    return message(text, (section(text), *button_row([button])))


def kept_message(view: RunView) -> Message:
    """Say that all goes on as it was."""
    is_waiting = view.status is RunStatus.WAITING
    text = "I wait for your *Start*." if is_waiting else phase_text(view) + "."
    return message(f"All stays as it is. {text}")


def budget_message(view: RunView, price: RoundPrice) -> Message:
    """Say what a run may take, and how it gets more."""
    begun = "" if view.status.is_final else "The budget of a run is fixed when it begins. "
    return message(
        f"{begun}After its end, *improve* goes on from its best script with {price.words}; the "
        "limits are settings of the server (`[budget]`)."
    )


def ended_message() -> Message:
    """Say that a run has ended and how to go on."""
    return message(
        "This run has ended. Ask about its results here; for a changed study mention me in a new "
        "message with the question and the dataset."
    )


def trouble_message(user: str, why: str) -> Message:
    """Say what went wrong with something a person asked."""
    return message(f"{mention(user)} ⚠️ {escape(why)}")


def owner_message(users: Sequence[str]) -> Message:
    """Say who may steer the task too from now on."""
    if not users:
        return message("I know people by mentions only: write “add @name” and pick the person.")
    return message(f"{', '.join(mention(u) for u in users)} may change and stop this task now.")


def _link_text(view: RunView, link: str) -> str:
    """Return a run's title, linked to its thread where the address is known."""
    title = title_of(view)
    return f"<{link}|{title.replace('|', '/')}>" if link else title
