"""From a task to its first plan: which files it means, what is in them, what will be done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from agent_core.data.child import Wanted, read_in_child
from agent_core.data.given_files import RECIPES, table_name, write_recipes
from agent_core.domain import Dataset, Plan, PlanChange, Task
from agent_core.errors import BadDataset

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
NAMED_FILE = re.compile(r"[\w.-]+\.\w{1,8}\b")


def files_of(task: Task, workspace: Path) -> dict[str, Path]:
    """Return the datasets of a task: what is attached, else files of the workspace it names.

    Raises
    ------
    BadDataset
        When there is none, with how to give one.
    """
    if task.files:
        return _file_names(task.files)
    names = dict.fromkeys(NAMED_FILE.findall(task.text))
    found = [workspace / n for n in names if (workspace / n).is_file()]
    if found:
        return _file_names(found)
    missing = f" ({', '.join(names)} is not in {workspace})" if names else ""
    raise BadDataset(
        f"There is no dataset{missing}. Attach a file with user and item columns (CSV, TSV, "
        f"u.data), or name one that lies in the folder `exec.workspace`."
    )


async def read_files(
    files: Mapping[str, Path], folder: Path, task: str = ""
) -> tuple[Dataset, ...]:
    """Read all files, each in a process of its own; put tables and recipes into a folder.

    Parameters
    ----------
    files
        Dataset name to the file.
    folder
        Where scripts are given their data from.
    task
        The user's words, which may say what columns hold.

    Raises
    ------
    BadDataset
        For the first file that cannot be used.
    """
    wanted = [Wanted(p, name, task, folder / table_name(name)) for name, p in files.items()]
    datasets = tuple(await asyncio.gather(*map(read_in_child, wanted)))
    write_recipes(folder / RECIPES, datasets)
    return datasets


def before_last_change(plans: tuple[Plan, ...], changes: tuple[PlanChange, ...]) -> Plan:
    """Return the version that the last change, undone changes skipped, was made on."""
    stack: list[Plan] = []
    for plan, change in zip(plans, changes, strict=True):
        undone = len(stack) > 1 and change.back_to == stack[-2].version
        stack = stack[:-1] if undone else [*stack, plan]
    return stack[-2] if len(stack) > 1 else stack[0]


def _file_names(files: tuple[Path, ...] | list[Path]) -> dict[str, Path]:
    """Give each file a plain name of its own inside the working directory."""
    result: dict[str, Path] = {}
    for path in files:
        name = UNSAFE.sub("_", path.name).lstrip(".") or "data"
        while name in result:
            name = f"_{name}"
        result[name] = path
    return result
