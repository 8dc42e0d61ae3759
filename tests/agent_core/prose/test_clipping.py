"""Long texts end in an ellipsis, and fit."""

from hypothesis import given, strategies as st

from agent_core.prose.clipping import clipped, on_one_line


@given(st.text(max_size=60), st.integers(min_value=1, max_value=80))
def test_a_clipped_text_fits_and_says_that_something_is_missing(text, most):
    told = clipped(text, most)

    assert len(told) <= most
    assert told == text if len(text) <= most else told.endswith("…")


@given(st.text(max_size=60))
def test_one_line_has_no_breaks(text):
    assert on_one_line(text, 30).splitlines() in ([], [on_one_line(text, 30)])
