"""Studies that sin in how a test is drawn; and the check that finds it."""

import pytest
from sins import WARN, Sins

sin = Sins()


@sin("held_out_at_random", WARN, seeds="seed 7", planned=42)
def another_seed_than_planned(made):
    made.run["split"]["seed"] = 7


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
