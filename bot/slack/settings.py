"""`[slack]` and `[access]`: how the bot behaves in Slack, and who may ask it for what."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, SecretStr

from agent_core.settings import Section


class SlackSettings(Section):
    """`[slack]`."""

    auto_start_s: float = Field(0.0, ge=0)
    """Seconds after the plan is shown until the run starts by itself; 0: waits for Start."""
    max_file_mib: int = Field(512, gt=0)
    """Largest attachment that is downloaded."""
    max_files: int = Field(10, gt=0)
    """Most attachments of one message."""
    max_upload_mib: int = Field(512, gt=0)
    """Largest result file that is uploaded; a larger one is named with its path instead."""


class AccessSettings(Section):
    """`[access]`: Slack ids (`C...`, `U...`); an empty list means everybody, everywhere."""

    channels: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    """May steer and stop every task."""
    allow_guests: bool = False
    allow_external: bool = False
    """Whether people of other organisations (Slack Connect) may ask."""
    anyone_may_stop: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach Slack: tokens from the environment, never from the settings file."""

    bot_token: SecretStr
    """`xoxb-...`"""
    app_token: SecretStr
    """`xapp-...`"""
    api_url: str = ""
    """Base address of the Web API; empty: Slack's own."""
