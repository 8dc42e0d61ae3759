"""A bot on a bench: workspace, scripted lab, data folder, and what people do there."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patience import PATIENCE_S
from pydantic import SecretStr
from scripted_lab import ScriptedLab

from bot.app import Bot, open_bot
from bot.delivery.pacing import Pace
from bot.slack.settings import AccessSettings, Credentials, SlackSettings
from bot.workspace.rules import Rules
from bot.workspace.workspace import Workspace
from storage.database import open_database
from storage.settings import StorageSettings

QUICK = Rules(speed=50, ack_s=100, trigger_s=500)
PACE = Pace(
    posts_per_s=500,
    post_burst=50,
    edits_per_minute=60_000,
    shortest_s=0.02,
    longest_s=0.05,
    retry_s=0.02,
    shares_s=2.0,
    watch_s=0.1,
)
QUESTION = "@autoreclab How much does the seed change NDCG@10? 30 seeds & <leave-one-out>"


@dataclass
class Bench:
    """A workspace, a lab, a data folder, and bots that come and go."""

    workspace: Workspace
    lab: ScriptedLab
    folder: Path
    slack: SlackSettings = field(default_factory=SlackSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    pace: Pace = PACE
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    bot: Bot | None = None

    async def start(self) -> Bot:
        database = await self.stack.enter_async_context(
            open_database(StorageSettings(path=self.folder / "data"))
        )
        self.bot = await self.stack.enter_async_context(
            open_bot(
                credentials(self.workspace),
                self.slack,
                self.access,
                database,
                self.lab,
                pace=self.pace,
            )
        )
        return self.bot

    async def stop(self) -> None:
        await self.stack.aclose()

    @asynccontextmanager
    async def running(self):
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    @property
    def data(self) -> Path:
        path = self.folder / "u.data"
        path.write_text("1\t2\t3\t881250949\n" * 5)
        return path

    def ask(self, text=QUESTION, user="researcher", channel="experiments", **more) -> str:
        files = more.pop("files", [self.data])
        return self.workspace.post(channel, user, text, files=files, **more)["ts"]

    def say(self, thread: str, text: str, user: str = "researcher", **more):
        return self.workspace.post("experiments", user, text, thread_ts=thread, **more)["ts"]

    def posts(self, thread: str) -> list[dict[str, Any]]:
        return self.workspace.from_bot("experiments", thread)

    async def post(self, thread: str, text: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait for a post of the bot with this text in it."""

        def found():
            return next((m for m in self.posts(thread) if text in whole(m)), None)

        try:
            return await self.workspace.wait_for(found, timeout_s)
        except TimeoutError:
            shown = "\n---\n".join(whole(m) for m in self.posts(thread))
            raise AssertionError(f"no post with {text!r}; the thread has:\n{shown}") from None

    async def whisper(self, user: str, text: str) -> dict[str, Any]:
        def found():
            return next((m for m in self.workspace.ephemerals(user) if text in m["text"]), None)

        return await self.workspace.wait_for(found, PATIENCE_S)

    async def called(self, name: str, times: int = 1) -> None:
        """Wait until the lab was asked for something."""
        async with asyncio.timeout(PATIENCE_S):
            while len([c for c in self.lab.calls if c[0] == name]) < times:
                await self.lab.asked.wait()

    async def planned(self, **more) -> tuple[str, dict[str, Any]]:
        ts = self.ask(**more)
        return ts, await self.post(ts, "Plan v1")

    async def press(self, message: dict[str, Any], action: str, user: str = "researcher") -> None:
        assert await self.workspace.press(message["ts"], action, user)


def whole(message: dict[str, Any]) -> str:
    """Return all the text that a message shows."""
    parts = [message.get("text") or ""]
    for block in message.get("blocks") or []:
        parts += [str(block.get("text") or ""), str(block.get("elements") or "")]
    return "\n".join(parts)


def credentials(workspace: Workspace) -> Credentials:
    return Credentials(
        SecretStr(workspace.bot_token), SecretStr(workspace.app_token), workspace.api_url
    )
