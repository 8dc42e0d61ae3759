"""Play recorded conversations again: how prompts changed, their size, whether answers read.

    python benchmarks/prompts/replay.py              sizes, then the changed lines of each prompt
    python benchmarks/prompts/replay.py --update     take today's prompts as the recorded ones
    python benchmarks/prompts/replay.py --record     ask the endpoint of OPENAI_BASE_URL afresh

A conversation is a JSON file under `recorded/`: role, request, prompt, what the model said.
Real ones come from `autoreclab run --record FOLDER`, without secrets.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[2]))

from agent_core.errors import AgentError
from agent_core.model.researcher import open_model_researcher
from agent_core.settings import AgentSettings, ModelSettings, PrivacySettings
from benchmarks.prompts.rehearsal import Rehearsing, read_conversation, rehearse

FOLDER = Path(__file__).parent / "recorded"
console = Console()


def main(
    folder: Path = FOLDER,
    *,
    update: Annotated[bool, typer.Option(help="Write today's prompts into the files.")] = False,
    record: Annotated[bool, typer.Option(help="Ask a real endpoint and keep it.")] = False,
    model: Annotated[str, typer.Option(help="Model to record with.")] = "gpt-5-mini",
    into: Annotated[Path, typer.Option(help="Folder of new recordings.")] = Path("recorded-now"),
) -> None:
    """Show what today's templates make of recorded requests."""
    paths = sorted(folder.glob("*.json"))
    if record:
        asyncio.run(ask_afresh(paths, model, into))
        return
    results = asyncio.run(rehearse(paths))
    console.print(sizes(results))
    for result in results:
        for line in result.difference():
            console.print(line, markup=False, highlight=False)
        if update:
            rewrite(result)
    if not all(result.is_usable for result in results):
        raise typer.Exit(1)


def sizes(results: list[Rehearsing]) -> Table:
    """Return sizes then and now, in characters, and whether the answers read."""
    table = Table("conversation", "then", "now", "answers that read")
    for result in results:
        good = sum(not fault for fault in result.faults)
        read = f"{good} of {len(result.faults)}"
        table.add_row(result.path.stem, f"{result.then.size:,}", f"{result.now.size:,}", read)
    return table


def rewrite(result: Rehearsing) -> None:
    """Take today's prompt as the recorded one."""
    body = json.loads(result.path.read_text(encoding="utf-8"))
    body |= {"system": result.now.system, "user": result.now.user}
    result.path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


async def ask_afresh(paths: list[Path], model: str, into: Path) -> None:
    """Ask a real endpoint what was asked before, and keep the conversations."""
    agent = AgentSettings.model_validate({"code": {"model": model}})
    endpoint = ModelSettings(base_url=os.environ.get("OPENAI_BASE_URL", ""))
    key = SecretStr(os.environ.get("OPENAI_API_KEY", ""))
    async with open_model_researcher(
        endpoint, agent, PrivacySettings(), key, record=into
    ) as researcher:
        for path in paths:
            then = read_conversation(path)
            try:
                await getattr(researcher, then.role)(then.request)
                console.print(f"{path.stem}: recorded")
            except AgentError as error:
                console.print(f"{path.stem}: {error}", markup=False)


if __name__ == "__main__":
    typer.run(main)
