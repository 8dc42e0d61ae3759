"""Files of a workspace: upload addresses, bytes on disk, sharing."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from bot.workspace.errors import ApiError
from bot.workspace.rules import Json
from bot.workspace.state import TEAM, Channel, StoredFile
from bot.workspace.team import Team

TYPES = {
    ".csv": ("csv", "CSV", "text/csv"),
    ".tsv": ("tsv", "TSV", "text/tab-separated-values"),
    ".json": ("json", "JSON", "application/json"),
    ".jsonl": ("text", "Plain Text", "text/plain"),
    ".md": ("markdown", "Markdown", "text/markdown"),
    ".txt": ("text", "Plain Text", "text/plain"),
    ".log": ("text", "Plain Text", "text/plain"),
    ".dat": ("binary", "Binary", "application/octet-stream"),
    ".py": ("python", "Python", "text/x-python"),
    ".png": ("png", "PNG", "image/png"),
    ".jpg": ("jpg", "JPEG", "image/jpeg"),
    ".gif": ("gif", "GIF", "image/gif"),
    ".pdf": ("pdf", "PDF", "application/pdf"),
    ".zip": ("zip", "Zip", "application/zip"),
    ".html": ("html", "HTML", "text/html"),
}
SNIPPET_BYTES = 1 << 20
IMAGES = frozenset({"png", "jpg", "gif"})


@dataclass(slots=True)
class SharedFiles:
    """Takes uploads in and shares them."""

    team: Team
    _uploads: dict[str, str] = field(default_factory=dict)

    def issue(self, user: str, name: str, length: int) -> tuple[str, StoredFile]:
        """Return an upload address for a file to come."""
        if not name or length <= 0:
            raise ApiError("missing_argument")
        if length > self.team.rules.max_file_bytes:
            raise ApiError("file_upload_size_restricted")
        state = self.team.state
        file_id = state.next_id("F")
        path = state.folder / "files" / file_id
        stored = StoredFile(self._info(file_id, user, name, length), str(path), length)
        state.files[file_id] = stored
        ticket = secrets.token_urlsafe(24)
        self._uploads[ticket] = file_id
        return f"{self.team.base_url}/upload/v1/{ticket}", stored

    def expected_file(self, ticket: str) -> StoredFile:
        """Return the file that an upload address waits for."""
        file_id = self._uploads.get(ticket)
        if file_id is None:
            raise ApiError("file_not_found")
        return self.team.state.files[file_id]

    def note_received(self, ticket: str, size: int) -> None:
        """Note that the bytes have arrived."""
        stored = self.expected_file(ticket)
        stored.is_received = True
        stored.info["size"] = size

    def complete(self, file_id: str, title: str) -> StoredFile:
        """Finish an upload whose bytes have arrived."""
        stored = self.team.state.files.get(file_id)
        if stored is None or not stored.is_received:
            raise ApiError("file_not_found")
        if stored.info["size"] != stored.length:
            raise ApiError("file_update_failed")
        stored.is_complete = True
        if title:
            stored.info["title"] = title
        return stored

    def share(self, files: list[StoredFile], channel: Channel, user: str, fields: Json) -> Json:
        """Post one message that carries the files."""
        infos = [file.info for file in files]
        shown = {"subtype": "file_share", "upload": True, "display_as_bot": False}
        message = self.team.add_message(channel, user, {**fields, **shown, "files": infos})
        place = "private" if channel.kind != "channel" else "public"
        collection = {"channel": "channels", "group": "groups", "im": "ims"}[channel.kind]
        for info in infos:
            share = {"ts": message["ts"], "channel_name": channel.name, "team_id": TEAM}
            share |= {"share_user_id": user, "source": "UNKNOWN"}
            share |= {"thread_ts": fields["thread_ts"]} if fields.get("thread_ts") else {}
            info["shares"].setdefault(place, {}).setdefault(channel.id, []).append(share)
            if channel.id not in info[collection]:
                info[collection].append(channel.id)
            event = {"type": "file_shared", "file_id": info["id"], "user_id": user}
            event |= {"file": {"id": info["id"]}, "channel_id": channel.id}
            self.team.emit({**event, "event_ts": message["ts"]}, "file_shared")
        self.team.journal.notify()
        return message

    def delete(self, stored: StoredFile) -> None:
        """Delete a file; messages that carry it show a tombstone."""
        self.team.state.files.pop(stored.info["id"])
        Path(stored.path).unlink(missing_ok=True)
        for key in ("url_private", "url_private_download", "thumb_360"):
            stored.info.pop(key, None)
        stored.info["mode"] = "tombstone"
        for channel in self.team.state.channels.values():
            for message in channel.messages.values():
                if any(info["id"] == stored.info["id"] for info in message.get("files") or []):
                    self.team.show(channel, message)

    def keep(self, user: str, name: str, content: bytes, title: str = "") -> StoredFile:
        """Take in a finished file at once, as the page does."""
        _, stored = self.issue(user, name, len(content))
        path = Path(stored.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        stored.is_received = True
        return self.complete(stored.info["id"], title)

    def _info(self, file_id: str, user: str, name: str, length: int) -> Json:
        kind, pretty, mimetype = _file_type(name)
        base = f"{self.team.base_url}/files-pri/{TEAM}-{file_id}"
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name).lower()
        is_text = mimetype.startswith("text/") or kind == "json"
        info: Json = {
            "id": file_id,
            "created": self.team.clock.wall(),
            "timestamp": self.team.clock.wall(),
            "name": name,
            "title": name,
            "mimetype": mimetype,
            "filetype": kind,
            "pretty_type": pretty,
            "user": user,
            "user_team": TEAM,
            "editable": is_text,
            "size": length,
            "mode": "snippet" if is_text and length <= SNIPPET_BYTES else "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": True,
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{base}/{safe}",
            "url_private_download": f"{base}/download/{safe}",
            "permalink": f"{self.team.base_url}/files/{user}/{file_id}/{safe}",
            "file_access": "visible",
            "has_rich_preview": False,
            "channels": [],
            "groups": [],
            "ims": [],
            "shares": {},
        }
        if kind in IMAGES:
            info |= {"thumb_360": info["url_private"], "thumb_360_w": 360, "thumb_360_h": 240}
        return info


def _file_type(name: str) -> tuple[str, str, str]:
    """Return Slack's file type, its label and the MIME type for a name."""
    suffix = Path(name).suffix.lower()
    if suffix in TYPES:
        return TYPES[suffix]
    guessed = mimetypes.guess_type(name)[0]
    if guessed and not guessed.startswith("text/"):
        return suffix.lstrip("."), suffix.lstrip(".").upper(), guessed
    return "binary", "Binary", "application/octet-stream"
