"""The registry of metrics: one name, label and direction for all that read them."""

import pytest

from agent_core.domain import Better, Metric
from agent_core.domain.metric import ALIASES, BY_NAME, KINDS, usual_name
from agent_core.measures.metrics import RANKING, SETTLED
from agent_core.offline.catalogue import METRICS
from sandbox import labbook


def test_the_helper_of_scripts_knows_the_same_names():
    assert labbook.ALIASES == ALIASES


def test_each_name_is_that_of_one_metric():
    names = [name for kind in KINDS for name in (kind.name, *kind.aliases)]

    assert len(names) == len(set(names))


def test_what_is_computed_or_planned_is_known():
    assert set(BY_NAME) >= SETTLED
    assert set(METRICS) <= set(BY_NAME)
    assert all(BY_NAME[name].better is not Better.UNKNOWN for name in SETTLED)


def test_each_definition_cites_its_source():
    for definitions in RANKING.values():
        for formula, definition in definitions.items():
            assert definition.source, formula


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Hit-Rate", "hit"),
        ("mean reciprocal rank", "mrr"),
        ("catalog_coverage", "coverage"),
        ("NDCG", "ndcg"),
        ("log_loss", "log_loss"),
        ("Surprisal", "surprisal"),
    ],
)
def test_code_may_call_a_metric_otherwise(written, name):
    assert usual_name(written) == name


def test_an_unknown_metric_is_shown_in_capitals_without_a_direction():
    assert Metric("surprisal", 5).label == "SURPRISAL@5"
    assert Metric("surprisal", 5).better is Better.UNKNOWN
