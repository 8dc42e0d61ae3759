"""What is made again has all that is compared; all of it where that is cheap or asked for."""

import json
from pathlib import Path

import pytest
from laid_designs import designed

from agent_core.domain import Script, cells_of
from agent_core.execution.experiment import Experiment
from agent_core.verification.confirming import CHEAP_S, confirming, ordered
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel

CELLS = cells_of(designed(seeds=tuple(range(20))))


@pytest.fixture
def experiment(tmp_path):
    script = Script("", "import labbook")
    return Experiment("run", "user", 1, script, {}, tmp_path / "rerun", 60.0, cells=CELLS)


def execution(folder, duration_s):
    """Return an execution in which one process made one cell after the other."""
    left = []
    for number, cell in enumerate(CELLS):
        path = folder / cell.id
        path.write_text(json.dumps({"after": [c.id for c in CELLS[:number]]}))
        left.append(Artifact(f"cells/{cell.id}/cell.json", Path(path), 1))
    told = (0, Ended.FINISHED, "", duration_s, IsolationLevel.COLD)
    return Execution(*told, artifacts=tuple(left))


def test_a_sample_has_every_algorithm_and_level_of_data(experiment, tmp_path):
    again = confirming(experiment, execution(tmp_path, 2 * CHEAP_S), "sample")

    chosen = [c for c in CELLS if c.id in again.wanted]
    assert len(chosen) < len(CELLS) / 4
    assert {c.algorithm.name for c in chosen} == {c.algorithm.name for c in CELLS}
    assert {c.block.name for c in chosen} == {c.block.name for c in CELLS}
    assert again.alone == again.wanted


@pytest.mark.parametrize(("seconds", "confirm"), [(CHEAP_S, "sample"), (2 * CHEAP_S, "all")])
def test_all_are_made_again_where_that_is_cheap_or_asked_for(
    experiment, tmp_path, seconds, confirm
):
    again = confirming(experiment, execution(tmp_path, seconds), confirm)

    assert again.wanted is None
    # The last of each kind of block, behind which most has run.
    last = {c.block.name: c.id for c in CELLS if c.algorithm.is_random}
    assert set(last.values()) <= again.alone


def test_the_same_order_is_one_process_elsewhere(experiment):
    again = ordered(experiment, [c.id for c in CELLS[:3]])

    assert again.wanted == {c.id for c in CELLS[:3]}
    assert again.is_one_process
    assert again.folder != experiment.folder
