"""Studies that sin in choosing on the test; and the check that finds it."""

import pytest
from sins import WARN, Sins

sin = Sins()


@sin("selected_without_test", WARN, algorithms="ImplicitMF")
def tuned_on_the_test(made):
    made.run["algorithms"]["ImplicitMF"] |= {"trials": 5, "selected_on": "test NDCG"}


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
