"""The web page: its files, its live updates, and what a person does on it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.workspace.errors import ApiError
from bot.workspace.file_routes import receive, response_for
from bot.workspace.people import People
from bot.workspace.rules import Json
from bot.workspace.snapshot import snapshot
from bot.workspace.state import StoredFile

SCRIPTS = ("app", "blocks", "composer", "icons", "messages", "modal", "text")
ASSETS = {f"{name}.js": "text/javascript" for name in SCRIPTS} | {
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PREVIEW_BYTES = 4000
INLINE = frozenset({"image/png", "image/jpeg", "image/gif"})
NO_KEY = "This page needs the whole address that was printed on the terminal, with its key."


@dataclass(slots=True)
class Page:
    """Serves the page to whoever has its key."""

    people: People
    port: int
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    def routes(self) -> list[web.RouteDef]:
        """Return the page's addresses."""
        return [
            web.get("/", self.index),
            web.get("/archives/{channel}/{message}", self.index),
            web.get("/page/live", self.live),
            web.post("/page/act", self.act),
            web.post("/page/upload", self.upload),
            web.get("/page/file/{file}", self.file),
            web.get("/page/preview/{file}", self.preview),
            web.get("/page/{asset}", self.asset),
        ]

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Serve the page; its key moves from the address into a cookie."""
        given = request.query.get("key", "")
        if given and secrets.compare_digest(given.encode(), self.key.encode()):
            answer = web.Response(status=302, headers={"Location": request.path})
            answer.set_cookie(self._cookie, self.key, httponly=True, samesite="Strict")
            return answer
        self._need_key(request)
        return _asset_response("index.html", "text/html")

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """Serve a script or a style sheet."""
        name = request.match_info["asset"]
        if name not in ASSETS:
            raise web.HTTPNotFound
        return _asset_response(name, ASSETS[name])

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file that will be sent with the next message."""
        self._need_key(request)
        user, name = self._user(request.query.get("user", "")), request.query.get("name", "file")
        store = self.people.store
        try:
            _, stored = store.issue(user, name, request.content_length or 0)
        except ApiError as error:
            return web.json_response({"ok": False, "error": error.code})
        limit = self.people.team.rules.max_file_bytes
        stored.info["size"] = await receive(request, Path(stored.path), limit)
        stored.is_received = True
        store.complete(stored.info["id"], "")
        return web.json_response({"ok": True, "file": stored.info})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file to the page: images to look at, everything else to save."""
        stored = self._file(request)
        is_image = stored.info["mimetype"] in INLINE and "save" not in request.query
        return response_for(stored, is_attachment=not is_image)

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Send what a user may see, then every change."""
        self._need_key(request)
        user = self._user(request.query.get("user", ""))
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        await self.people.team.hub.serve(socket, user, snapshot(self.people, user))
        return socket

    async def preview(self, request: web.Request) -> web.StreamResponse:
        """Serve the beginning of a text file."""
        stored = self._file(request)
        return web.Response(text=await asyncio.to_thread(_head, Path(stored.path)))

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Do what a person does."""
        self._need_key(request)
        try:
            body = json.loads(await request.text())
            user = self._user(str(body.get("user")))
            action = ACTIONS[body["kind"]]
            result = await action(self.people, user, body)
        except ApiError as error:
            return web.json_response({"ok": False, "error": error.code})
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"ok": False, "error": f"bad request: {error}"}, status=400)
        return web.json_response({"ok": True, "result": result})

    @property
    def _cookie(self) -> str:
        return f"workspace_{self.port}"

    def _has_key(self, request: web.Request) -> bool:
        given = request.cookies.get(self._cookie, "")
        return secrets.compare_digest(given.encode(), self.key.encode())

    def _need_key(self, request: web.Request) -> None:
        if not self._has_key(request):
            raise web.HTTPForbidden(text=NO_KEY)

    def _user(self, user: str) -> str:
        users = self.people.team.state.users
        found = users.get(user)
        if found is None or found["is_bot"]:
            return next(key for key, value in users.items() if not value["is_bot"])
        return user

    def _file(self, request: web.Request) -> StoredFile:
        self._need_key(request)
        try:
            return self.people.team.state.file(request.match_info["file"])
        except ApiError as error:
            raise web.HTTPNotFound from error


def _head(path: Path) -> str:
    """Return the beginning of a file as text."""
    with path.open("rb") as file:
        return file.read(PREVIEW_BYTES).decode("utf-8", errors="replace")


def _asset_response(name: str, kind: str) -> web.Response:
    """Return a file of the page with headers that keep everything foreign out."""
    text = (resources.files("bot.workspace") / "page" / name).read_text("utf-8")
    headers = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return web.Response(text=text, content_type=kind, headers=headers)


async def _post(people: People, user: str, body: Json) -> Any:
    text = str(body.get("text") or "")
    files = [people.team.state.file(file) for file in body.get("files") or []]
    if text.startswith("/") and not files:
        command, _, rest = text.partition(" ")
        return await people.command(body["channel"], user, command, rest.strip())
    return people.post(body["channel"], user, text, str(body.get("thread_ts") or ""), files)["ts"]


async def _press(people: People, user: str, body: Json) -> Any:
    chosen = body.get("chosen")
    if not body.get("view_id"):
        return await people.press(body["channel"], user, body["ts"], body["action_id"], chosen)
    home = people.team.state.homes.get(user)
    is_home = home is not None and home["id"] == body["view_id"]
    view = home if is_home and home else people.modals.view(body["view_id"])
    return await people.press_in_view(user, view, body["action_id"], chosen)


async def _submit(people: People, user: str, body: Json) -> Any:
    return await people.submit(user, body["values"])


async def _close(people: People, user: str, body: Json) -> Any:
    return await people.close(user)


async def _react(people: People, user: str, body: Json) -> Any:
    return people.react(body["channel"], user, body["ts"], body["name"])


async def _edit(people: People, user: str, body: Json) -> Any:
    return people.edit(body["channel"], user, body["ts"], body["text"])["ts"]


async def _delete(people: People, user: str, body: Json) -> Any:
    return people.delete(body["channel"], user, body["ts"])


async def _stop(people: People, user: str, body: Json) -> Any:
    return people.stop_session(body["channel"], user, body["thread_ts"])


async def _home(people: People, user: str, body: Json) -> Any:
    return people.open_home(user, str(body.get("tab") or "home"))


async def _shortcut(people: People, user: str, body: Json) -> Any:
    return await people.shortcut(body["channel"], user, body["ts"], body["callback_id"])


ACTIONS: dict[str, Callable[[People, str, Json], Awaitable[Any]]] = {
    "post": _post,
    "press": _press,
    "submit": _submit,
    "close": _close,
    "react": _react,
    "edit": _edit,
    "delete": _delete,
    "stop": _stop,
    "home": _home,
    "shortcut": _shortcut,
}
