"""A sample of whole LensKit scripts, sinful and honest, through sandbox and checks.

All of them, on two datasets: `python benchmarks/soak_checks.py`.
"""

import pytest
from cases import HONEST, SINS
from tiers import each_of
from trials import fault_of, synthetic, tried

from agent_core.checks.registry import RULES
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

SAMPLE = (
    "classic recall of its own",
    "saves another split than it trains on",
    "a hyperparameter that is ignored",
    "one seed for all repetitions",
    "values rounded up afterwards",
    "tuned on validation",
)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("sample", each_of(SAMPLE, 6))
async def test_sampled_scripts_are_judged_as_they_must_be(tmp_path, sample):
    material = synthetic(tmp_path)
    (case,) = (c for c in (*SINS, *HONEST) if c.name == sample)
    folder = tmp_path / "tried"
    folder.mkdir()

    async with open_sandbox(SandboxSettings(level="auto")) as sandbox:
        fault = fault_of(case, *await tried(case, material, sandbox, folder))

    assert not fault


def test_there_are_enough_scripts_and_all_can_be_made():
    names = [c.name for c in (*SINS, *HONEST)]
    for case in (*SINS, *HONEST):
        compile(case.source("pd.read_csv('d.csv')", "d.csv"), case.name, "exec")

    assert len(names) == len(set(names))
    assert len(SINS) >= 30
    assert len(HONEST) >= 15


def test_every_check_is_the_one_that_finds_a_script():
    # These are of cells of a design; these scripts have none.
    assert {c.check for c in SINS} == {r.name for r in RULES} - {
        "chosen_on_validation",
        "cells_independent",
    }


def test_half_of_the_sins_would_be_missed_by_a_skimming_reader():
    assert 2 * sum(c.is_subtle for c in SINS) >= len(SINS)
