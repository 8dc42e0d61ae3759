from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.errors import ApiError
from bot.workspace.limits import accept_view, problems_of
from bot.workspace.workspace import Workspace


def text(length: int, kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": kind, "text": "x" * length}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": text(5, "plain_text"), "action_id": "a", **more}


FINE: list[dict[str, Any]] = [
    {"type": "section", "text": text(3000)},
    {"type": "section", "fields": [text(2000)] * 10},
    {"type": "header", "text": text(150, "plain_text")},
    {"type": "context", "elements": [text(20)] * 10},
    {"type": "actions", "elements": [button(action_id=str(n)) for n in range(25)]},
    {"type": "markdown", "text": "x" * 12_000},
    {"type": "image", "alt_text": "plot", "slack_file": {"id": "F1"}},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "1"}] * 20] * 20},
    {"type": "divider"},
]
WRONG: list[dict[str, Any]] = [
    {"type": "section", "text": text(3001)},
    {"type": "section"},
    {"type": "section", "text": text(0)},
    {"type": "section", "fields": [text(10)] * 11},
    {"type": "header", "text": text(151, "plain_text")},
    {"type": "header", "text": text(10)},
    {"type": "context", "elements": []},
    {"type": "actions", "elements": [button(), button()]},
    {"type": "actions", "elements": [button(text=text(76, "plain_text"))]},
    {"type": "actions", "elements": [button(style="loud")]},
    {"type": "actions", "elements": [button(value="x" * 2001)]},
    {"type": "markdown", "text": "x" * 12_001},
    {"type": "markdown", "text": "# a\n\n" * 30},
    {"type": "image", "slack_file": {"id": "F1"}},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "1"}] * 21]},
    {"type": "data_visualization"},
]


@pytest.mark.parametrize("block", FINE, ids=lambda block: block["type"])
def test_block_at_its_limit_passes(block: dict[str, Any]) -> None:
    assert problems_of([block]) == []


@pytest.mark.parametrize("block", WRONG, ids=lambda block: block["type"])
def test_block_over_its_limit_is_refused(block: dict[str, Any]) -> None:
    assert problems_of([block]) != []


def test_fifty_blocks_at_most() -> None:
    assert problems_of([{"type": "divider"}] * 50) == []
    assert problems_of([{"type": "divider"}] * 51) != []


def test_modal_with_an_input_needs_a_submit() -> None:
    field = {"type": "plain_text_input", "action_id": "a"}
    block = {"type": "input", "label": text(4, "plain_text"), "element": field}
    view = {"type": "modal", "title": text(24, "plain_text"), "blocks": [block]}

    with pytest.raises(ApiError, match="invalid_arguments"):
        accept_view(view)

    assert accept_view({**view, "submit": text(4, "plain_text")})


@pytest.mark.parametrize(
    "more", [{"initial_value": "x" * 3001}, {"initial_value": "xx", "max_length": 1}]
)
def test_what_stands_in_an_input_is_no_longer_than_it_takes(more: dict[str, Any]) -> None:
    field = {"type": "plain_text_input", "action_id": "a"}
    block = {"type": "input", "label": text(4, "plain_text"), "element": field}

    assert problems_of([{**block, "element": field | more}]) != []
    assert problems_of([block]) == []


async def test_long_text_may_be_posted_but_not_put_into_an_update(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="C0EXPERIMNT", text="x" * 11_800)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client.chat_update(channel="C0EXPERIMNT", ts=posted["ts"], text="x" * 4001)
    cut = await client.chat_postMessage(channel="C0EXPERIMNT", text="x" * 41_000)

    assert cut["warning"] == "message_truncated"
    assert len(workspace.messages("C0EXPERIMNT")[1]["text"]) == 40_000


async def test_invalid_blocks_name_the_block(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(
            channel="C0EXPERIMNT", text="x", blocks=[{"type": "divider"}, WRONG[0]]
        )

    assert refused.value.response["error"] == "invalid_blocks"
    assert "/blocks/1" in refused.value.response["errors"][0]
