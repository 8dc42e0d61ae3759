from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.faults import ApiTrouble
from bot.workspace.rules import BOT_SCOPES, Rules
from bot.workspace.server import open_workspace
from bot.workspace.workspace import Workspace

CHANNEL = "C0EXPERIMNT"


async def test_rate_limited_call_is_repeated_after_the_given_time(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.faults.add(ApiTrouble("chat.*", status=429, retry_after_s=1))
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))

    await client.chat_postMessage(channel=CHANNEL, text="hello")

    assert [call.status for call in workspace.journal.calls("chat.postMessage")] == [429, 200]
    assert len(workspace.messages(CHANNEL)) == 1


async def test_posts_faster_than_one_a_second_are_refused() -> None:
    async with open_workspace(rules=Rules(has_rate_limits=True)) as workspace:
        client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
        for number in range(4):
            await client.chat_postMessage(channel=CHANNEL, text=f"{number}")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=CHANNEL, text="one too many")

        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "1"
        assert len(workspace.messages(CHANNEL)) == 4


async def test_updates_are_limited_per_minute() -> None:
    async with open_workspace(rules=Rules(has_rate_limits=True)) as workspace:
        client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
        posted = await client.chat_postMessage(channel=CHANNEL, text="card")
        for number in range(50):
            await client.chat_update(channel=CHANNEL, ts=posted["ts"], text=f"{number}")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_update(channel=CHANNEL, ts=posted["ts"], text="one too many")

        assert workspace.messages(CHANNEL)[0]["text"] == "49"
        assert int(refused.value.response.headers["Retry-After"]) > 30


@pytest.mark.parametrize("status", [500, 503])
async def test_server_error_reaches_the_client(
    workspace: Workspace, client: AsyncWebClient, status: int
) -> None:
    workspace.faults.add(ApiTrouble("chat.postMessage", status=status))

    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=CHANNEL, text="hello")

    assert refused.value.response.status_code == status
    assert workspace.messages(CHANNEL) == []


async def test_answer_lost_after_the_work_was_done(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.faults.add(ApiTrouble("chat.postMessage", is_after_work=True))
    client.retry_handlers.clear()

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=CHANNEL, text="hello")

    assert [message["text"] for message in workspace.messages(CHANNEL)] == ["hello"]


async def test_failing_upload(workspace: Workspace, client: AsyncWebClient) -> None:
    workspace.faults.add(ApiTrouble("upload", status=500))

    with pytest.raises(SlackRequestError, match="Failed to upload"):
        await client.files_upload_v2(filename="a.txt", content="a", channel=CHANNEL)


async def test_upload_needs_membership(workspace: Workspace, client: AsyncWebClient) -> None:
    channel = workspace.channels["reading-group"]

    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.files_upload_v2(filename="a.txt", content="a", channel=channel)
    await client.conversations_join(channel=channel)
    await client.files_upload_v2(filename="a.txt", content="a", channel=channel)

    assert len(workspace.messages(channel)) == 1


async def test_share_may_come_late(workspace: Workspace, client: AsyncWebClient) -> None:
    workspace.faults.shares_after_s = 5

    answer = await client.files_upload_v2(filename="a.txt", content="a", channel=CHANNEL)

    assert answer["file"]["shares"] == {}
    await workspace.wait_for(lambda: workspace.messages(CHANNEL))
    assert (await client.files_info(file=answer["file"]["id"]))["file"]["shares"]


async def test_redirect_to_another_host_ends_at_the_login_page(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,2")
    file = workspace.post("experiments", "researcher", "data", files=[path])["files"][0]
    workspace.faults.file_redirects = 1
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}

    async with (
        aiohttp.ClientSession() as session,
        session.get(file["url_private"], headers=headers) as answer,
    ):
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert answer.url.host == "localhost"


async def test_missing_scope_names_needed_and_provided() -> None:
    scopes = tuple(scope for scope in BOT_SCOPES if scope != "files:write")
    async with open_workspace(rules=Rules(scopes=scopes)) as workspace:
        client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
        granted = (await client.auth_test()).headers["x-oauth-scopes"]
        with pytest.raises(SlackApiError) as refused:
            await client.files_getUploadURLExternal(filename="a", length=1)

        assert "files:write" not in granted
        assert refused.value.response["needed"] == "files:write"
        assert refused.value.response["provided"] == granted


async def test_revoked_token(workspace: Workspace, client: AsyncWebClient) -> None:
    workspace.faults.revoked = "account_inactive"

    with pytest.raises(SlackApiError, match="account_inactive"):
        await client.auth_test()
