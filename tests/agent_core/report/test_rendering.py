"""How a statement becomes a sentence."""

import pytest

from agent_core.report.rendering import as_sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plan v1 frozen", "Plan v1 frozen."),
        ("said: “all of it”", "Said: “all of it”."),
        ("said: “all of it.”", "Said: “all of it.”"),
        ("Why?", "Why?"),
    ],
)
def test_statements_become_sentences(text, shown):
    assert as_sentence(text) == shown
