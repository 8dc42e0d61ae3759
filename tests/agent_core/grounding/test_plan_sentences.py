"""Designs of several factors: what honest reports say of them stands, what is false does not."""

from pathlib import Path

import pytest
from planned_designs import filler

from agent_core.grounding.report_text import Part

FOLDER = Path(__file__).with_name("sentences")
HONEST = 0.95


def lines(name):
    """Return the sentences of a corpus with what stands before them."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line.split(": ", 1) for line in text.splitlines() if line and line[0] != "#"]


def test_honest_sentences_stand():
    told = [(*head.split(" "), text) for head, text in lines("plans_honest.txt")]
    tried = [(filler(letter), part, text) for letter, part, text in told]

    struck = [f.struck[0] for f, part, text in tried if not f.fill(text, Part(part))]

    assert len(tried) >= 120
    assert len(struck) <= (1 - HONEST) * len(tried), struck


@pytest.mark.parametrize("part", list(Part))
def test_false_sentences_stand_in_no_part(part):
    told = lines("plans_false.txt")

    assert len(told) >= 80
    assert [(of, text) for of, text in told if filler(of).fill(text, part)] == []
