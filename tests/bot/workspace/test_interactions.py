from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.workspace.workspace import Workspace

CHANNEL = "C0EXPERIMNT"


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


BUTTONS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "text": plain("Start"), "action_id": "start", "value": "run-1"}
        ],
    }
]
FIELD = {"type": "plain_text_input", "action_id": "wish", "multiline": True}
MODAL = {
    "type": "modal",
    "callback_id": "edit",
    "private_metadata": "run-1",
    "title": plain("Edit"),
    "submit": plain("Save"),
    "blocks": [{"type": "input", "block_id": "text", "label": plain("Plan"), "element": FIELD}],
}


async def pressed(workspace: Workspace, bot: Any, listener: Any) -> str:
    bot.app.action("start")(listener)
    posted = await bot.client.chat_postMessage(channel=CHANNEL, text="plan", blocks=BUTTONS)
    assert await workspace.press(posted["ts"], "start", "researcher")
    return str(posted["ts"])


async def test_button_reaches_the_bot_and_may_answer(workspace: Workspace, bot: Any) -> None:
    async def start(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        webhook = AsyncWebhookClient(body["response_url"])
        value = body["actions"][0]["value"]
        await webhook.send(text=f"started {value}", replace_original=True)
        await webhook.send(text="only for you", response_type="ephemeral")

    ts = await pressed(workspace, bot, start)
    await workspace.wait_for(lambda: workspace.ephemerals("researcher"))

    assert workspace.state.message(CHANNEL, ts)["text"] == "started run-1"
    assert workspace.ephemerals("researcher")[0]["text"] == "only for you"
    replies = await bot.client.conversations_history(channel=CHANNEL)
    assert len(replies["messages"]) == 1


async def test_modal_is_opened_complains_and_is_saved(workspace: Workspace, bot: Any) -> None:
    saved: list[str] = []

    async def edit(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    async def save(ack: Any, view: dict[str, Any]) -> None:
        wish = view["state"]["values"]["text"]["wish"]["value"]
        if wish == "nonsense":
            await ack(response_action="errors", errors={"text": "I cannot do that."})
            return
        await ack()
        saved.append(f"{view['private_metadata']}: {wish}")

    bot.app.view("edit")(save)
    await pressed(workspace, bot, edit)
    await workspace.wait_for(lambda: workspace.view("researcher"))

    assert await workspace.submit("researcher", {}) == {
        "text": "Please complete this required field."
    }
    assert await workspace.submit("researcher", {"wish": "nonsense"}) == {
        "text": "I cannot do that."
    }
    assert await workspace.submit("researcher", {"text": "20 seeds"}) == {}
    await workspace.wait_for(lambda: saved)
    assert saved == ["run-1: 20 seeds"]
    assert workspace.view("researcher") is None


async def test_trigger_expires(workspace: Workspace, bot: Any) -> None:
    codes: list[str] = []

    async def late(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await workspace.people.team.clock.sleep(4)
        with pytest.raises(SlackApiError) as refused:
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        codes.append(refused.value.response["error"])
        workspace.journal.notify()

    await pressed(workspace, bot, late)
    await workspace.wait_for(lambda: codes)

    assert codes == ["expired_trigger_id"]


async def test_slash_command_is_answered_privately(workspace: Workspace, bot: Any) -> None:
    async def command(ack: Any, body: dict[str, Any]) -> None:
        await ack(f"you said {body['text']}")

    bot.app.command("/autoreclab")(command)

    assert await workspace.command("experiments", "researcher", "/autoreclab", "status")
    assert workspace.ephemerals("researcher")[0]["text"] == "you said status"
    assert workspace.messages("experiments") == []


async def test_press_without_a_bot_is_noticed(workspace: Workspace) -> None:
    message = workspace.people.team.add_message(
        workspace.state.channel(CHANNEL),
        workspace.bot_user,
        {"text": "plan", "blocks": [{**BUTTONS[0], "block_id": "b"}]},
    )

    assert not await workspace.press(message["ts"], "start", "researcher")


async def test_message_shortcut(workspace: Workspace, bot: Any) -> None:
    seen: list[str] = []

    async def shortcut(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body["message"]["text"])
        workspace.journal.notify()

    bot.app.shortcut("start_task")(shortcut)
    message = workspace.post("experiments", "colleague", "does the seed matter?")

    assert await workspace.shortcut(message["ts"], "start_task", "researcher")
    await workspace.wait_for(lambda: seen)
    assert seen == ["does the seed matter?"]
