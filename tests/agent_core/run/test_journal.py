"""An event that is written can be read again, whatever numbers and words are in it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from builders import plan_of, rated
from hypothesis import HealthCheck, given, settings, strategies as st
from results import dataset

from agent_core.domain import Plan
from agent_core.domain.events import DatasetsProfiled, Event
from agent_core.run.journal import decode, encode
from storage.records import EventRecord

st.register_type_strategy(Path, st.sampled_from([Path("a/b.csv"), Path("ü")]))
st.register_type_strategy(Plan, st.sampled_from([plan_of(), rated(plan_of(), math.inf)]))
st.register_type_strategy(
    Mapping, lambda kind: st.dictionaries(*map(st.from_type, get_args(kind)), max_size=3)
)
ODD = st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan])
NOW = datetime(2026, 1, 2, tzinfo=UTC).isoformat()


def written_and_read(event):
    """Return an event as it comes back from its record."""
    kind, body = encode(event)
    return decode(EventRecord(run="r", seq=1, at=NOW, kind=kind, body=body)).event


@pytest.fixture(autouse=True)
def odd_numbers():
    """Let whatever is a float be an odd one now and then."""
    st.register_type_strategy(float, ODD | st.floats())
    yield
    st.register_type_strategy(float, st.floats())


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda k: k.__name__)
def test_every_kind_of_event_is_read_as_it_was_written(kind):
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_type(kind))
    def check(event):
        back = written_and_read(event)

        assert type(back) is kind
        assert encode(back) == encode(event)

    check()


def test_a_profile_with_infinite_ratings_does_not_make_its_log_unreadable():
    odd = replace(dataset(), rating_values=(1.0, math.inf))

    assert written_and_read(DatasetsProfiled((odd,))).datasets[0].rating_values[1] == math.inf
