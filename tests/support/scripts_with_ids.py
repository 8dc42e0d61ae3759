"""A script that splits a file by its users, and the evidence of it."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
from builders import plan_of
from scripts_with_labbook import LABBOOK, artifacts_of

from agent_core.data.given_files import table_name, with_tables, write_recipes
from agent_core.data.profile import profile
from agent_core.evidence.evidence import read_evidence
from sandbox.execution import Ended, Execution, IsolationLevel

NAME = "data.csv"


def split_file(folder: Path, read, monkeypatch, form=lambda frame: frame):
    """Return the evidence of a script that reads a file by `read(labbook)` and tests every third.

    Both parts are handed to the helper in some form. Each tested item is recommended to its user,
    so that all hits are found where ids join.
    """
    file = folder / NAME
    dataset = profile(file, table=folder / table_name(NAME))
    write_recipes(folder / ".recipes.json", [dataset])
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LABBOOK_BEGAN", raising=False)
    labbook = _fresh_labbook(monkeypatch)
    _deliver(labbook, read(labbook), form)
    given = {NAME, table_name(NAME), ".recipes.json"}
    artifacts = tuple(a for a in artifacts_of(folder) if a.name not in given)
    execution = Execution(0, Ended.FINISHED, "", 1.0, IsolationLevel.COLD, artifacts=artifacts)
    plan = replace(plan_of(), datasets=(NAME,))
    return read_evidence(plan, "", execution, (dataset,), with_tables({NAME: file}))


def _fresh_labbook(monkeypatch):
    """Return the helper as a script of its own has it."""
    spec = importlib.util.spec_from_file_location("labbook_of_a_script", LABBOOK)
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up.
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def _deliver(labbook, frame: pd.DataFrame, form) -> None:
    is_test = frame.index % 3 == 0
    train, test = frame[~is_test], frame[is_test]
    labbook.dataset(NAME, form(frame))
    labbook.split(0, form(train), form(test))
    labbook.lists("A", test.dropna().assign(rank=1), fold=0)
    labbook.row("hit@1", 1.0, algorithm="A", fold=0)
