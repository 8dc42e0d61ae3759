"""The Web API: arguments, tokens, scopes, limits and faults around every method."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from bot.workspace.call import ApiCall, Caller, Method, need_scope
from bot.workspace.errors import ApiError
from bot.workspace.faults import ApiTrouble
from bot.workspace.ratelimit import Limiter
from bot.workspace.rules import Json
from bot.workspace.team import Team
from bot.workspace.traffic import ApiRequest

ENCODED = frozenset({"blocks", "metadata", "view", "files", "prompts", "attachments"})


@dataclass(slots=True)
class WebApi:
    """Serves `/api/{method}`."""

    team: Team
    limiter: Limiter
    methods: Mapping[str, Method]
    tokens: Mapping[str, Caller]
    warnings: list[str] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        name = request.match_info["method"]
        args = await arguments(request)
        token = bearer(request) or str(args.pop("token", ""))
        args.pop("token", None)
        caller = self.tokens.get(token)
        entry = self.team.journal.request(name, caller.kind if caller else "", args)
        trouble = self.team.faults.next_for(name)
        if trouble is not None and not trouble.is_after_work:
            answer = await refuse(trouble, entry)
            if answer is not None:
                self.team.journal.notify()
                return answer
        answer = self._answer(name, token, args, entry)
        self.team.journal.notify()
        if trouble is not None and trouble.is_after_work:
            await asyncio.sleep(trouble.delay_s)
            return _lose_answer(request, trouble, entry)
        return answer

    def _answer(self, name: str, token: str, args: Json, entry: ApiRequest) -> web.Response:
        warnings: list[str] = []
        try:
            caller, method = self._admit(name, token)
            wait = self._wait(name, caller, args)
            if wait:
                entry.status, entry.error = 429, "ratelimited"
                return _rate_limited(wait)
            body = {"ok": True, **method.run(ApiCall(self.team, caller, args, warnings))}
        except ApiError as error:
            body = {"ok": False, "error": error.code, **error.extra}
            entry.error = error.code
        if warnings:
            body |= {"warning": ",".join(warnings)}
            body.setdefault("response_metadata", {})["warnings"] = warnings
            entry.warnings = tuple(warnings)
        entry.status = 200
        headers = {"x-oauth-scopes": ",".join(self.team.rules.scopes)}
        return web.json_response(body, headers=headers)

    def _admit(self, name: str, token: str) -> tuple[Caller, Method]:
        if not token:
            raise ApiError("not_authed")
        caller = self.tokens.get(token)
        if caller is None:
            raise ApiError("invalid_auth")
        if self.team.faults.revoked and caller.kind != "user":
            raise ApiError(self.team.faults.revoked)
        method = self.methods.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        if caller.kind not in method.kinds:
            raise ApiError("not_allowed_token_type")
        for scope in method.scopes:
            if caller.kind == "bot":
                _need(self.team, caller, scope)
        return caller, method

    def _wait(self, name: str, caller: Caller, args: Json) -> int:
        if caller.kind == "user":
            return 0
        method = self.methods[name]
        if method.is_post:
            return self.limiter.wait_to_post(caller.user, str(args.get("channel")))
        return self.limiter.wait(caller.user, name, method.tier)


async def arguments(request: web.Request) -> Json:
    """Merge query string, form, JSON and multipart, in this order."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        args |= body if isinstance(body, dict) else {}
    elif request.method == "POST":
        args |= dict(await request.post())
    for name in ENCODED & args.keys():
        if isinstance(args[name], str):
            args[name] = _decode(args[name])
    return args


def bearer(request: web.Request) -> str:
    """Return the token of the Authorization header."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def refuse(trouble: ApiTrouble, entry: ApiRequest) -> web.Response | None:
    """Fail before anything is done; None when the call is only delayed."""
    await asyncio.sleep(trouble.delay_s)
    entry.status, entry.error = trouble.status, trouble.error
    if trouble.status == 429:
        entry.error = "ratelimited"
        return _rate_limited(trouble.retry_after_s)
    if trouble.status != 200:
        return web.Response(status=trouble.status, text="<html>upstream error</html>")
    if trouble.error:
        return web.json_response({"ok": False, "error": trouble.error})
    return None


def _need(team: Team, caller: Caller, scope: str) -> None:
    need_scope(ApiCall(team, caller, {}, []), scope)


def _decode(text: str) -> object:
    """Return the value of a JSON string; the string itself where it is none."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _lose_answer(request: web.Request, trouble: ApiTrouble, entry: ApiRequest) -> web.Response:
    """Lose the answer of a call whose work is done."""
    entry.error = "answer lost"
    if trouble.status != 200:
        return web.Response(status=trouble.status, text="<html>upstream error</html>")
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _rate_limited(wait: int) -> web.Response:
    """Answer 429 with Retry-After."""
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": str(wait)})
