"""Learn how sentences that state a result read, and measure it at first sight.

    python benchmarks/sentence_weights.py           the share of each corpus that stands when the
                                                    weights were learned from all others
    python benchmarks/sentence_weights.py --write   that, and the weights of the product

A corpus is what one hand wrote; false sentences that typed rules strike teach nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))

from planned_designs import filler as designed_filler
from reported_studies import FOLDER, studies

from agent_core.grounding.description_rules import Part, is_proposed, typed_trouble
from agent_core.grounding.report_text import Filler, Pieces
from agent_core.grounding.result_likeness import BUCKETS, PATH, Weights, features
from agent_core.grounding.stated_results import spelled, stated_result
from agent_core.prose.sentences import ascii_marks, plain

HANDS = {
    "first": ("honest_reports near_misses", "false_results"),
    "second": ("honest_more", "false_more"),
    "short": ("honest", "false"),
    "taught": ("taught_honest taught_plans_honest", "taught_false taught_plans_false salads"),
    **{f"fresh {k}": (f"fresh_{k}_honest", f"fresh_{k}_false") for k in "abceghijklmnopqrs"},
}
"""Files of honest and of false sentences by who wrote them."""
MEASURED = tuple(hand for hand in HANDS if hand.startswith("fresh"))
"""Hands that the rule was not made from; the limit is set by these."""
RULE = 1.5
"""What the rule's finding counts beside the words: best of 0 to 3 on hands it had not seen."""
STRENGTH = 100.0
"""How much the examples count against small weights: 3, 10 and 30 were tried."""
LINE = re.compile(r"(?!#+ [^E])(?:([CSWKMFDHRNPTVE]) )?(?:(finding|limit|proposal): )?(\S.*[^!])$")
STANDING = 0.05
"""Share of false sentences that may stand at first sight."""


@dataclass(frozen=True)
class Example:
    """A sentence as the product reads it."""

    hand: str
    is_false: bool
    text: str
    by_rule: bool


def examples() -> list[Example]:
    """Read the corpora; what is honest of one plan teaches nothing false of others."""
    found = [
        example
        for hand, sides in HANDS.items()
        for is_false, names in enumerate(sides)
        for name in names.split()
        for study, part, text in lines(name)
        if "{" not in text and (example := read(hand, bool(is_false), study, part, text))
    ]
    honest = {example.text for example in found if not example.is_false}
    return [e for e in found if not e.is_false or e.text not in honest]


def lines(name: str) -> list[tuple[str, str, str]]:
    """Return the sentences of a corpus; a line without study or part is a finding of C."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    heads = (LINE.match(line) for line in text.splitlines())
    found = [head.groups() for head in heads if head]
    return [(study or "C", part or "finding", words) for study, part, words in found]


@cache
def filler_of(study: str) -> Filler:
    """Return the filler of a study by its letter."""
    return studies()[study].filler() if study in studies() else designed_filler(study)


def read(hand: str, is_false: bool, study: str, part: str, text: str) -> Example | None:
    """Read a sentence; None for a false one that a typed rule strikes.

    A false sentence is taken as a proposal, where most may be said.
    """
    filler = filler_of(study)
    where = Part.PROPOSAL if is_false else Part(part)
    bare = Pieces(filler, ascii_marks(plain(text))).bare
    masked = filler.base.masked(bare, where)
    if is_false and typed_trouble(filler.base, bare, masked, where):
        return None
    spelt, is_proposal = spelled(masked), is_proposed(bare, where)
    may_suppose = where is not Part.FINDING
    found = stated_result(spelt, is_proposal=is_proposal, may_suppose=may_suppose)
    return Example(hand, is_false, spelt, bool(found))


def matrix(texts: list[str]) -> Any:
    """Return the features of some texts as rows."""
    rows = [features(text) for text in texts]
    ends = np.cumsum([0, *map(len, rows)])
    columns = [bucket for row in rows for bucket in row]
    return csr_matrix(
        ([v for row in rows for v in row.values()], columns, ends), (len(rows), BUCKETS)
    )


def fitted(rows: Any, is_false: Any) -> tuple[Any, float]:
    """Return weights and bias of a logistic regression, both sides counting alike."""
    used = np.unique(rows.indices)
    x, sign = rows[:, used].tocsr(), np.where(is_false, 1.0, -1.0)
    shares = np.where(is_false, is_false.mean(), 1 - is_false.mean())
    counts, turned = STRENGTH / 2 / shares, x.T.tocsr()

    def loss(point: Any) -> tuple[float, Any]:
        weights, bias = point[:-1], point[-1]
        margin = sign * (x @ weights + bias)
        slope = -sign * counts / (1 + np.exp(margin))
        value = counts @ np.logaddexp(0, -margin) + weights @ weights / 2
        return value, np.append(turned @ slope + weights, slope.sum())

    best = minimize(
        loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 100}
    )
    weights = np.zeros(BUCKETS)
    weights[used] = best.x[:-1]
    return weights, float(best.x[-1])


def main() -> None:
    """Measure, and write the weights where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    is_writing = parser.parse_args().write
    known = examples()
    rows, is_false = matrix([e.text for e in known]), np.array([e.is_false for e in known])
    by_rule, hands = np.array([e.by_rule for e in known]), np.array([e.hand for e in known])
    scores = np.zeros(len(known))
    for hand in MEASURED:
        others = hands != hand
        weights, bias = fitted(rows[others], is_false[others])
        scores[~others] = (rows @ weights + bias + RULE * by_rule)[~others]
    limit = float(np.quantile(scores[np.isin(hands, MEASURED) & is_false], STANDING))
    for share in (0.01, 0.02, 0.03, 0.05, 0.08):
        fresh = np.isin(hands, MEASURED)
        at = np.quantile(scores[fresh & is_false], share)
        stands = (scores[fresh & ~is_false] < at).mean()
        print(f"{share:.0%} of false ones standing: {stands:.0%} of honest, limit {at:.2f}")
    for hand in MEASURED:
        honest, false = (scores[(hands == hand) & (is_false == side)] for side in (False, True))
        line = "{:9} honest that stand {:4.0%} of {}, false {:4.1%} of {}"
        print(
            line.format(
                hand, (honest < limit).mean(), len(honest), (false < limit).mean(), len(false)
            )
        )
    if is_writing:
        write(*fitted(rows, is_false), limit)


def write(weights: Any, bias: float, limit: float) -> Weights:
    """Write weights as whole numbers of one byte."""
    scale = float(np.abs(weights).max()) / 127
    small = np.round(weights / scale).astype(np.int8)
    np.savez_compressed(PATH, weights=small, scale=scale, bias=bias, rule=RULE, limit=limit)
    return Weights(small * scale, bias, RULE, limit)


if __name__ == "__main__":
    main()
