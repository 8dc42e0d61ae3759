"""Digits fit the uncertainty, and rounding errors are none."""

import pytest

from agent_core.prose.number_format import shown


@pytest.mark.parametrize("half", [1.4e-17, 3e-16, 1e-12, 0.0])
def test_a_rounding_error_is_no_half_width(half):
    assert shown(0.14, half) == "0.1400"


def test_a_rounding_error_is_shown_as_nothing():
    assert shown(-1e-17, 3e-17) == "0.0000"
    assert shown(-1e-17) == "0.0000"


def test_a_small_half_width_still_gives_digits():
    assert shown(0.1234567, 4e-6) == "0.123457"
