from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace

MENTION = "@autoreclab compare popularity & EASE, see https://example.org/a?b=1"


async def test_mention_with_a_file_arrives_and_can_be_downloaded(
    workspace: Workspace, bot: Any, tmp_path: Path
) -> None:
    data = tmp_path / "ratings.csv"
    data.write_text("user,item\n1,2\n")

    workspace.post("experiments", "researcher", MENTION, files=[data])
    await workspace.wait_for(lambda: len(bot.seen) == 2)

    assert sorted(bot.kinds()) == ["app_mention", "message"]
    message = next(event for event in bot.seen if event["type"] == "message")
    assert message["subtype"] == "file_share"
    assert f"<@{workspace.bot_user}> compare popularity &amp; EASE" in message["text"]
    assert "<https://example.org/a?b=1>" in message["text"]
    assert message["channel_type"] == "channel"
    file = message["files"][0]
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    async with aiohttp.ClientSession() as session:
        async with session.get(file["url_private_download"], headers=headers) as answer:
            assert (answer.content_type, await answer.read()) == ("text/csv", data.read_bytes())
        async with session.get(file["url_private"]) as answer:
            assert answer.content_type == "text/html"
            assert "Sign in" in await answer.text()


async def test_direct_message_arrives_without_a_mention(workspace: Workspace, bot: Any) -> None:
    workspace.post("@bot", "researcher", "hello @autoreclab")
    await workspace.wait_for(lambda: bot.seen)

    assert bot.kinds() == ["message"]
    assert bot.seen[0]["channel_type"] == "im"


async def test_bot_posts_updates_reacts_and_reads_the_thread(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    root = workspace.post("experiments", "researcher", MENTION)
    channel = workspace.channels["experiments"]

    posted = await client.chat_postMessage(
        channel=channel,
        thread_ts=root["ts"],
        text="planning",
        metadata={"event_type": "autoreclab_post", "event_payload": {"key": "k1"}},
    )
    await client.chat_update(channel=channel, ts=posted["ts"], text="planned")
    await client.reactions_add(channel=channel, timestamp=root["ts"], name="eyes")
    thread = await client.conversations_replies(
        channel=channel, ts=root["ts"], include_all_metadata=True
    )

    first, second = thread["messages"]
    assert (first["reply_count"], first["reactions"][0]["name"]) == (1, "eyes")
    assert (second["text"], second["metadata"]["event_payload"]["key"]) == ("planned", "k1")
    assert second["edited"]["user"] == workspace.bot_user


async def test_files_upload_v2_puts_one_message_into_the_thread(
    workspace: Workspace, client: AsyncWebClient, tmp_path: Path
) -> None:
    root = workspace.post("experiments", "researcher", MENTION)
    path = tmp_path / "report.md"
    path.write_text("# Report")
    uploads: list[dict[str, Any]] = [
        {"filename": "report.md", "file": str(path), "title": "Report"},
        {"filename": "result.zip", "content": b"PK", "title": "Zip"},
    ]

    answer = await client.files_upload_v2(
        file_uploads=uploads,
        channel=workspace.channels["experiments"],
        thread_ts=root["ts"],
        initial_comment="done",
    )

    (message,) = workspace.from_bot("experiments", root["ts"])
    assert message["text"] == "done"
    assert [file["title"] for file in message["files"]] == ["Report", "Zip"]
    assert workspace.content(message["files"][0]) == b"# Report"
    shares = (await client.files_info(file=answer["files"][0]["id"]))["file"]["shares"]
    assert shares["public"][workspace.channels["experiments"]][0]["thread_ts"] == root["ts"]


async def test_person_may_play_through_the_web_api(workspace: Workspace, bot: Any) -> None:
    token = workspace.user_tokens[workspace.users["colleague"]]
    person = AsyncWebClient(token, base_url=workspace.api_url)

    await person.files_upload_v2(
        filename="u.data",
        content=b"1\t2\t3\t4\n",
        channel=workspace.channels["experiments"],
        initial_comment=f"<@{workspace.bot_user}> how much does the seed matter?",
    )
    await workspace.wait_for(lambda: len(bot.seen) == 2)

    assert {event["user"] for event in bot.seen} == {workspace.users["colleague"]}
    assert all(event["files"][0]["name"] == "u.data" for event in bot.seen)


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.postMessage", {"channel": "C0EXPERIMNT"}, "no_text"),
        ("chat.postMessage", {"channel": "C0UNKNOWN00", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0NOBOTHERE", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0ARCHIVED1", "text": "x"}, "is_archived"),
        (
            "chat.postMessage",
            {"channel": "C0EXPERIMNT", "text": "x", "thread_ts": "1.000001"},
            "thread_not_found",
        ),
        ("conversations.replies", {"channel": "C0EXPERIMNT", "ts": "1.1"}, "thread_not_found"),
        ("chat.update", {"channel": "C0EXPERIMNT", "ts": "1.1", "text": "x"}, "message_not_found"),
        ("files.getUploadURLExternal", {"filename": "empty", "length": 0}, "missing_argument"),
        ("views.open", {"trigger_id": "1.x", "view": {"type": "modal"}}, "invalid_arguments"),
        ("chat.startStream", {"channel": "C0EXPERIMNT"}, "unknown_method"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
    ],
)
async def test_refuses_as_slack_does(
    client: AsyncWebClient, method: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await client.api_call(method, json=arguments)

    assert refused.value.response["error"] == code


async def test_missing_scope_names_what_is_needed(workspace: Workspace) -> None:
    app = AsyncWebClient("xoxb-unknown", base_url=workspace.api_url)

    with pytest.raises(SlackApiError, match="invalid_auth"):
        await app.auth_test()


async def test_foreign_host_and_origin_are_refused(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{workspace.api_url}auth.test"
        async with session.post(url, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
        async with session.post(url, headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
        async with session.get(workspace.page_url.partition("?")[0]) as answer:
            assert answer.status == 403
