"""Errors of the bot, and what people are told about any error.

SlackError
├── SlackUnavailable    tokens, scopes or connection do not allow to start
├── DataBusy            another process serves Slack with the same data folder
└── FileTrouble         an attachment cannot be had; says why and what to do
"""

from __future__ import annotations

from agent_core.errors import AgentError, machine_trouble
from sandbox.errors import SandboxError
from storage.errors import StorageError


class SlackError(Exception):
    """Something in the conversation with Slack does not work; the message is for people."""


class SlackUnavailable(SlackError):
    """Slack cannot be used with these tokens; says what to do."""


class DataBusy(SlackError):
    """Another process serves Slack with the same data folder."""


class FileTrouble(SlackError):
    """An attachment cannot be downloaded; says which, why and what to do."""


def describe(error: BaseException) -> str:
    """Return what a person is told: our own words where we have them, never internals."""
    if isinstance(error, (AgentError, SandboxError, SlackError, StorageError)):
        return str(error)
    if told := machine_trouble(error):
        return told
    kind = type(error).__name__
    return (
        f"Something went wrong inside ({kind}); it is in my log. Nothing recorded is lost: try "
        "again, and tell an admin if it stays."
    )


UPLOAD_REMEDIES = {
    "not_in_channel": "I am not a member of this channel. Type /invite and my name, then ask for "
    "the files again with Re-run.",
    "missing_scope": "the app lacks the scope files:write; an admin has to reinstall it.",
    "file_uploads_disabled": "uploads are switched off in this workspace; ask an admin.",
    "file_upload_size_restricted": "the workspace does not allow files of this size.",
    "file_type_not_allowed": "the workspace does not allow files of this type.",
    "storage_limit_reached": "the workspace has no storage left.",
}


def upload_trouble(code: str, why: str = "") -> str:
    """Return why an upload failed and what to do: from Slack's error code, or our own words."""
    return f"{why}." if why else UPLOAD_REMEDIES.get(code, f"Slack answered {code}.")
