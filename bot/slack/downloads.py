"""Downloads attachments: redirects by hand, the token to Slack's hosts only, bounded."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import FileTrouble
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import Attachment, attachment_of

log = logging.getLogger(__name__)

REDIRECTS = 3
CHUNK = 1 << 16
TIMEOUT = aiohttp.ClientTimeout(total=900, sock_connect=20, sock_read=60)
SLACK_HOSTS = ("slack.com", "slack-files.com", "slack-edge.com")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
HTML = re.compile(rb"^\s*(<!doctype html|<html)", re.IGNORECASE)
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Downloads:
    """Fetches the files of messages into a folder."""

    client: AsyncWebClient
    token: SecretStr
    api_url: str
    folder: Path
    max_mib: int = 512
    max_files: int = 10

    async def fetch(self, name: str, files: Sequence[Attachment]) -> tuple[Path, ...]:
        """Download all files into a folder of their own.

        Raises
        ------
        FileTrouble
            For the first file that cannot be had; nothing is kept then.
        """
        if len(files) > self.max_files:
            raise FileTrouble(f"{len(files)} files are too many; attach at most {self.max_files}.")
        folder = self.folder / UNSAFE.sub("_", name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as session:
                names = _safe_names(files)
                return tuple(
                    [
                        await self.download(session, f, folder / n)
                        for f, n in zip(files, names, strict=True)
                    ]
                )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def forget(self, name: str) -> None:
        """Delete what was downloaded."""
        shutil.rmtree(self.folder / UNSAFE.sub("_", name), ignore_errors=True)

    async def download(self, session: aiohttp.ClientSession, file: Attachment, path: Path) -> Path:
        """Download one file to `path`, under a temporary name until it is whole."""
        file = await self._ask_about(file) if file.needs_info or not file.url else file
        _reject(file, self.max_mib)
        draft = path.with_name(f"{path.name}.part")
        try:
            await self.stream(session, file, draft)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FileTrouble(
                f"`{file.name}` could not be downloaded ({type(error).__name__}). Try again, or "
                "attach it once more in this thread."
            ) from error
        return draft.rename(path)

    async def stream(self, session: aiohttp.ClientSession, file: Attachment, draft: Path) -> None:
        """Follow redirects by hand and write the bytes."""
        url = file.url
        for _ in range(REDIRECTS + 1):
            headers = {"Authorization": f"Bearer {self.token.get_secret_value()}"}
            with_token = headers if self.is_trusted(url) else {}
            async with session.get(url, headers=with_token, allow_redirects=False) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    url = urljoin(url, answer.headers.get("Location", ""))
                    continue
                if answer.status != 200:
                    raise FileTrouble(
                        f"`{file.name}`: Slack answers {answer.status}. Attach the file once more."
                    )
                await self.write(answer, file, draft)
                return
        raise FileTrouble(f"`{file.name}`: too many redirects. Attach the file once more.")

    async def write(self, answer: aiohttp.ClientResponse, file: Attachment, draft: Path) -> None:
        """Write an answer's bytes, refusing a login page and what is too large."""
        size, limit = 0, self.max_mib * MIB
        with draft.open("wb") as target:
            async for chunk in answer.content.iter_chunked(CHUNK):
                if not size and _is_login_page(answer, file, chunk):
                    raise FileTrouble(
                        f"`{file.name}`: Slack shows its login page instead of the file. The app "
                        "lacks the scope files:read, or the token is old; an admin has to "
                        "reinstall it."
                    )
                size += len(chunk)
                if size > limit:
                    raise FileTrouble(_too_large(file.name, size, self.max_mib))
                target.write(chunk)
        if file.size and size != file.size:
            raise FileTrouble(
                f"`{file.name}` arrived incomplete ({size:,} of {file.size:,} bytes). Attach it "
                "once more."
            )

    def is_trusted(self, url: str) -> bool:
        """Whether an address may see the token: Slack over https, or the workspace's own host."""
        parts, own = urlsplit(url), urlsplit(self.api_url)
        host = parts.hostname or ""
        if own.hostname and (host, parts.port) == (own.hostname, own.port):
            return parts.scheme == own.scheme
        if own.hostname in LOOPBACK:
            return host in LOOPBACK and parts.port == own.port
        is_slack = any(host == h or host.endswith(f".{h}") for h in SLACK_HOSTS)
        return is_slack and parts.scheme == "https"

    async def _ask_about(self, file: Attachment) -> Attachment:
        """Ask Slack for a file's address where the message does not have it."""
        try:
            answer = await call_slack(lambda: self.client.files_info(file=file.id))
        except (Refused, Uncertain) as error:
            raise FileTrouble(f"`{file.name}`: Slack does not show it to me ({error}).") from error
        return attachment_of(answer["file"])


def _safe_names(files: Sequence[Attachment]) -> tuple[str, ...]:
    """Return plain names, each once."""
    names: list[str] = []
    for file in files:
        name = UNSAFE.sub("_", Path(file.name).name).lstrip(".")[-100:] or "data"
        while name in names:
            name = f"_{name}"
        names.append(name)
    return tuple(names)


def _reject(file: Attachment, max_mib: int) -> None:
    """Refuse what there is nothing to download of, and what is too large."""
    if file.mode == "external":
        raise FileTrouble(
            f"`{file.name}` is a link to another service; I can only read files that are attached "
            "in Slack itself."
        )
    if file.mode in ("tombstone", "hidden_by_limit") or not file.url:
        raise FileTrouble(f"`{file.name}` is not in Slack any more. Attach it once more.")
    if file.size > max_mib * MIB:
        raise FileTrouble(_too_large(file.name, file.size, max_mib))


def _too_large(name: str, size: int, max_mib: int) -> str:
    """Say that a file is too large, and what to do."""
    return (
        f"`{name}` is too large ({size / MIB:,.0f} MiB; at most {max_mib} MiB, setting "
        "`slack.max_file_mib`). Attach a sample, or let an admin put the file into the folder "
        "`exec.workspace` and name it in your question."
    )


def _is_login_page(answer: aiohttp.ClientResponse, file: Attachment, start: bytes) -> bool:
    """Whether Slack sent its login page in the place of a file that is no web page."""
    is_page = file.mimetype == "text/html" or file.name.lower().endswith((".html", ".htm"))
    is_whole = file.size > 0 and answer.content_length == file.size
    if is_page or is_whole:
        return False
    return answer.content_type == "text/html" or HTML.match(start) is not None
