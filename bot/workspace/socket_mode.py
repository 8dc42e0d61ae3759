"""Socket Mode: connections, envelopes, acknowledgements and the retry schedule."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.workspace.clock import Clock
from bot.workspace.faults import Faults
from bot.workspace.rules import Json, Rules
from bot.workspace.state import APP
from bot.workspace.traffic import Traffic

logger = logging.getLogger(__name__)
MOST_CONNECTIONS = 10


@dataclass(slots=True)
class SocketMode:
    """Delivers every payload to one of the live connections."""

    clock: Clock
    rules: Rules
    faults: Faults
    journal: Traffic
    connections: dict[int, web.WebSocketResponse] = field(default_factory=dict)
    _tickets: set[str] = field(default_factory=set)
    _waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _count: int = 0
    _turn: int = 0

    def issue_ticket(self) -> str:
        """Return the one-use ticket of a new connection."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket from hello to close."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or self.faults.is_refusing_connections:
            return web.Response(status=403, text="no such ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._count += 1
        number = self._count
        if len(self.connections) >= MOST_CONNECTIONS:
            await self._say_goodbye(socket, "too_many_websockets")
            return socket
        self.connections[number] = socket
        try:
            await socket.send_json(self._hello(request))
            self.journal.notify()
            await self._listen(socket)
        finally:
            self.connections.pop(number, None)
            self.journal.notify()
        return socket

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every client to open a new connection, as Slack does every few hours."""
        for socket in list(self.connections.values()):
            await self._say_goodbye(socket, reason)

    async def drop(self) -> None:
        """Break every connection."""
        for socket in list(self.connections.values()):
            await socket.close(code=1011)

    def deliver_event(self, payload: Json) -> None:
        """Deliver an event in the background: now, and again until it is acknowledged."""
        for _ in range(1 + self.faults.duplicate_events):
            self._start(self._retry(payload))

    async def ask(self, kind: str, payload: Json) -> Json | None:
        """Deliver an interaction or a command once; None when nobody acknowledged it."""
        return await self._attempt(kind, payload, 0, "")

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something until the workspace closes."""
        self._start(work)

    async def close(self) -> None:
        """End what waits for an acknowledgement and close every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.drop()

    def _hello(self, request: web.Request) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": request.host, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                answer = json.loads(frame.data)
            except ValueError:
                logger.warning("socket mode client sent something that is not JSON")
                continue
            waiting = self._waiting.get(str(answer.get("envelope_id")))
            if waiting and not waiting.done() and not self.faults.take_lost_ack():
                waiting.set_result(answer.get("payload") or {})

    async def _say_goodbye(self, socket: web.WebSocketResponse, reason: str) -> None:
        await socket.send_json(
            {"type": "disconnect", "reason": reason, "debug_info": {"host": "localhost"}}
        )
        if reason == "too_many_websockets":
            await socket.close()

    async def _retry(self, payload: Json) -> None:
        reason = ""
        for attempt, wait in enumerate((0.0, *self.rules.retries_s)):
            if wait:
                await self.clock.sleep(wait)
            answer = await self._attempt("events_api", payload, attempt, reason)
            if answer is not None:
                return
            reason = "timeout" if self.connections else "connection_failed"
        logger.warning("event %s was never acknowledged", payload["event_id"])

    async def _attempt(self, kind: str, payload: Json, attempt: int, reason: str) -> Json | None:
        delivery = self.journal.delivery(kind, payload.get("event_id", ""), attempt, payload)
        chosen = self._next_connection()
        if chosen is None:
            self.journal.notify()
            await self.clock.sleep(self.rules.ack_s)
            return None
        delivery.connection, socket = chosen
        envelope_id = str(uuid.uuid4())
        answer = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        try:
            await socket.send_json(_envelope(envelope_id, kind, payload, attempt, reason))
            delivery.is_sent = True
            async with asyncio.timeout(self.clock.real(self.rules.ack_s)):
                body: Json = await answer
            delivery.is_acknowledged = True
            return body
        except (TimeoutError, ConnectionError):
            return None
        finally:
            self._waiting.pop(envelope_id, None)
            self.journal.notify()

    def _next_connection(self) -> tuple[int, web.WebSocketResponse] | None:
        live = [(n, socket) for n, socket in self.connections.items() if not socket.closed]
        if not live:
            return None
        self._turn += 1
        return live[self._turn % len(live)]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _envelope(envelope_id: str, kind: str, payload: Json, attempt: int, reason: str) -> Json:
    body: Json = {
        "envelope_id": envelope_id,
        "type": kind,
        "payload": payload,
        "accepts_response_payload": kind != "events_api",
    }
    if kind == "events_api":
        body |= {"retry_attempt": attempt, "retry_reason": reason}
    return body
