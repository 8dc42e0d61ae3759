"""Slack's limits on texts and blocks, enforced as the real service does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from bot.workspace.errors import ApiError
from bot.workspace.rules import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
UPDATE_TEXT = 4000
POST_TEXT = 40_000
MARKDOWN = 12_000
MARKDOWN_EXPANDED = 50
TABLE_CHARACTERS = 10_000
METADATA = 8000

Problems = list[str]


def accept_blocks(value: object, limit: int = MESSAGE_BLOCKS) -> list[Json]:
    """Return blocks that Slack would accept.

    Raises
    ------
    ApiError
        `invalid_blocks_format` or `invalid_blocks`, with a message for every problem.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ApiError("invalid_blocks_format") from error
    if not isinstance(value, list) or not all(isinstance(block, dict) for block in value):
        raise ApiError("invalid_blocks_format")
    problems = problems_of(value, limit)
    if problems:
        details = {"messages": [f"[ERROR] {problem}" for problem in problems]}
        raise ApiError("invalid_blocks", errors=problems, response_metadata=details)
    return value


def problems_of(blocks: Sequence[Json], limit: int = MESSAGE_BLOCKS) -> Problems:
    """Say what is wrong with blocks."""
    problems: Problems = []
    if len(blocks) > limit:
        problems.append(f"no more than {limit} items allowed [json-pointer:/blocks]")
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        where = f"[json-pointer:/blocks/{number}]"
        found = _block_problems(block, is_view=limit == VIEW_BLOCKS)
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            found.append("`block_id` already exists")
        seen.add(str(block_id))
        problems.extend(f"{problem} {where}" for problem in found)
    return problems + _sum_problems(blocks)


def accept_view(value: object) -> Json:
    """Return a modal or home view that Slack would accept."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ApiError("invalid_arguments") from error
    if not isinstance(value, dict) or value.get("type") not in {"modal", "home"}:
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] view"]})
    value["blocks"] = accept_blocks(value.get("blocks") or [], VIEW_BLOCKS)
    problems = _string_problems(value.get("private_metadata"), 3000, "private_metadata")
    problems += _string_problems(value.get("callback_id"), 255, "callback_id")
    if value["type"] == "modal":
        problems += _modal_problems(value)
    if problems:
        messages = [f"[ERROR] {problem}" for problem in problems]
        raise ApiError("invalid_arguments", response_metadata={"messages": messages})
    return value


def with_ids(blocks: list[Json]) -> list[Json]:
    """Give a block id to every block without one, and an action id to its elements."""
    for number, block in enumerate(blocks):
        block.setdefault("block_id", f"block{number}")
        holders = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
        interactive = [item for item in holders if isinstance(item, dict)]
        for position, item in enumerate(interactive):
            if block["type"] != "rich_text":
                item.setdefault("action_id", f"action{number}-{position}")
    return blocks


def _sum_problems(blocks: Sequence[Json]) -> Problems:
    """Check what holds for all blocks of one payload together."""
    problems: Problems = []
    markdown = [block.get("text") or "" for block in blocks if block.get("type") == "markdown"]
    if sum(len(text) for text in markdown) > MARKDOWN:
        problems.append(f"markdown blocks are longer than {MARKDOWN} characters together")
    if sum(_expanded_blocks(text) for text in markdown) > MARKDOWN_EXPANDED:
        problems.append("markdown expands to more than 50 blocks")
    tables = [block for block in blocks if block.get("type") == "table"]
    if len(tables) > 1:
        problems.append("only one table per message")
    if any(_cell_characters(table) > TABLE_CHARACTERS for table in tables):
        problems.append(f"tables are longer than {TABLE_CHARACTERS} characters")
    return problems


def _expanded_blocks(text: str) -> int:
    """Estimate how many blocks a markdown text becomes on the server."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    headings = sum(line.startswith("#") for line in text.splitlines())
    return len(paragraphs) + headings


def _cell_characters(table: Json) -> int:
    """Count the characters in the cells of a table block."""
    return sum(len(json.dumps(cell)) for row in table.get("rows") or [] for cell in row) // 2


def _block_problems(block: Json, *, is_view: bool) -> Problems:
    """Check one block on its own."""
    kind = str(block.get("type"))
    check = BLOCKS.get(kind)
    if check is None:
        return [f"unsupported type: {kind}"]
    if kind == "input" and not is_view and "dispatch_action" not in block:
        return check(block)
    return [*_string_problems(block.get("block_id"), 255, "block_id"), *check(block)]


def _string_problems(value: object, limit: int, name: str) -> Problems:
    """Check the length of a plain string."""
    if value is None or (isinstance(value, str) and len(value) <= limit):
        return []
    return [f"{name} must be a string of at most {limit} characters"]


def _text_problems(text: object, limit: int, *kinds: str) -> Problems:
    """Check a text object."""
    if not isinstance(text, dict) or text.get("type") not in (kinds or ("plain_text", "mrkdwn")):
        return ["text must be a text object of an allowed type"]
    content = text.get("text")
    if not isinstance(content, str) or not content:
        return ["must be more than 0 characters: text"]
    return _string_problems(content, limit, "text")


def _section_problems(block: Json) -> Problems:
    """Check a section."""
    text, fields = block.get("text"), block.get("fields")
    if text is None and not fields:
        return ["section needs text or fields"]
    problems = _text_problems(text, 3000) if text is not None else []
    if fields is not None and not 1 <= len(fields) <= 10:
        problems.append("fields must be 1 to 10")
    for item in fields or []:
        problems += _text_problems(item, 2000)
    return problems + (_element_problems(block["accessory"]) if "accessory" in block else [])


def _header_problems(block: Json) -> Problems:
    """Check a header."""
    return _text_problems(block.get("text"), 150, "plain_text")


def _context_problems(block: Json) -> Problems:
    """Check a context line."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        return ["context needs 1 to 10 elements"]
    texts = [item for item in elements if item.get("type") != "image"]
    images = [item for item in elements if item.get("type") == "image"]
    problems = [problem for item in texts for problem in _text_problems(item, 3000)]
    return problems + [problem for item in images for problem in _image_problems(item)]


def _row_problems(block: Json, most: int = 25) -> Problems:
    """Check a row of buttons and menus."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= most:
        return [f"{block['type']} needs 1 to {most} elements"]
    ids = [item.get("action_id") for item in elements if item.get("action_id")]
    problems = ["`action_id` is used twice"] if len(ids) != len(set(ids)) else []
    return problems + [problem for item in elements for problem in _element_problems(item)]


def _element_problems(item: object) -> Problems:
    """Check an interactive element."""
    if not isinstance(item, dict) or "type" not in item:
        return ["element needs a type"]
    problems = _string_problems(item.get("action_id"), 255, "action_id")
    problems += _confirm_problems(item["confirm"]) if "confirm" in item else []
    kind = item["type"]
    if kind == "button":
        return problems + _button_problems(item)
    if kind == "image":
        return problems + _image_problems(item)
    if kind in {"static_select", "multi_static_select", "radio_buttons", "checkboxes"}:
        return problems + _options_problems(
            item, 10 if kind in {"radio_buttons", "checkboxes"} else 100
        )
    if kind == "overflow":
        return problems + _options_problems(item, 5)
    if kind == "plain_text_input" and int(item.get("max_length") or 1) > 3000:
        problems.append("max_length must be at most 3000")
    if kind == "plain_text_input":
        problems += _string_problems(
            item.get("initial_value"), item.get("max_length") or 3000, "value"
        )
    return problems if kind in ELEMENTS else [*problems, f"unsupported element: {kind}"]


def _button_problems(item: Json) -> Problems:
    """Check a button."""
    problems = _text_problems(item.get("text"), 75, "plain_text")
    problems += _string_problems(item.get("value"), 2000, "value") + _string_problems(
        item.get("url"), 3000, "url"
    )
    if item.get("style") not in {None, "primary", "danger"}:
        problems.append("style must be primary or danger")
    return problems


def _confirm_problems(item: Json) -> Problems:
    """Check a confirmation dialog."""
    return (
        _text_problems(item.get("title"), 100, "plain_text")
        + _text_problems(item.get("text"), 300)
        + _text_problems(item.get("confirm"), 30, "plain_text")
        + _text_problems(item.get("deny"), 30, "plain_text")
    )


def _options_problems(item: Json, most: int) -> Problems:
    """Check the options of a menu."""
    groups = item.get("option_groups") or []
    found = item.get("options") or [option for group in groups for option in group["options"]]
    problems = [] if 1 <= len(found) <= most else [f"options must be 1 to {most}"]
    for option in found:
        problems += _text_problems(option.get("text"), 75)
        problems += _string_problems(option.get("value"), 150, "value")
    return problems


def _image_problems(block: Json) -> Problems:
    """Check an image block or element."""
    problems = _string_problems(block.get("alt_text"), 2000, "alt_text")
    problems += [] if block.get("alt_text") is not None else ["image needs alt_text"]
    problems += _text_problems(block["title"], 2000, "plain_text") if block.get("title") else []
    if bool(block.get("image_url")) == bool(block.get("slack_file")):
        problems.append("image needs either image_url or slack_file")
    return problems + _string_problems(block.get("image_url"), 3000, "image_url")


def _markdown_problems(block: Json) -> Problems:
    """Check a markdown block."""
    return (
        _string_problems(block.get("text"), MARKDOWN, "text") if block.get("text") else ["no text"]
    )


def _table_problems(block: Json) -> Problems:
    """Check a table."""
    rows = block.get("rows")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
        return ["table needs 1 to 100 rows"]
    if any(not isinstance(row, list) or not 1 <= len(row) <= 20 for row in rows):
        return ["a table row needs 1 to 20 cells"]
    kinds = {cell.get("type") for row in rows for cell in row}
    unknown = kinds - {"raw_text", "raw_number", "rich_text"}
    empty = any(
        cell.get("type") == "raw_text" and not cell.get("text") for r in rows for cell in r
    )
    return (["unknown type of cell"] if unknown else []) + (["empty cell"] if empty else [])


def _input_problems(block: Json) -> Problems:
    """Check an input."""
    problems = _text_problems(block.get("label"), 2000, "plain_text")
    problems += _text_problems(block["hint"], 2000, "plain_text") if block.get("hint") else []
    return problems + _element_problems(block.get("element"))


def _rich_text_problems(block: Json) -> Problems:
    """Check rich text."""
    return [] if isinstance(block.get("elements"), list) else ["rich_text needs elements"]


def _empty_problems(block: Json) -> Problems:
    """Accept a block whose inside this workspace does not check."""
    return [] if block else ["empty block"]


BLOCKS: dict[str, Callable[[Json], Problems]] = {
    "section": _section_problems,
    "header": _header_problems,
    "context": _context_problems,
    "divider": _empty_problems,
    "actions": _row_problems,
    "context_actions": lambda block: _row_problems(block, 5),
    "image": _image_problems,
    "markdown": _markdown_problems,
    "table": _table_problems,
    "input": _input_problems,
    "rich_text": _rich_text_problems,
    "file": _empty_problems,
    "video": _empty_problems,
    "alert": _empty_problems,
    "plan": _empty_problems,
    "task_card": _empty_problems,
}
ELEMENTS = frozenset(
    {
        *("button", "image", "overflow", "feedback_buttons", "icon_button"),
        *("static_select", "multi_static_select", "users_select", "multi_users_select"),
        *("conversations_select", "channels_select", "radio_buttons", "checkboxes"),
        *("plain_text_input", "number_input", "email_text_input", "url_text_input"),
        *("datepicker", "timepicker", "file_input", "rich_text_input"),
    }
)


def _modal_problems(view: Json) -> Problems:
    """Check the texts around a modal."""
    problems = _text_problems(view.get("title"), 24, "plain_text")
    for name in ("submit", "close"):
        problems += _text_problems(view[name], 24, "plain_text") if view.get(name) else []
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if has_input and not view.get("submit"):
        problems.append("submit is required when there is an input")
    return problems
