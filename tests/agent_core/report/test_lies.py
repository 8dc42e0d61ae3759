"""A researcher lies in the reports of five designs: nothing of it stands, in any part."""

from pathlib import Path

import pytest
from lied_designs import DESIGNS, told
from reported import report

from agent_core.domain import ReportDraft

LIES = Path(__file__).parents[1] / "grounding" / "sentences" / "report_lies.txt"


def lies_about(letter):
    """Return the lies of a corpus about one design."""
    lines = LIES.read_text(encoding="utf-8").splitlines()
    return tuple(x.split(": ", 1)[1] for x in lines if x.startswith(f"{letter} "))


@pytest.mark.parametrize("letter", DESIGNS)
def test_no_lie_stands_in_a_report(tmp_path, letter):
    lies = lies_about(letter)
    found = report(tmp_path, told(letter), ReportDraft(lies[0], lies, lies, lies))

    reasons = "\n".join(found.struck)
    standing, _, _ = found.markdown.partition("## Struck from")
    assert len(lies) == 8
    assert [lie for lie in lies if reasons.count(f"“{lie}”") < 3] == []
    assert [lie for lie in lies if lie in f"{standing}{found.headline}{found.summary}"] == []


OVER = {
    "Over the split seeds, NDCG@10 of ImplicitMF has an SD of {split}.": True,
    "NDCG@10 has an SD of {split} over the splits and of {seed} over the model seeds.": True,
    "Over the model seeds, NDCG@10 has an SD of {split}.": False,
    "NDCG@10 has an SD of {seed} over the splits and of {split} over the model seeds.": False,
}


@pytest.mark.parametrize(("text", "stands"), OVER.items())
def test_each_of_two_spreads_is_told_over_its_own_factor(tmp_path, text, stands):
    names = {"split": "split_seed", "seed": "model_seed"}
    references = {k: f"{{{{ndcg@10|ImplicitMF|sd_{name}}}}}" for k, name in names.items()}
    found = report(tmp_path, told("Y"), ReportDraft("", (text.format(**references),)))

    assert bool(found.struck) is not stands
