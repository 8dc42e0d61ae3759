"""`autoreclab doctor` and `env list`: what is here, what is missing, what to do about it."""

from __future__ import annotations

import asyncio
import json
import math
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import Secrets, Settings
from bot.wiring import packages_of
from sandbox.errors import SandboxError
from sandbox.opening import open_sandbox
from sandbox.warm import WarmSandbox
from storage.database import open_database
from storage.errors import StorageError

EXPERIMENT_PACKAGES = ("lenskit", "pandas", "numpy", "scipy", "scikit-learn", "matplotlib")


@dataclass(frozen=True, slots=True)
class Examination:
    """What one examination came to."""

    subject: str
    is_fine: bool
    finding: str


def examine(settings: Settings, *, as_json: bool) -> int:
    """Examine everything; 0 when all is fine."""
    results = asyncio.run(_examine_all(settings))
    if as_json:
        for result in results:
            typer.echo(
                json.dumps(
                    {"subject": result.subject, "ok": result.is_fine, "finding": result.finding}
                )
            )
    else:
        table = Table("", "subject", "finding")
        for result in results:
            table.add_row("ok" if result.is_fine else "MISSING", result.subject, result.finding)
        Console().print(table)
    return 0 if all(r.is_fine for r in results) else 1


def list_packages(settings: Settings, *, as_json: bool) -> int:
    """Print what experiments may import."""
    try:
        found = packages_of(settings)
    except SandboxError as error:
        typer.echo(str(error), err=True)
        return 1
    if as_json:
        typer.echo(json.dumps({"python": found.python, "packages": dict(found.versions)}))
        return 0
    typer.echo(f"python {found.python}")
    for name, version in sorted(found.versions.items()):
        typer.echo(f"{name}=={version}")
    return 0


async def _examine_all(settings: Settings) -> list[Examination]:
    """Run every examination; one that fails does not keep the others from running."""
    examinations: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("python", _examine_python),
        ("storage", _examine_storage),
        ("sandbox", _examine_sandbox),
        ("experiment packages", _examine_packages),
        ("researcher", _examine_researcher),
        ("slack", _examine_slack),
    ]
    results = []
    for subject, examination in examinations:
        try:
            results.append(Examination(subject, is_fine=True, finding=await examination(settings)))
        except (SandboxError, StorageError, LookupError) as error:
            results.append(Examination(subject, is_fine=False, finding=str(error)))
    return results


async def _examine_python(_: Settings) -> str:
    """Name the interpreter of the product."""
    return f"{platform.python_version()} at {sys.prefix}"


async def _examine_storage(settings: Settings) -> str:
    """Open the database."""
    async with open_database(settings.storage) as database:
        return f"{database.folder} is writable"


async def _examine_sandbox(settings: Settings) -> str:
    """Open the sandbox, self-test included, and import all libraries where they are kept warm."""
    once = settings.sandbox.model_copy(update={"preload_after_s": math.inf})
    async with open_sandbox(once) as sandbox:
        if isinstance(sandbox, WarmSandbox):
            await sandbox.warm_up()
        level = f"level {sandbox.level.value}, {sandbox.slots} scripts at once"
        return f"{level}; {sandbox.standing}"


async def _examine_packages(settings: Settings) -> str:
    """Find the packages that experiments need."""
    found = packages_of(settings).versions
    missing = [p for p in EXPERIMENT_PACKAGES if p not in found]
    if missing:
        raise LookupError(f"{', '.join(missing)} not installed; run `make install`.")
    return ", ".join(f"{p} {found[p]}" for p in EXPERIMENT_PACKAGES)


async def _examine_researcher(settings: Settings) -> str:
    """Say who would research."""
    if Secrets().openai_api_key.get_secret_value():
        return f"model {settings.agent.code.model}"
    return "rule-based, no AI model (set OPENAI_API_KEY for one)"


async def _examine_slack(_: Settings) -> str:
    """Say where the bot would connect to."""
    secrets = Secrets()
    tokens = (secrets.slack_bot_token, secrets.slack_app_token)
    if not any(t.get_secret_value() for t in tokens):
        return "no tokens set: `autoreclab demo` needs none; `serve` wants SLACK_BOT_TOKEN"
    if not all(t.get_secret_value() for t in tokens):
        raise LookupError("`serve` wants both SLACK_BOT_TOKEN (xoxb-) and SLACK_APP_TOKEN (xapp-)")
    return f"tokens set, {secrets.slack_api_url or 'slack.com'}"
