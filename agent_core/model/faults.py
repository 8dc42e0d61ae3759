"""What may go wrong at an endpoint, told apart: wait, adapt the request, or give up."""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import httpx2
import openai

from agent_core.errors import AgentError, ModelUnavailable
from agent_core.model.redaction import Redactor

MAX_MESSAGE = 300
TOO_LONG_PROMPT = re.compile(r"(?i)context.{0,20}(length|window|size)|prompt is too long")


class Trouble(StrEnum):
    """How one request ended, where it did not end well."""

    THROTTLED = "throttled"
    """Too many requests; to be repeated later."""
    DOWN = "down"
    """Not reached, or an error of the server."""
    SILENT = "timeout"
    """No byte for too long."""
    GARBLED = "malformed"
    """An answer that is no chat completion."""
    REFUSED = "refused"
    """The request itself is not accepted."""


@dataclass(eq=False)
class EndpointFault(Exception):
    """One request failed; the message holds no secrets."""

    trouble: Trouble
    message: str
    wait_s: float | None = None
    status: int = 0
    code: str = ""

    @property
    def is_too_long(self) -> bool:
        """Whether the prompt does not fit into the model's context."""
        said = f"{self.code} {self.message}"
        return self.trouble is Trouble.REFUSED and TOO_LONG_PROMPT.search(said) is not None

    def __str__(self) -> str:
        """Tell what went wrong."""
        return self.message


QUOTA = re.compile(
    r"(?i)insufficient_quota|billing_hard_limit|exceeded your current quota|"
    r"credit balance|insufficient (credit|fund|balance)|quota (is )?(exhausted|used up)"
)
TRANSIENT = (408, 409, 425)


def fault_of(error: Exception, redact: Redactor, address: str) -> EndpointFault | AgentError:
    """Turn an error of the client libraries into what is to be done about it."""
    is_connecting = isinstance(error.__cause__, httpx2.ConnectTimeout)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException) and not is_connecting:
        return EndpointFault(Trouble.SILENT, f"{address} sent nothing for too long")
    if isinstance(error, openai.APIStatusError):
        return status_fault(error.status_code, error.body, error.response.headers, redact, address)
    is_unreached = isinstance(error, openai.APIConnectionError)
    cause = (is_unreached and error.__cause__) or error
    detail = redact(f"{type(cause).__name__}: {cause}")[:MAX_MESSAGE]
    if is_unreached:
        return EndpointFault(Trouble.DOWN, f"{address} cannot be reached ({detail})")
    if isinstance(error, httpx2.TransportError):
        return EndpointFault(Trouble.DOWN, f"the answer of {address} broke off: {detail}")
    return EndpointFault(Trouble.GARBLED, f"{address} answered with something else ({detail})")


def status_fault(
    status: int, body: object, headers: Mapping[str, str], redact: Redactor, address: str
) -> EndpointFault | AgentError:
    """Tell apart what an HTTP status means."""
    code, text = _code_and_text(body)
    text = redact(text)[:MAX_MESSAGE] or f"HTTP {status}"
    if QUOTA.search(f"{code} {text}") or status == 402:
        return ModelUnavailable(
            f"The quota at {address} is exhausted ({text}). Add credit or set another key or "
            "model, then resume.",
            is_permanent=True,
        )
    if status in (401, 403):
        return ModelUnavailable(
            f"{address} refuses the key (HTTP {status}: {text}). Set OPENAI_API_KEY to a valid "
            "key for this endpoint and these models, then resume.",
            is_permanent=True,
        )
    wait_s = _retry_after(headers)
    if status == 429:
        return EndpointFault(Trouble.THROTTLED, f"{address} is busy ({text})", wait_s, status)
    if status >= 500 or status in TRANSIENT:
        detail = f"{address} answered HTTP {status} ({text})"
        return EndpointFault(Trouble.DOWN, detail, wait_s, status, code)
    return EndpointFault(Trouble.REFUSED, text, status=status, code=code)


def _code_and_text(body: object) -> tuple[str, str]:
    """Return code and text of an error's body, in whatever form it comes."""
    if isinstance(body, Mapping):
        inner = body.get("error")
        if isinstance(inner, Mapping):
            return _code_and_text(inner)
        named = (body.get("code"), body.get("type"), body.get("param"))
        code = " ".join(str(part) for part in named if part)
        text = body.get("message") or body.get("detail") or inner or ""
        return code, str(text)
    return "", str(body or "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds a server asks to wait: a number, or a date."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        moment = email.utils.parsedate_tz(value)
        seconds = email.utils.mktime_tz(moment) - time.time() if moment else math.nan
    return max(0.0, seconds) if math.isfinite(seconds) else None
