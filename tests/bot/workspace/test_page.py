from __future__ import annotations

import shutil
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from bot.workspace.workspace import Workspace

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    found = found or shutil.which("google-chrome")
    assert found, "the page's test needs Chromium: apt-get install chromium"
    return found


@pytest.fixture
async def page(workspace: Workspace) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        opened = await browser.new_page()
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))

        def complain(line: ConsoleMessage) -> None:
            if line.type == "error":
                complaints.append(line.text)

        opened.on("console", complain)
        await opened.goto(workspace.page_url)
        await expect(opened.locator(".app.ready")).to_be_attached()
        yield opened
        await browser.close()
        assert complaints == []


def zipped() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("solution.py", "x = 1")
    return buffer.getvalue()


def answering(bot: Any) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Start"}}
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Plan v1* <b>& `code`"}},
        {"type": "actions", "elements": [{**button, "style": "primary", "action_id": "start"}]},
    ]

    async def mentioned(event: dict[str, Any], client: Any) -> None:
        channel, ts = event["channel"], event["ts"]
        await client.reactions_add(channel=channel, timestamp=ts, name="eyes")
        await client.chat_postMessage(channel=channel, thread_ts=ts, text="plan", blocks=blocks)

    async def ignored() -> None:
        return None

    async def started(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        channel, ts = body["channel"]["id"], body["message"]["thread_ts"]
        await client.chat_update(channel=channel, ts=body["message"]["ts"], text="Running")
        await client.files_upload_v2(
            channel=channel, thread_ts=ts, filename="result.zip", content=zipped()
        )

    bot.app.event("app_mention")(mentioned)
    bot.app.event("message")(ignored)
    bot.app.action("start")(started)


@pytest.fixture
async def answering_bot(attach: Any) -> AsyncIterator[Any]:
    async with attach(answering) as connected:
        yield connected


@pytest.mark.slow
async def test_person_asks_presses_start_and_downloads_the_zip(
    answering_bot: Any, page: Page, tmp_path: Path
) -> None:
    data = tmp_path / "ratings.csv"
    data.write_text("user,item,rating\n1,2,3\n")

    composer = page.get_by_label("Message", exact=True)
    await composer.press_sequentially("@Auto")
    await page.locator("#composer .complete").get_by_role("option").first.click()
    await composer.press_sequentially("does the seed matter? <script>alert(1)</script>")
    await page.get_by_label("Message: attach").set_input_files(data)
    await expect(page.locator("#composer .chip")).to_contain_text("ratings.csv")
    await composer.press("Enter")

    await expect(page.locator("#messages .message")).to_contain_text("<script>alert(1)</script>")
    await expect(page.locator("#messages .snippet")).to_contain_text("user,item,rating")
    await expect(page.locator("#messages .reactions")).to_contain_text("1")
    await page.locator(".thread-link").click()
    replies = page.locator("#replies")
    await expect(replies.locator("strong", has_text="Plan v1")).to_be_visible()
    await expect(replies.locator("code")).to_have_text("code")
    await replies.get_by_role("button", name="Start").click()
    await expect(replies).to_contain_text("Running")
    async with page.expect_download() as download:
        await replies.get_by_label("Download result.zip").click()

    saved = await (await download.value).path()
    assert zipfile.ZipFile(saved).namelist() == ["solution.py"]


@pytest.mark.slow
async def test_person_replies_in_a_thread_with_a_file_on_a_phone(
    workspace: Workspace, page: Page, tmp_path: Path
) -> None:
    data = tmp_path / "more.csv"
    data.write_text("1,2\n")
    root = workspace.post("experiments", "colleague", "a thread")
    workspace.post("experiments", "colleague", "a reply", thread_ts=root["ts"])

    await page.set_viewport_size({"width": 390, "height": 780})
    await page.locator(".thread-link").click()
    await page.get_by_label("Reply: attach").set_input_files(data)
    await page.get_by_label("Reply", exact=True).fill("with more data")
    await page.locator("#thread-composer").get_by_label("Send").click()
    await expect(page.locator("#replies")).to_contain_text("more.csv")

    message = workspace.messages("experiments", root["ts"])[-1]
    assert (message["text"], message["files"][0]["name"]) == ("with more data", "more.csv")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width == 390


@pytest.mark.slow
async def test_a_link_leads_to_its_message_in_a_long_thread(
    workspace: Workspace, page: Page
) -> None:
    root = workspace.post("experiments", "colleague", "a thread")["ts"]
    replies = [
        workspace.post("experiments", "colleague", f"reply {n}\n" * 5, thread_ts=root)["ts"]
        for n in range(30)
    ]
    message = f"/archives/{workspace.channels['experiments']}/p{replies[9].replace('.', '')}"
    address, _, _ = workspace.page_url.partition("/?")

    await page.goto(f"{address}{message}?thread_ts={root}")

    linked = page.locator("#replies .linked")
    await expect(linked).to_contain_text("reply 9")
    await expect(linked).to_be_in_viewport()


@pytest.mark.slow
async def test_modal_shows_complaints_and_closes(workspace: Workspace, page: Page) -> None:
    element = {"type": "plain_text_input", "action_id": "wish"}
    label = {"type": "plain_text", "text": "Wish"}
    block = {"type": "input", "block_id": "wish", "label": label, "element": element}
    title = {"type": "plain_text", "text": "Edit plan"}
    view = {"type": "modal", "title": title, "submit": label, "blocks": [block]}
    trigger = workspace.people.triggers.issue(workspace.users["researcher"])

    workspace.people.modals.open(trigger, view)
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Edit plan")
    await dialog.get_by_role("button", name="Wish").click()
    await expect(dialog).to_contain_text("Please complete this required field.")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)

    assert workspace.view("researcher") is None


async def test_page_needs_its_key_and_allows_nothing_foreign(workspace: Workspace) -> None:
    address, _, _ = workspace.page_url.partition("?")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(f"{address}?key=wrong") as answer:
            assert answer.status == 403
        async with session.post(f"{address}page/act", json={"kind": "post"}) as answer:
            assert answer.status == 403
        async with session.get(workspace.page_url) as answer:
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with session.post(f"{address}page/act", json={"kind": "nothing"}) as answer:
            assert answer.status == 400
