"""Keys, credentials and header values taken out of every text that leaves the model's corner."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from agent_core.settings import ModelSettings

MIN_SECRET = 6
"""Shorter values are no secrets, and replacing them would garble every text."""
REMOVED = "[removed]"
SHAPES = (
    re.compile(r"\bsk-[A-Za-z0-9*_-]{6,}"),
    re.compile(r"(?i)\bbearer\s+[A-Za-z0-9._~+/=*-]{12,}"),
    re.compile(r"(?i)\bauthorization[\"']?:\s*[\"']?\w+\s+[A-Za-z0-9._~+/=*-]+"),
    re.compile(r"(?<=://)[^/\s@]+@"),
)


class Redactor:
    """Replaces known secrets, and what looks like a key, in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {s for s in secrets if len(s) >= MIN_SECRET}
        self.secrets = sorted(known, key=len, reverse=True)

    def __repr__(self) -> str:
        """Say how many secrets are known, not which."""
        return f"Redactor({len(self.secrets)} secrets)"

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        for shape in SHAPES:
            text = shape.sub(REMOVED, self.known(text))
        return text

    def known(self, text: str) -> str:
        """Return `text` without the secrets of the settings; what looks like a key stays."""
        for secret in self.secrets:
            text = text.replace(secret, REMOVED)
        return text


def redactor(settings: ModelSettings, key: SecretStr) -> Redactor:
    """Collect the secrets of an endpoint: key, header values, credentials in its address."""
    address = urlsplit(settings.base_url)
    userinfo = [unquote(part) for part in (address.username, address.password) if part]
    query = re.split(r"[&=]", address.query) if address.query else []
    secrets = [key.get_secret_value(), *settings.headers.values(), *userinfo, *query]
    return Redactor([*secrets, settings.organization])


def shown_address(base_url: str) -> str:
    """Return an address for people: without credentials and query."""
    address = urlsplit(base_url)
    if not address.hostname:
        return "the default endpoint"
    port = f":{address.port}" if address.port else ""
    return f"{address.scheme}://{address.hostname}{port}{address.path}"
