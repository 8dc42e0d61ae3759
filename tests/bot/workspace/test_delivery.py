from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from patience import PATIENCE_S

from bot.workspace.rules import Rules
from bot.workspace.server import open_workspace
from bot.workspace.traffic import Delivery
from bot.workspace.workspace import Workspace

Attach = Callable[..., AbstractAsyncContextManager[Any]]


def attempts(workspace: Workspace, kind: str = "message") -> list[Delivery]:
    events = [item for item in workspace.journal.deliveries if item.kind == "events_api"]
    return [item for item in events if item.payload["event"]["type"] == kind]


async def test_event_waits_for_a_bot_that_is_not_there_yet(
    workspace: Workspace, attach: Attach
) -> None:
    workspace.post("experiments", "researcher", "@autoreclab anybody there?")
    await workspace.wait_for(lambda: attempts(workspace))

    async with attach() as bot:
        await workspace.wait_for(lambda: len(bot.seen) == 2)

    first, *_, last = attempts(workspace)
    assert (first.is_sent, last.is_acknowledged) == (False, True)
    assert first.event_id == last.event_id


async def test_lost_acknowledgement_is_delivered_again(workspace: Workspace, bot: Any) -> None:
    workspace.faults.lose_acks = 1

    workspace.post("@bot", "researcher", "hello")
    await workspace.wait_for(lambda: len(bot.seen) == 2)

    assert [item.attempt for item in attempts(workspace)] == [0, 1]
    assert len({body["event_id"] for body in bot.bodies}) == 1


async def test_retries_end_after_three() -> None:
    async with open_workspace(rules=Rules(speed=1000)) as workspace:
        workspace.post("@bot", "researcher", "hello")
        await workspace.wait_for(lambda: len(attempts(workspace)) == 4)

        assert [item.attempt for item in attempts(workspace)] == [0, 1, 2, 3]


async def test_duplicates_arrive_with_the_same_event_id(workspace: Workspace, bot: Any) -> None:
    workspace.faults.duplicate_events = 2

    workspace.post("@bot", "researcher", "hello")
    await workspace.wait_for(lambda: len(bot.seen) == 3)

    assert len({body["event_id"] for body in bot.bodies}) == 1


async def test_mention_may_come_first_or_not_at_all(workspace: Workspace, bot: Any) -> None:
    workspace.faults.is_mention_first = True
    workspace.faults.omits_mention_with_files = True
    file = workspace.people.store.keep("U0RESEARCH1", "a.csv", b"1")

    workspace.post("experiments", "researcher", "@autoreclab one")
    workspace.people.post("experiments", "U0RESEARCH1", "@autoreclab two", "", [file])
    await workspace.wait_for(lambda: len(bot.seen) == 3)

    assert bot.kinds() == ["app_mention", "message", "message"]


async def test_bot_reconnects_after_refresh_and_after_a_break(
    workspace: Workspace, bot: Any
) -> None:
    connections = workspace.people.team.socket.connections
    await workspace.refresh_connections()
    await workspace.wait_for(lambda: set(connections) == {2})
    await workspace.drop_connections()
    await workspace.wait_for(lambda: set(connections) == {3}, PATIENCE_S)

    workspace.post("@bot", "researcher", "still there?")

    assert await workspace.wait_for(lambda: bot.seen)


async def test_several_connections_share_the_events(workspace: Workspace, attach: Attach) -> None:
    async with attach() as one, attach() as two:
        for number in range(4):
            workspace.post("@bot", "researcher", f"message {number}")
        await workspace.wait_for(lambda: len(one.seen) + len(two.seen) == 4)

        assert len(one.seen) == len(two.seen) == 2


async def test_bot_does_not_hear_of_channels_it_is_not_in(workspace: Workspace, bot: Any) -> None:
    workspace.post("reading-group", "researcher", "@autoreclab are you here?")
    workspace.post("general", "researcher", "good morning")
    await workspace.wait_for(lambda: bot.seen)

    assert [event["text"] for event in bot.seen] == ["good morning"]


async def test_conversation_survives_a_restart_of_the_workspace(tmp_path: Any) -> None:
    rules = Rules(first_ts=1_800_000_000)
    async with open_workspace(folder=tmp_path, rules=rules) as first:
        file = tmp_path / "a.csv"
        file.write_text("1,2")
        ts = first.post("experiments", "researcher", "hello", files=[file])["ts"]

    async with open_workspace(folder=tmp_path, rules=rules) as second:
        (message,) = second.messages("experiments")
        later = second.post("experiments", "researcher", "again")

        assert (message["text"], second.content(message["files"][0])) == ("hello", b"1,2")
        assert message["files"][0]["url_private"].startswith(second.api_url.removesuffix("api/"))
        assert later["ts"] > ts == "1800000001.000000"


async def test_stop_and_home_reach_the_bot(workspace: Workspace, bot: Any) -> None:
    root = workspace.post("@bot", "researcher", "run something")
    await bot.client.agents_sessions_setStatus(
        channel_id=workspace.channel_of(root["ts"]), thread_ts=root["ts"], status="processing"
    )

    workspace.stop_session(root["ts"], "researcher")
    workspace.open_home("researcher")
    await workspace.wait_for(lambda: len(bot.seen) == 3)

    assert set(bot.kinds()) == {"message", "agent_session_stopped", "app_home_opened"}
    session = workspace.session(workspace.channel_of(root["ts"]), root["ts"])
    assert session
    assert session.status == "processing"
