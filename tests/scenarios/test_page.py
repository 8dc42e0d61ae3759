"""A person in a browser: question with a file, Start, report, plots, zip. Everything is real."""

from __future__ import annotations

import zipfile
from contextlib import AsyncExitStack

import pytest
from browser import opened_page
from patience import STUDY_MS
from playwright.async_api import expect
from pydantic import SecretStr

from agent_core.data.synthetic import write_catalogue
from bot.app import open_bot
from bot.settings import Secrets, load_settings
from bot.slack.settings import Credentials
from bot.wiring import open_core
from bot.workspace.server import open_workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
async def workspace(tmp_path):
    """A workspace with the real bot over the real lab."""
    given = (
        f"storage.path={tmp_path / 'data'}",
        "treesearch.num_draft_nodes=1",
        "sandbox.slots=1",
    )
    settings = load_settings(None, given)
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(open_workspace())
        core = await stack.enter_async_context(open_core(settings, Secrets(), "offline"))
        tokens = SecretStr(workspace.bot_token), SecretStr(workspace.app_token)
        credentials = Credentials(*tokens, workspace.api_url)
        bot = open_bot(credentials, settings.slack, settings.access, core.database, core.lab)
        await stack.enter_async_context(bot)
        yield workspace


@pytest.fixture
async def page(workspace):
    async with opened_page(workspace.page_url) as page:
        yield page


async def test_a_person_gets_report_plots_and_zip(page, tmp_path):
    data = tmp_path / "catalogue.tsv"
    write_catalogue(data, users=150, items=120)
    replies = page.locator("#replies")

    composer = page.get_by_label("Message", exact=True)
    await composer.press_sequentially("@Auto")
    await page.locator("#composer .complete").get_by_role("option").first.click()
    await composer.press_sequentially("How much do 3 seeds change NDCG@10 of ImplicitMF?")
    await page.get_by_label("Message: attach").set_input_files(data)
    await composer.press("Enter")
    await page.locator(".thread-link").click()
    await expect(replies).to_contain_text("Plan v1, nothing has run yet")
    await replies.get_by_role("button", name="requirements").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Plan v1")
    await page.keyboard.press("Escape")
    await replies.get_by_role("button", name="Start").click()
    await expect(replies).to_contain_text("Code and all results", timeout=STUDY_MS)

    await expect(replies).to_contain_text("Finished")
    plots = replies.locator("img")
    await expect(plots.first).to_be_visible()
    width = await plots.first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert width > 200
    async with page.expect_download() as download:
        await replies.locator("[aria-label$='.zip'], [title$='.zip']").first.click()
    saved = await (await download.value).path()
    assert any(name.endswith("solution.py") for name in zipfile.ZipFile(saved).namelist())
    await page.screenshot(path=tmp_path / "thread.png")
