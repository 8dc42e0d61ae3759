"""False sentences stand in no part of a report; honest ones do."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from results import comparison_evidence, comparison_plan, dataset, facts_of

from agent_core.domain import Algorithm, Claim, Metric, Study
from agent_core.grounding.report_text import Filler, Part

FOLDER = Path(__file__).with_name("sentences")
REFERENCES = {
    "{E}": "{{ndcg@10|EASE|mean}}",
    "{I}": "{{ndcg@10|ItemKNN|mean}}",
    "{P}": "{{ndcg@10|Popularity|mean}}",
    "{R}": "{{recall@20|EASE|mean}}",
}
CLAIMS = (Claim("EASE", "ItemKNN", "ndcg@10"), Claim("EASE", "Popularity", "ndcg@10"))
COMPARATIVES = (
    "better", "worse", "best", "stronger", "superior", "ahead", "beats", "outperforms", "highest",
    "significantly", "twice", "exceeds", "dwarfs", "tops", "trails", "equals", "0.9", "31", "87 %",
    "XLII", "ninety", "half",
)  # fmt: skip
HONEST = 0.9


def lines(name):
    """Return the sentences of a file, references written out."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    for short, reference in REFERENCES.items():
        text = text.replace(short, reference)
    return [x.strip() for x in text.splitlines() if x.strip() and not re.match(r"#+ [^E]", x)]


def found():
    """Return a comparison whose plan has two metrics and one random algorithm."""
    plan = comparison_plan("EASE", "ItemKNN", metrics=(Metric("ndcg", 10), Metric("recall", 20)))
    factors = Algorithm("ImplicitMF", "ImplicitMFScorer", {"embedding_size": 32}, is_random=True)
    plan = replace(plan, algorithms=(*plan.algorithms[:2], factors, plan.algorithms[-1]))
    evidence = comparison_evidence(plan)
    return plan, facts_of(evidence)


PLAN, FACTS = found()
FALSE = lines("false.txt")
TRUE = [line.partition(": ")[::2] for line in lines("honest.txt")]


def filler(plan=PLAN):
    return Filler(plan, FACTS, CLAIMS, (dataset(timestamp_column="timestamp"),))


@pytest.mark.parametrize("text", FALSE)
def test_false_sentences_stand_in_no_part(text):
    tried = filler()

    assert [tried.fill(text, part) for part in Part] == ["", "", ""]
    assert tried.struck


@pytest.mark.parametrize("text", FALSE)
def test_they_do_not_stand_in_a_text_either(text):
    told = filler().fill(f"The split was fixed. {text} Users were held out.")

    assert set(re.split(r"(?<=\.) ", told)) <= {"The split was fixed.", "Users were held out.", ""}


@pytest.mark.parametrize(("part", "text"), [(p, t) for p, t in TRUE if not t.endswith("!")])
def test_honest_sentences_stand(part, text):
    tried = filler()

    assert tried.fill(text, Part(part)), tried.struck


def test_few_harmless_sentences_are_lost():
    struck = [text for _, text in TRUE if text.endswith("!")]

    assert len(FALSE) >= 150
    assert len(TRUE) >= 60
    assert len(struck) <= (1 - HONEST) * len(TRUE)
    assert not any(filler().fill(t.rstrip(" !"), Part(p)) for p, t in TRUE if t in struck)


PLAIN = (
    "the a of in on for with and was were is held out trained test ratings data interaction "
    "random lists evaluated linear algorithm baseline per each fixed"
)
known = PLAIN.split()
words = st.lists(st.sampled_from(known) | st.sampled_from([a.name for a in PLAN.algorithms]))


@given(words, words, st.sampled_from(COMPARATIVES), st.sampled_from(list(Part)))
def test_no_number_and_no_comparison_hides_among_plain_words(before, after, word, part):
    assert filler().fill(f"{' '.join([*before, word, *after])}.", part) == ""


@given(words, st.sampled_from([Part.FINDING, Part.LIMIT]))
def test_two_algorithms_share_a_sentence_only_to_be_described(between, part):
    comparing = {"than", "larger", "smaller", "more", "higher", "wider", "over", "before", "like"}
    told = filler().fill(f"EASE {' '.join(between)} ItemKNN.", part)

    assert not told or not comparing & set(between)


@given(st.text(min_size=1, max_size=80))
def test_whatever_is_written_is_struck_or_plain(text):
    told = filler().fill(text)

    assert told.isascii() or told == ""


@pytest.mark.parametrize("study", list(Study))
def test_a_headline_is_led_by_a_claim_or_a_value_of_the_primary_metric(study):
    tried = filler(replace(PLAN, study=study))

    assert tried.leads("{{claim:0}}.")
    assert tried.leads("EASE reaches an NDCG@10 of {{ndcg@10|EASE|mean}}.")
    assert not tried.leads("EASE reaches {{ndcg@10|EASE|mean}}.")
    assert not tried.leads("EASE reaches a Recall@20 of {{recall@20|EASE|mean}}.")
    assert not tried.leads("The split was fixed.")


def test_the_examples_of_the_prompt_stand():
    prompt = resources.files("agent_core").joinpath("model/prompts/report.md").read_text("utf-8")
    examples = re.findall(r"`([^`]+)`", prompt.partition("## Sentences that stand")[2])
    values = {f"ndcg@10|ImplicitMF|{s}": 0.1 for s in ("mean", "sd", "sd_low", "sd_high")}
    facts = replace(FACTS, values={**FACTS.values, **values})
    tried = Filler(PLAN, facts, CLAIMS, (dataset(),))
    parts = [Part.FINDING] * (len(examples) - 2) + [Part.LIMIT, Part.PROPOSAL]

    told = [tried.fill(text, part) for text, part in zip(examples, parts, strict=True)]

    assert all(told), tried.struck
    assert len(told) == 6
