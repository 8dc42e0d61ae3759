"""The buttons of a report, pressed by a person in a browser."""

from __future__ import annotations

import pytest
from browser import opened_page
from playwright.async_api import expect

pytestmark = pytest.mark.slow


@pytest.fixture
async def page(live):
    async with opened_page(live.workspace.page_url) as page:
        yield page


async def test_a_person_disputes_a_report_and_goes_further(live, page, tmp_path):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    live.lab.work("run1")
    live.lab.finish("run1", tmp_path / "report")
    await live.post(ts, "Code and all results")
    await page.locator(".thread-link").click()
    replies, dialog = page.locator("#replies"), page.get_by_role("dialog")

    await replies.get_by_role("button", name="Something is wrong").click()
    await dialog.locator("textarea").fill("the split leaks")
    await dialog.get_by_role("button", name="Send").click()
    await expect(replies).to_contain_text("Disputed by @researcher")
    await replies.get_by_role("button", name="Methods + LaTeX").click()
    await expect(replies).to_contain_text("Methods and LaTeX of run run1")
    await replies.get_by_role("button", name="Improve further").last.click()
    await expect(dialog).to_contain_text("requirement 2")
    await expect(dialog.locator("textarea")).to_have_value("the split leaks")
    await dialog.get_by_role("button", name="Start").click()

    await expect(replies).to_contain_text("Round 2 from script 1, asked for by @researcher")
    await expect(dialog).to_have_count(0)
