"""Scenarios of threads: who says what, what the thread must and must not show.

They are played through the Web API alone, so any Slack-compatible server with a bot will do:
set `SLACK_API_URL`, `SLACK_BOT_TOKEN` and `SLACK_USER_TOKEN_<NAME>` as `workspace` prints them,
and run `python tests/support/thread_scenarios.py FILE CHANNEL_ID`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

BOT = "@autoreclab"
RATINGS = "".join(
    f"{u}\t{i}\t{1 + (u * i) % 5}\t{881250949 + u}\n" for u in range(40) for i in range(u % 7, 20)
)
PAUSE_S = 0.05
USER = "SLACK_USER_TOKEN_"


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody says, and what follows from it."""

    says: str
    who: str = "researcher"
    has_file: bool = False
    shows: tuple[str, ...] = ()
    """What posts of the bot after it must hold."""
    card: tuple[str, ...] = ()
    """What some post of the bot must hold, also one that was edited."""
    is_seen: bool = False
    """Whether it gets a reaction."""
    is_quiet: bool = False
    """Whether the bot must not react to it; seen once the steps behind it have passed."""

    def __post_init__(self) -> None:
        if not (self.shows or self.card or self.is_seen or self.is_quiet):
            raise ValueError(f"Nothing is expected of {self.says!r}: add shows, card or is_seen.")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thread from its first message on."""

    name: str
    steps: tuple[Step, ...]
    never: tuple[str, ...] = ()
    """What no post of the bot may hold."""


@dataclass(frozen=True)
class Stage:
    """Where scenarios are played: a server by its address, and the tokens of who is there."""

    address: str
    bot_token: str
    user_tokens: Mapping[str, str]
    channel: str
    patience_s: float

    @cached_property
    def clients(self) -> dict[str, AsyncWebClient]:
        tokens = {BOT: self.bot_token, **self.user_tokens}
        return {n: AsyncWebClient(t, base_url=self.address) for n, t in tokens.items()}

    async def play(self, scenario: Scenario) -> None:
        """Play a scenario; what does not happen is an assertion that fails."""
        bot = (await self.clients[BOT].auth_test())["user_id"]
        root, said = "", []
        for step in scenario.steps:
            ts = await self._say(step, root, bot)
            root = root or ts
            said.append((step, ts))
            await self._expect(scenario, step, (root, ts), bot)
        messages = await self._thread(root)
        _check_end(scenario, said, messages, bot)

    async def _say(self, step: Step, root: str, bot: str) -> str:
        client, text = self.clients[step.who], step.says.replace(BOT, f"<@{bot}>")
        if not step.has_file:
            answer = await client.chat_postMessage(
                channel=self.channel, text=text, thread_ts=root or None
            )
            return str(answer["ts"])
        await client.files_upload_v2(
            channel=self.channel,
            content=RATINGS,
            filename="u.data",
            initial_comment=text,
            thread_ts=root or None,
        )
        return await self._ts_of(client, text, root)

    async def _ts_of(self, client: AsyncWebClient, text: str, root: str) -> str:
        """Return when a message with a file was posted, which its upload does not tell."""

        async def found() -> str:
            read = client.conversations_history(channel=self.channel, limit=20)
            messages = await self._thread(root) if root else (await read)["messages"]
            return max((m["ts"] for m in messages if m.get("text") == text), default="")

        return str(await self._until(found, lambda ts: bool(ts), f"no message {text!r}"))

    async def _thread(self, root: str) -> list[dict[str, Any]]:
        client = self.clients[BOT]
        answer = await client.conversations_replies(channel=self.channel, ts=root, limit=200)
        return list(answer["messages"])

    async def _expect(
        self, scenario: Scenario, step: Step, place: tuple[str, str], bot: str
    ) -> None:
        """Wait until what is expected of a step is there."""
        root, ts = place
        wanted = f"{scenario.name}: after {step.says!r} the thread lacks {step.shows + step.card}"

        async def messages() -> list[dict[str, Any]]:
            return await self._thread(root)

        await self._until(messages, lambda found: _is_there(step, ts, found, bot), wanted)

    async def _until(self, read: Any, is_met: Any, otherwise: str) -> Any:
        found = None
        try:
            async with asyncio.timeout(self.patience_s):
                while not is_met(found := await read()):  # noqa: ASYNC110  a server elsewhere
                    await asyncio.sleep(PAUSE_S)
        except TimeoutError:
            raise AssertionError(f"{otherwise}; there is:\n{_shown(found)}") from None
        return found


def read_scenarios(path: Path) -> list[Scenario]:
    """Read scenarios; a step with a word that is not known is an error."""
    return [
        Scenario(
            name,
            tuple(
                Step(**{k: tuple(v) if isinstance(v, list) else v for k, v in s.items()})
                for s in given["steps"]
            ),
            tuple(given.get("never", ())),
        )
        for name, given in tomllib.loads(path.read_text("utf-8")).items()
    ]


def _is_there(step: Step, ts: str, messages: list[dict[str, Any]], bot: str) -> bool:
    """Whether a thread holds what is expected of a step said at `ts`."""
    posts = [m for m in messages if m.get("user") == bot]
    later = [m["text"] for m in posts if float(m["ts"]) > float(ts)]
    is_seen = any(m.get("reactions") for m in messages if m["ts"] == ts)
    return (
        all(any(part in text for text in later) for part in step.shows)
        and all(any(part in m["text"] for m in posts) for part in step.card)
        and (is_seen or not step.is_seen)
    )


def _check_end(
    scenario: Scenario, said: list[tuple[Step, str]], messages: list[dict[str, Any]], bot: str
) -> None:
    """Hold what no post may show, and what had to be left alone, against the whole thread."""
    posts = [m["text"] for m in messages if m.get("user") == bot]
    shown = [part for part in scenario.never if any(part in text for text in posts)]
    assert not shown, f"{scenario.name}: the thread shows {shown}"
    quiet = {ts for step, ts in said if step.is_quiet}
    reacted = [m["text"] for m in messages if m["ts"] in quiet and m.get("reactions")]
    assert not reacted, f"{scenario.name}: reacted to {reacted}"


def _shown(found: Any) -> str:
    messages = found if isinstance(found, list) else []
    return "\n---\n".join(f"{m.get('user')}: {m.get('text')}" for m in messages)


async def _main(path: Path, channel: str) -> None:
    named = {n.removeprefix(USER).lower(): t for n, t in os.environ.items() if n.startswith(USER)}
    address, token = os.environ["SLACK_API_URL"], os.environ["SLACK_BOT_TOKEN"]
    stage = Stage(address, token, named, channel, 120.0)
    for scenario in read_scenarios(path):
        await stage.play(scenario)
        sys.stdout.write(f"passed: {scenario.name}\n")


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), sys.argv[2]))
