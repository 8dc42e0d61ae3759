"""CPU time of checks, statistics and report for a study of 60 cells, and the length of the report.

4 algorithms x 5 shares of the training x 3 splits of 943 users; the study is an honest one, its
lists are made and not trained. Fails where a limit is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))

import designed
import studies
from results import inputs_of

from agent_core.checks.registry import run_checks
from agent_core.domain import Algorithm, Estimand, Factor, FactorRole, Question, ReportDraft
from agent_core.report.writer import MOST_REPORT, write_report
from agent_core.statistics.answered import answers_and_means
from agent_core.statistics.facts import collect_facts

MOST_TOGETHER_S, MOST_REPORT_S = 60.0, 20.0
SHARES = Factor("train_share", (0.2, 0.4, 0.6, 0.8, 1.0))
SPLITS = Factor("split_seed", (1, 2, 3), FactorRole.REPEATED)
ALGORITHMS = (designed.EASE, designed.NEIGHBOURS, designed.POPULARITY)
SLIM = Algorithm("SLIM", "SLIMScorer")
SIZE = {"USERS": 943, "ITEMS": 400, "EACH": 60}
"""Of the data; tests make theirs as small as their checks allow."""
T = TypeVar("T")


def timed(name: str, work: Callable[[], T], spent: dict[str, float]) -> T:
    """Do some work and keep the CPU seconds that it took."""
    before = time.process_time()
    found = work()
    spent[name] = time.process_time() - before
    sys.stdout.write(f"{name}: {spent[name]:.1f} s CPU\n")
    return found


def main() -> int:
    """Measure, say what was seen, and return 1 where a limit is missed."""
    asked = Question(Estimand.RESPONSE, ("train_share",), ("ndcg@10",), reference=1.0)
    for name, size in SIZE.items():
        setattr(studies, name, size)
        setattr(designed, name, size)
    plan = designed.study(*ALGORITHMS, SLIM, factors=(SHARES, SPLITS), question=asked)
    made = designed.designed(plan)
    spent: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        evidence = timed("reading and recomputing", lambda: made.evidence(folder, 2), spent)
        checks = timed("checks", lambda: run_checks(evidence), spent)
        facts = timed("statistics of runs", lambda: collect_facts(evidence), spent)
        answers, means = timed("answers", lambda: answers_and_means(evidence), spent)
        inputs = inputs_of(evidence, checks=checks, facts=facts, answers=answers, means=means)
        told = timed("report", lambda: write_report(inputs, ReportDraft(""), folder / "r"), spent)
    length, total = len(told.markdown), sum(spent.values())
    sys.stdout.write(f"{len(evidence.of_runs)} cells, together {total:.1f} s CPU\n")
    sys.stdout.write(f"report.md: {length:,} characters\n")
    is_kept = total <= MOST_TOGETHER_S and spent["report"] <= MOST_REPORT_S
    return 0 if is_kept and length <= MOST_REPORT else 1


if __name__ == "__main__":
    sys.exit(main())
