"""The modals: edit the plan in words, and read all requirements."""

from __future__ import annotations

from agent_core.domain import Plan
from bot.blocks.limits import INPUT, MODAL_TITLE, VIEW_BLOCKS, Block, plain, section, sections
from bot.blocks.plan import UNTOUCHED, heading, protocol, remarks, requirement_lines
from bot.blocks.text import escape

EDIT = "edit_plan"
EDIT_INPUT = "wish"


def edit_modal(place: str, plan: Plan | None) -> Block:
    """Return the modal with one input, applied like a reply in the thread that `place` names."""
    version = f"Plan v{plan.version}: {escape(plan.title)}" if plan else "The plan"
    return {
        "type": "modal",
        "callback_id": EDIT,
        "private_metadata": place,
        "title": plain("Change the plan", MODAL_TITLE),
        "submit": plain("Apply", MODAL_TITLE),
        "close": plain("Back", MODAL_TITLE),
        "blocks": [
            section(f"*{version}*\nSay what should be different; the same as a reply."),
            {
                "type": "input",
                "block_id": EDIT_INPUT,
                "label": plain("Your changes", 100),
                "element": {
                    "type": "plain_text_input",
                    "action_id": EDIT_INPUT,
                    "multiline": True,
                    "max_length": INPUT,
                    "placeholder": plain("use 20 seeds, add EASE, report Recall@20", 150),
                },
            },
        ],
    }


def plan_modal(plan: Plan) -> Block:
    """Return the modal with the whole plan and its requirements."""
    lines = "\n".join(requirement_lines(plan.requirements))
    head = "\n".join(p for p in (heading(plan, ()), protocol(plan), remarks(plan)) if p)
    head = head.replace(UNTOUCHED, "", 1)
    blocks = [*sections(head), {"type": "divider"}, *sections(lines)]
    return {
        "type": "modal",
        "callback_id": "plan",
        "title": plain(f"Plan v{plan.version}", MODAL_TITLE),
        "close": plain("Back", MODAL_TITLE),
        "blocks": blocks[:VIEW_BLOCKS],
    }
