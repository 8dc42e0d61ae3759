"""Calls of Slack's Web API, with its many errors turned into two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)
ADMINS_MATTER = frozenset(
    {"invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed"}
)
REFUSAL_WAIT_S = 60.0
"""Pause after a refused token: only an admin can mend that."""


class Refused(Exception):
    """Slack will never take this."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why or code)
        self.code = code
        self.why = why
        """In words, where it is not Slack who refuses."""


class Uncertain(Exception):
    """It did not work now; it may even have worked without our knowing."""

    def __init__(
        self,
        why: str,
        *,
        wait_s: float = 0.0,
        may_be_done: bool = True,
        is_token_refused: bool = False,
    ) -> None:
        super().__init__(why)
        self.wait_s = wait_s
        self.may_be_done = may_be_done
        self.is_token_refused = is_token_refused


async def call_slack(call: Callable[[], Awaitable[Any]]) -> Any:
    """Await a call, with Slack's many errors turned into two."""
    try:
        return await call()
    except SlackApiError as error:
        raise _classified(error) from error
    except aiohttp.ClientConnectorError as error:
        raise Uncertain(f"no connection: {error}", may_be_done=False) from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        raise Uncertain(f"{type(error).__name__}: {error}") from error


def _classified(error: SlackApiError) -> Refused | Uncertain:
    """Tell an answer that will stay from one that passes."""
    response: Any = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or code == "ratelimited":
        wait = _retry_after(getattr(response, "headers", {}) or {})
        return Uncertain("rate limited", wait_s=wait, may_be_done=False)
    if code in ADMINS_MATTER:
        return Uncertain(
            f"Slack answers {code}",
            wait_s=REFUSAL_WAIT_S,
            may_be_done=False,
            is_token_refused=True,
        )
    if status >= 500 or code in PASSING or not code:
        return Uncertain(f"Slack answers {code or status}")
    return Refused(code)


def _retry_after(headers: Any) -> float:
    """Return the seconds that Slack asks to wait."""
    for name in ("Retry-After", "retry-after"):
        value = headers.get(name)
        if value is not None:
            first = value[0] if isinstance(value, list) else value
            return float(first) if str(first).replace(".", "", 1).isdigit() else 1.0
    return 1.0
