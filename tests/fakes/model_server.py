"""An OpenAI-compatible server on 127.0.0.1: scripted answers, every fault, all requests kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PIECE = 40
"""Characters of one streamed piece."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    body: dict[str, Any]
    headers: dict[str, str]
    number: int

    @property
    def form(self) -> str:
        """json_schema, tools or text."""
        if self.body.get("tools"):
            return "tools"
        return "json_schema" if "response_format" in self.body else "text"

    @property
    def schema_name(self) -> str:
        """Name of the structured answer; empty for text."""
        if self.form == "tools":
            return str(self.body["tools"][0]["function"]["name"])
        if self.form == "json_schema":
            return str(self.body["response_format"]["json_schema"]["name"])
        return ""

    @property
    def prompt(self) -> str:
        """All messages as one text."""
        return "\n".join(str(m.get("content")) for m in self.body["messages"])


@dataclass(frozen=True)
class Say:
    """Answer with a text, in the form that was asked for."""

    text: str
    finish: str = "stop"
    usage: dict[str, Any] | None = None
    counts: bool = True
    """Whether usage is reported."""
    refusal: str | None = None


@dataclass(frozen=True)
class Fail:
    """Answer with an HTTP error."""

    status: int
    message: str = "as told"
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    param: str | None = None


@dataclass(frozen=True)
class Raw:
    """Answer with these bytes."""

    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class Silent:
    """Accept the request and send nothing; `after` sends the head of a stream first."""

    after_head: bool = False


@dataclass(frozen=True)
class Slow:
    """Stream a text in pieces with a pause before each."""

    text: str
    pause_s: float
    pieces: int = 5


@dataclass(frozen=True)
class BreakOff:
    """Stream the beginning of a text and drop the connection."""

    text: str


Answer = Say | Fail | Raw | Silent | Slow | BreakOff
Play = Callable[[Asked], Answer]


def said(value: object, **more: Any) -> Say:
    """Answer with a JSON value."""
    return Say(json.dumps(value), **more)


def insufficient_quota() -> Fail:
    """Answer like a provider whose quota is used up."""
    return Fail(
        429, "You exceeded your current quota, please check your plan.", "insufficient_quota"
    )


def in_turn(answers: Iterable[Answer]) -> Play:
    """Give the answers one after the other, the last one again and again."""
    left = list(answers)

    def play(_: Asked) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    return play


@dataclass
class ModelServer:
    """What it can, what it is told to answer, and what it was asked."""

    play: Play
    speaks: frozenset[str] = frozenset({"json_schema", "tools", "text"})
    streams: str = "yes"
    """yes; ignores: answers whole when asked to stream; refuses: HTTP 400."""
    refuses: frozenset[str] = frozenset()
    """Parameters that are not supported."""
    asked: list[Asked] = field(default_factory=list)
    base_url: str = ""
    at_once: int = 0
    most_at_once: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the first request."""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(await request.json(), lowered(request.headers), len(self.asked))
        self.asked.append(asked)
        self.arrived.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self.answered(request, asked)
        finally:
            self.at_once -= 1

    async def answered(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        answer = self.refusal(asked) or self.play(asked)
        is_streamed = bool(asked.body.get("stream")) and self.streams == "yes"
        match answer:
            case Fail():
                return failed(answer)
            case Raw(body, content_type):
                return web.Response(body=body, content_type=content_type)
            case Silent(after_head):
                return await self.silent(request, after_head=after_head)
            case Slow(text, pause_s, pieces):
                return await slow(request, asked, text, pause_s, pieces)
            case BreakOff(text):
                return await broken(request, asked, text)
            case Say() if is_streamed:
                return await streamed(request, asked, answer)
            case Say():
                return web.json_response(whole(asked, answer))

    def refusal(self, asked: Asked) -> Fail | None:
        """Refuse what this server cannot do."""
        for name in sorted(self.refuses & set(asked.body)):
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            return Fail(400, message, "unsupported_parameter", param=name)
        if asked.form not in self.speaks:
            name = {"json_schema": "response_format", "tools": "tools"}[asked.form]
            return Fail(400, f"{name} is not supported by this server")
        if asked.body.get("stream") and self.streams == "refuses":
            return Fail(400, "stream=true is not supported")
        return None

    async def silent(self, request: web.Request, *, after_head: bool) -> web.StreamResponse:
        """Say nothing until the server is closed."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        if after_head:
            await response.prepare(request)
        await self.closing.wait()
        return response


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def failed(answer: Fail) -> web.Response:
    error = {
        "message": answer.message,
        "type": "fault",
        "code": answer.code,
        "param": answer.param,
    }
    return web.json_response({"error": error}, status=answer.status, headers=answer.headers)


def usage_of(asked: Asked, answer: Say) -> dict[str, Any]:
    prompt, completion = len(asked.prompt) // 4, len(answer.text) // 4
    counted = {"prompt_tokens": prompt, "completion_tokens": completion}
    return answer.usage or counted | {"total_tokens": prompt + completion}


def message_of(asked: Asked, answer: Say) -> dict[str, Any]:
    if asked.form == "tools" and answer.refusal is None:
        function = {"name": asked.schema_name, "arguments": answer.text}
        call = {"id": "call_1", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"role": "assistant", "content": answer.text, "refusal": answer.refusal}


def whole(asked: Asked, answer: Say) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": message_of(asked, answer),
        "finish_reason": answer.finish,
        "logprobs": None,
    }
    return head(asked) | {
        "object": "chat.completion",
        "choices": [choice],
        **({"usage": usage_of(asked, answer)} if answer.counts else {}),
    }


def head(asked: Asked) -> dict[str, Any]:
    return {"id": f"chat-{asked.number}", "created": 1, "model": asked.body["model"]}


def chunk(asked: Asked, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return head(asked) | {"object": "chat.completion.chunk", "choices": [choice]}


def deltas(asked: Asked, answer: Say) -> list[dict[str, Any]]:
    """Cut a message into pieces."""
    pieces = [answer.text[n : n + PIECE] for n in range(0, len(answer.text), PIECE)]
    if answer.refusal is not None:
        return [{"role": "assistant", "refusal": answer.refusal}]
    if asked.form != "tools":
        return [{"role": "assistant", "content": ""}, *({"content": p} for p in pieces)]
    named = {"index": 0, "id": "call_1", "function": {"name": asked.schema_name, "arguments": ""}}
    calls = [named, *({"index": 0, "function": {"arguments": p}} for p in pieces)]
    return [{"role": "assistant", "tool_calls": [call]} for call in calls]


async def begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    return response


async def put(response: web.StreamResponse, value: object) -> None:
    await response.write(f"data: {json.dumps(value)}\n\n".encode())


async def streamed(request: web.Request, asked: Asked, answer: Say) -> web.StreamResponse:
    response = await begin(request)
    await response.write(b": hello\n\n")
    for delta in deltas(asked, answer):
        await put(response, chunk(asked, delta))
    await put(response, chunk(asked, {}, answer.finish))
    wants_usage = (asked.body.get("stream_options") or {}).get("include_usage")
    if answer.counts and wants_usage:
        await put(response, head(asked) | {"choices": [], "usage": usage_of(asked, answer)})
    await response.write(b"data: [DONE]\n\n")
    return response


async def slow(
    request: web.Request, asked: Asked, text: str, pause_s: float, pieces: int
) -> web.StreamResponse:
    response = await begin(request)
    size = -(-len(text) // pieces)
    for start in range(0, len(text), size):
        await asyncio.sleep(pause_s)
        await put(response, chunk(asked, {"content": text[start : start + size]}))
    await put(response, chunk(asked, {}, "stop"))
    await response.write(b"data: [DONE]\n\n")
    return response


async def broken(request: web.Request, asked: Asked, text: str) -> web.StreamResponse:
    response = await begin(request)
    await put(response, chunk(asked, {"content": text}))
    if request.transport is not None:
        request.transport.abort()
    return response


@asynccontextmanager
async def open_model_server(
    play: Play | Iterable[Answer], **options: Any
) -> AsyncIterator[ModelServer]:
    """Serve on a free port until the block is left."""
    server = ModelServer(play if callable(play) else in_turn(play), **options)
    app = web.Application(client_max_size=64 * 2**20)
    app.add_routes([web.post("/v1/chat/completions", server.chat)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.base_url = f"http://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        server.closing.set()
        await runner.cleanup()
