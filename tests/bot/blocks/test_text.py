"""Text for Slack: markup, escaping, times."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from agent_core.prose.number_format import duration
from bot.blocks.text import clock, escape, mrkdwn, typed_text, unescape


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**a** and *b* and __c__", "*a* and _b_ and *c*"),
        ("# Title\ntext", "*Title*\ntext"),
        ("- one\n* two", "• one\n• two"),
        ("`a*b*c` **d**", "`a*b*c` *d*"),
        ("**not `a**b`** and *of `c`*", "*not `a**b`* and _of `c`_"),
        ("[x](https://example.org/a)", "<https://example.org/a|x>"),
        ("a < b & <!channel>", "a &lt; b &amp; &lt;!channel&gt;"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```"),
        ("~~gone~~", "~gone~"),
    ],
)
def test_markdown_becomes_mrkdwn(markdown, shown):
    assert mrkdwn(markdown) == shown


@pytest.mark.parametrize(
    ("raw", "typed"),
    [
        ("<@UBOT> a &lt; b &amp; c", "a < b & c"),
        ("see <https://x.org|x.org> in <#C1|lab>", "see https://x.org in #lab"),
        ("add <@U2>", "add <@U2>"),
        ("<!here> now", "@here now"),
        ("<mailto:a@b.org|a@b.org>", "a@b.org"),
    ],
)
def test_incoming_text_is_as_it_was_typed(raw, typed):
    assert typed_text(raw, "UBOT") == typed


@given(st.text())
def test_escaping_is_undone_exactly(text):
    assert unescape(escape(text)) == text


def test_times_are_readable():
    assert [duration(s) for s in (40, 660, 7800, 7200)] == ["40 s", "11 min", "2 h 10 min", "2 h"]
    assert [clock(s) for s in (400, 4000)] == ["6:40", "1:06:40"]
