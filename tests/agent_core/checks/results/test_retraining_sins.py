"""Lists that no training of the product leads to; and the check that finds it."""

import pytest
from sins import FAIL, Sins

from agent_core.evidence.retrained import Pair, Retrained

sin = Sins()


@sin("retraining_agrees", FAIL, metric="hit@10", algorithm="ItemKNN", trained=0.45, delivered=0.18)
def lists_that_no_training_leads_to(made):
    made.retrained = Retrained("0", (Pair("ItemKNN", "hit", 10, 0.18, 0.45, 0.02, 1),))


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
