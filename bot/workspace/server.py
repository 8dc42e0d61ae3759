"""The local workspace: a loopback server that speaks Slack's protocols, and its web page."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.workspace.call import ApiCall, Method
from bot.workspace.clock import Clock
from bot.workspace.errors import ApiError, PortTakenError
from bot.workspace.faults import Faults
from bot.workspace.file_routes import FileRoutes
from bot.workspace.filestore import SharedFiles
from bot.workspace.hub import Hub
from bot.workspace.methods import chat, conversations, reactions, sessions
from bot.workspace.methods.files import file_methods
from bot.workspace.methods.views import view_methods
from bot.workspace.modals import Modals
from bot.workspace.page_routes import Page
from bot.workspace.people import People
from bot.workspace.ratelimit import Limiter
from bot.workspace.rules import Json, Rules
from bot.workspace.socket_mode import SocketMode
from bot.workspace.state import State, first_users
from bot.workspace.team import Team
from bot.workspace.traffic import Traffic
from bot.workspace.triggers import Triggers
from bot.workspace.webapi import WebApi, arguments
from bot.workspace.workspace import Tokens, Workspace

HOST = "127.0.0.1"
BODY_BYTES = 64 << 20
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def open_workspace(
    port: int = 0,
    folder: Path | None = None,
    faults: Faults | None = None,
    rules: Rules | None = None,
) -> AsyncIterator[Workspace]:
    """Serve a workspace on loopback until the block ends.

    Parameters
    ----------
    port
        Port on 127.0.0.1; 0 takes a free one.
    folder
        Where the conversation is kept from one start to the next; without it nothing is kept.
    faults, rules
        What goes wrong, and how strict the workspace is.

    Raises
    ------
    PortTakenError
        When the port is in use.
    """
    async with AsyncExitStack() as stack:
        listener = _bind(port)
        stack.callback(listener.close)
        if folder is None:
            kept = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workspace-")))
        else:
            kept = folder
        actual = listener.getsockname()[1]
        people, limiter = _make_people(kept, actual, faults or Faults(), rules or Rules())
        workspace = _make_workspace(people, limiter, actual)
        runner = web.AppRunner(
            _application(workspace, limiter), access_log=None, shutdown_timeout=1.0
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listener).start()
        stack.push_async_callback(_shut, workspace, folder is not None)
        yield workspace


async def _shut(workspace: Workspace, is_kept: bool) -> None:
    """End all connections; keep the conversation where it has a folder."""
    team = workspace.people.team
    team.hub.close()
    await team.socket.close()
    if is_kept:
        await asyncio.to_thread(team.state.save, team.base_url)


def _bind(port: int) -> socket.socket:
    """Return a socket that listens on loopback."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        message = f"port {port} on {HOST} is in use; name another with --port"
        raise PortTakenError(message) from error
    return listener


def _make_people(folder: Path, port: int, faults: Faults, rules: Rules) -> tuple[People, Limiter]:
    """Return people in a team whose state lies in `folder`."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    state = State(folder, first_users(rules.bot_name))
    base_url = f"http://{HOST}:{port}"
    state.load(base_url)
    clock, journal = Clock(rules.speed, rules.first_ts), Traffic()
    for channel in state.channels.values():
        for ts in channel.messages:
            clock.reach(ts)
    sockets = SocketMode(clock, rules, faults, journal)
    team = Team(state, clock, rules, faults, journal, sockets, Hub(), base_url)
    triggers = Triggers(clock, rules)
    people = People(team, SharedFiles(team), Modals(team, triggers), triggers)
    return people, Limiter(clock.now, rules.has_rate_limits)


def _make_workspace(people: People, limiter: Limiter, port: int) -> Workspace:
    """Return the workspace with fresh random tokens."""
    users = people.team.state.users
    persons = [user for user, known in users.items() if not known["is_bot"]]
    digits = secrets.randbelow(10**12)
    tokens = Tokens(
        bot=f"xoxb-{digits:012d}-{secrets.token_hex(12)}",
        app=f"xapp-1-A0LOCALLAB1-{digits:012d}-{secrets.token_hex(16)}",
        users={user: f"xoxp-{digits:012d}-{secrets.token_hex(12)}" for user in persons},
        signing_secret=secrets.token_hex(16),
    )
    return Workspace(people, tokens, limiter, Page(people, port))


def _application(workspace: Workspace, limiter: Limiter) -> web.Application:
    """Return the web application with every address of the workspace."""
    people, callers = workspace.people, workspace.tokens.callers()
    files = FileRoutes(people.store, callers)
    api = WebApi(people.team, limiter, _all_methods(people), callers)

    async def response_url(request: web.Request) -> web.StreamResponse:
        body = await arguments(request)
        people.team.journal.request("response_url", "bot", body)
        try:
            people.answer_url(request.match_info["ticket"], body)
        except ApiError as error:
            return web.json_response({"ok": False, "error": error.code}, status=404)
        return web.Response(text="ok")

    app = web.Application(
        client_max_size=BODY_BYTES, middlewares=[_host_guard(workspace.page.port)]
    )
    app.add_routes(
        [
            web.route("*", "/api/{method}", api.serve),
            web.get("/link", people.team.socket.connect),
            web.post("/upload/v1/{ticket}", files.upload),
            web.get("/files-pri/{file}/{name}", files.download),
            web.get("/files-pri/{file}/download/{name}", files.download),
            web.post("/response/{ticket}", response_url),
            *workspace.page.routes(),
        ]
    )
    return app


def _all_methods(people: People) -> dict[str, Method]:
    """Return every method of the Web API that is served."""

    def open_connection(call: ApiCall) -> Json:
        if call.team.faults.is_refusing_connections:
            raise ApiError("internal_error")
        address = call.team.base_url.replace("http://", "ws://")
        return {"url": f"{address}/link?ticket={call.team.socket.issue_ticket()}"}

    return {
        **chat.METHODS,
        **conversations.METHODS,
        **reactions.METHODS,
        **sessions.METHODS,
        **file_methods(people.store),
        **view_methods(people.modals),
        "apps.connections.open": Method(open_connection, 0, kinds=("app",)),
    }


def _host_guard(port: int) -> Middleware:
    """Return a middleware that refuses foreign Host and Origin headers."""
    hosts = {f"{HOST}:{port}", f"localhost:{port}"}
    origins = {f"http://{host}" for host in hosts}

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in hosts:
            return web.Response(status=421, text="This server answers on loopback only.")
        origin = request.headers.get("Origin")
        if origin is not None and origin not in origins:
            return web.Response(status=403, text="Requests from other sites are refused.")
        return await handler(request)

    return guarded
