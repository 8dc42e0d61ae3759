import pytest

from agent_core.domain import Verdict
from agent_core.evidence.quotes import Exhibits, code_alone, exhibits, with_found_quotes

SOURCE = '''"""Runs thirty seeds."""
import labbook  # seeds are handled below


def run(seed):
    """Hold out the newest interaction."""
    label = """NDCG
at ten"""
    labbook.row("ndcg", 0.5, seed=seed)  # every hyperparameter was tuned


for seed in range(3):
    run(seed)
'''
SHOWN = Exhibits(SOURCE, "mean 0.155", {"a.csv": "x,1"}, ("a.csv", "plots/box.png"))


@pytest.mark.parametrize(
    "quote",
    [
        "run(seed)",
        "for seed in range(3):   run(seed)",
        "`mean 0.155`",
        "for seed ... run(seed)",
        "plots/box.png",
        'label = """NDCG at ten"""',
    ],
)
def test_quotes_are_found_spaces_aside(quote):
    assert SHOWN.has(quote)


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "x",
        "mean 0.156",
        "for seed ... walk(seed)",
        "...",
        "Runs thirty seeds",
        "Hold out the newest interaction",
        "every hyperparameter was tuned",
    ],
)
def test_quotes_that_occur_nowhere_or_only_as_an_intention_are_not(quote):
    assert not SHOWN.has(quote)


def test_a_claim_with_an_invented_quote_is_not_met():
    claims = (
        Verdict(1, True, "shown", "mean 0.155", "m"),
        Verdict(2, True, "surely", "p < 0.001", "m"),
        Verdict(3, False, "missing", "", "m"),
    )

    kept, refused, honest = with_found_quotes(claims, SHOWN)

    assert (kept, honest) == (claims[0], claims[2])
    assert not refused.is_met
    assert refused.reason == "The quoted evidence occurs nowhere: 'p < 0.001'. Claimed: surely"


def test_what_is_no_python_is_quoted_as_it_is():
    assert code_alone("x = (  # broken") == "x = (  # broken"
    assert code_alone("a = 1  # b") == "a = 1     "


def test_files_that_are_gone_or_no_text_cannot_be_quoted(tmp_path):
    (tmp_path / "a.csv").write_text("ndcg,0.155")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    names = ("a.csv", "b.parquet", "gone.csv")

    found = exhibits("", "", {n: tmp_path / n for n in names})

    assert list(found.files) == ["a.csv"]
    assert found.names == names
