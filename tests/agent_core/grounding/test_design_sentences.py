"""A study of a design: no lie about it stands, whatever its kind; honest sentences do."""

import re
from pathlib import Path

import pytest
from results import dataset
from studied_cores import cores

from agent_core.domain import (
    Claim,
)
from agent_core.grounding.report_text import Filler, Part
from agent_core.report.answer_chapters import told_answers
from agent_core.statistics.facts import Facts
from agent_core.statistics.quotable import are_apart, estimates_of, quotable

FOLDER = Path(__file__).with_name("sentences")
LETTERS = {"E": "EASE", "I": "ImplicitMF", "P": "Popularity"}
NUMBERED = {"0": "all", "5": "5-core", "10": "10-core"}
HONEST = 0.95


def lines(name):
    """Return the sentences of a corpus with the kind before each, references written out."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    for letter, algorithm in LETTERS.items():
        for number, core in NUMBERED.items():
            reference = f"{{{{ndcg@10|{algorithm} (data={core})|mean}}}}"
            text = text.replace(f"{{{letter}{number}}}", reference)
    text = text.replace("{S0}", "{{ndcg@10|ImplicitMF (data=all)|sd}}")
    return [line.split(": ", 1) for line in text.splitlines() if line and line[0] != "#"]


def filler():
    plan, answers = cores()
    return Filler(
        plan,
        quotable(plan, Facts({}), answers),
        (Claim("Popularity", "EASE", "ndcg@10"),),
        (dataset(),),
        told_answers(plan, answers),
        estimates_of(answers),
        are_apart(answers),
    )


LIES = lines("design_lies.txt")
TRUE = lines("design_honest.txt")


def test_there_are_ten_lies_of_each_kind():
    kinds = [kind for kind, _ in LIES]

    assert {kinds.count(kind) for kind in kinds} == {10}


@pytest.mark.parametrize(("kind", "text"), LIES)
def test_no_lie_stands_in_any_part(kind, text):
    tried = filler()

    assert [tried.fill(text, part) for part in Part] == ["", "", ""]


def test_honest_sentences_stand():
    struck = [text for part, text in TRUE if not filler().fill(text, Part(part))]

    assert len(struck) <= (1 - HONEST) * len(TRUE), struck


def test_a_value_is_told_with_the_level_that_its_sentence_leaves_out():
    told = filler().fill("EASE reaches {{ndcg@10|EASE (data=10-core)|mean}}.")

    assert re.search(r"0\.3\d+ \(.*10-core\)", told)


def test_a_sentence_of_an_answer_is_told_whole():
    plan, answers = cores()
    first = told_answers(plan, answers)[2].sentences[0]

    assert filler().fill("{{answer:3}}") == first
