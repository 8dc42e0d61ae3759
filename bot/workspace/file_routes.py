"""The addresses that carry bytes: uploads without a token, downloads with one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, web

from bot.workspace.call import Caller
from bot.workspace.errors import ApiError
from bot.workspace.filestore import SharedFiles
from bot.workspace.state import BOT_USER, TEAM, StoredFile
from bot.workspace.webapi import bearer, refuse

CHUNK = 1 << 16
LOGIN_PAGE = """<!DOCTYPE html><html lang="en-US"><head><title>Sign in | Slack</title></head>
<body><h1>Sign in to your workspace</h1></body></html>"""


@dataclass(slots=True)
class FileRoutes:
    """Receives what was announced, and serves what was shared."""

    store: SharedFiles
    tokens: Mapping[str, Caller]

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take the bytes of an announced file."""
        team = self.store.team
        ticket = request.match_info["ticket"]
        entry = team.journal.request("upload", "", {"length": request.content_length})
        trouble = team.faults.next_for("upload")
        if trouble is not None:
            answer = await refuse(trouble, entry)
            if answer is not None:
                return answer
        try:
            stored = self.store.expected_file(ticket)
        except ApiError:
            return web.Response(status=404, text="no such upload")
        size = await receive(request, Path(stored.path), team.rules.max_file_bytes)
        self.store.note_received(ticket, size)
        entry.status = 200
        team.journal.notify()
        return web.Response(text=f"OK - {size}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Serve a file to whoever has a token for it; to others the login page."""
        team = self.store.team
        caller = self.tokens.get(bearer(request))
        entry = team.journal.request("download", caller.kind if caller else "", {})
        entry.args["file"] = request.match_info["file"]
        trouble = team.faults.next_for("download")
        if trouble is not None:
            answer = await refuse(trouble, entry)
            if answer is not None:
                return answer
        entry.status = 200
        hops = int(request.query.get("hop", "0"))
        if hops < team.faults.file_redirects:
            return _redirect(request, hops + 1)
        if not self._may_read(caller):
            entry.error = "login page"
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        return self.serve(request.match_info["file"])

    def serve(self, address: str) -> web.StreamResponse:
        """Serve the bytes of a file by the `TEAM-FILE` part of its address."""
        try:
            stored = self.store.team.state.file(address.removeprefix(f"{TEAM}-"))
        except ApiError:
            return web.Response(status=404, text=LOGIN_PAGE, content_type="text/html")
        return response_for(stored)

    def _may_read(self, caller: Caller | None) -> bool:
        team = self.store.team
        if caller is None or team.faults.is_login_page_for_files or team.faults.revoked:
            return False
        return caller.user != BOT_USER or "files:read" in team.rules.scopes


def response_for(stored: StoredFile, *, is_attachment: bool = True) -> web.FileResponse:
    """Return the bytes with headers that keep a browser from running them."""
    name = "".join(
        c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in stored.info["name"]
    )
    kind = "attachment" if is_attachment else "inline"
    headers = {
        "Content-Type": stored.info["mimetype"],
        "Content-Disposition": f'{kind}; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return web.FileResponse(stored.path, headers=headers)


async def receive(request: web.Request, path: Path, limit: int) -> int:
    """Write a request body, raw or multipart, to a file; return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source: BodyPartReader | None = None
    if request.content_type.startswith("multipart/"):
        part = await (await request.multipart()).next()
        source = part if isinstance(part, BodyPartReader) else None
    size = 0
    with path.open("wb") as file:
        while True:
            chunk = await (source.read_chunk(CHUNK) if source else request.content.read(CHUNK))
            if not chunk:
                return size
            size += len(chunk)
            if size > limit:
                raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=size)
            await asyncio.to_thread(file.write, chunk)


def _redirect(request: web.Request, hop: int) -> web.Response:
    """Send the client to the other name of this host."""
    host, _, port = request.host.partition(":")
    other = "localhost" if host == "127.0.0.1" else "127.0.0.1"
    address = f"http://{other}:{port}{request.path}?hop={hop}"
    return web.Response(status=302, headers={"Location": address})
