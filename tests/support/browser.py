"""The page of the workspace in a real browser, for tests that do what a person does."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from patience import PATIENCE_MS
from playwright.async_api import Page, async_playwright, expect

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]


@asynccontextmanager
async def opened_page(url: str) -> AsyncIterator[Page]:
    """Open the page, wait until it is ready, and close the browser at the end."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "the page's test needs Chromium: apt-get install chromium"
    expect.set_options(timeout=PATIENCE_MS)  # else 5 s, which a loaded machine needs for a file
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(url)
        await expect(page.locator(".app.ready")).to_be_attached()
        yield page
        await browser.close()
