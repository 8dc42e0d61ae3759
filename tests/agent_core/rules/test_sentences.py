"""Sentences of the field, written by somebody who did not know the reader, mean their rules."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from builders import plan_of

from agent_core.domain import DataRule, DataRuleKind, SplitRules
from agent_core.domain.rules import COUNTING
from agent_core.prose.number_words import with_digits
from agent_core.rules.data_words import data_rules, lowest_tested
from agent_core.rules.reading import with_rules_read
from agent_core.rules.split_fields import split_fields

FILES = sorted((Path(__file__).parent / "sentences").glob("*.tsv"))
WITH_SIDES = (*COUNTING, DataRuleKind.SAMPLE)
LEAST_SHARE = 0.95


def sentences_in(path):
    """Return the sentences of a file, each with the rules that it means."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(text, json.loads(rules)) for text, rules in (line.split("\t") for line in lines)]


def comparable(rule):
    """Return what two data rules are held against each other by: not the words, nor idle sides."""
    bare = (
        {"text": ""} if rule["kind"] is not DataRuleKind.OTHER else asdict(DataRule(rule["kind"]))
    )
    side = {} if rule["kind"] in WITH_SIDES else {"of": ""}
    return {**rule, **bare, **side}


def meant_rules(rules):
    return [comparable(asdict(DataRule(**{**r, "kind": DataRuleKind(r["kind"])}))) for r in rules]


def read_rules(text):
    return [comparable(asdict(rule)) for rule in data_rules([with_digits(text)])]


def read_fields(text):
    lowest = lowest_tested([with_digits(text)])
    tested = {"lowest_test_rating": lowest} if lowest is not None else {}
    return split_fields([with_digits(text)]) | tested


def test_the_files_hold_hundreds_of_sentences_a_third_of_which_mean_nothing():
    sentences = [one for path in FILES for one in sentences_in(path)]

    silent = [text for text, rules in sentences if not rules["data"] and not rules["split"]]
    assert len(sentences) >= 480
    assert len(silent) >= 160


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nearly_all_sentences_mean_what_is_read(path):
    misread = [
        (text, read_rules(text), read_fields(text))
        for text, rules in sentences_in(path)
        if (read_rules(text), read_fields(text)) != (meant_rules(rules["data"]), rules["split"])
    ]

    assert len(misread) <= (1 - LEAST_SHARE) * len(sentences_in(path)), misread


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_negated_supposed_or_told_gives_no_rule(path):
    plan = plan_of()
    silent = [
        text for text, rules in sentences_in(path) if not rules["data"] and not rules["split"]
    ]

    changed = [
        text
        for text in silent
        if (read_rules(text), read_fields(text)) != ([], {})
        or with_rules_read(replace(plan, assumptions=(text,))).data != plan.data
        or with_rules_read(replace(plan, assumptions=(text,))).split != with_rules_read(plan).split
    ]

    assert changed == []


def test_a_field_that_is_read_is_one_of_a_split():
    read = [read_fields(text) for path in FILES for text, _ in sentences_in(path)]

    assert all(replace(SplitRules(**{"kind": "other"} | fields)) for fields in read)
