"""Figures from recorded results."""

import threading
from dataclasses import replace

import pytest
from matplotlib.image import imread
from results import comparison_evidence, comparison_plan, evidence_of, seed_evidence

from agent_core.domain import Algorithm, Role, Study
from agent_core.facts import collect_facts
from agent_core.figures import draw


def sweep_evidence():
    values = (5, 10, 20, 40, 80)
    swept = tuple(Algorithm(f"ItemKNN k={k}", "ItemKNNScorer", {"max_nbrs": k}) for k in values)
    baseline = Algorithm("Popularity", "PopScorer", role=Role.BASELINE)
    plan = replace(
        comparison_plan(),
        study=Study.SWEEP,
        swept="max_nbrs",
        algorithms=(*swept, baseline),
    )
    runs = {(a.name, "0", ""): [0.1, 0.2, 0.01 * i] for i, a in enumerate(plan.algorithms)}
    return evidence_of(plan, runs)


@pytest.mark.parametrize(
    ("evidence", "names"),
    [
        (seed_evidence, ["seed_distribution", "comparison"]),
        (comparison_evidence, ["comparison", "differences"]),
        (sweep_evidence, ["sweep", "comparison"]),
    ],
)
def test_a_study_gets_its_figures_as_png_and_pdf(tmp_path, evidence, names):
    made = evidence()

    drawn = draw(made, collect_facts(made), tmp_path / "figures")

    assert [path.stem for path in drawn] == names
    assert all(path.with_suffix(".pdf").read_bytes().startswith(b"%PDF") for path in drawn)
    height, width, _ = imread(drawn[0]).shape
    assert width == 1120
    assert 600 < height < 900


def test_synthetic_data_is_marked(tmp_path):
    made = comparison_evidence()
    facts = collect_facts(made)

    plain = draw(made, facts, tmp_path / "plain")[0]
    marked = draw(made, facts, tmp_path / "marked", "SYNTHETIC DATA")[0]

    assert imread(plain).mean() > imread(marked).mean() + 0.001


def test_nothing_recorded_draws_nothing(tmp_path):
    made = evidence_of(comparison_plan("EASE"), {})

    assert draw(made, collect_facts(made), tmp_path) == ()


def test_odd_results_still_draw(tmp_path):
    one = evidence_of(comparison_plan("EASE"), {("EASE", "0", ""): [0.0, 0.0]})
    flat = evidence_of(
        replace(comparison_plan("EASE"), study=Study.SEED_VARIANCE),
        {("EASE", "0", str(s)): [0.2, 0.2] for s in range(3)},
    )

    assert draw(one, collect_facts(one), tmp_path / "one")
    assert draw(flat, collect_facts(flat), tmp_path / "flat")


def test_several_threads_may_draw_at_once(tmp_path):
    made = comparison_evidence()
    facts = collect_facts(made)
    drawn = []

    threads = [
        threading.Thread(target=lambda i=i: drawn.append(draw(made, facts, tmp_path / str(i))))
        for i in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({path.read_bytes() for figures in drawn for path in figures[:1]}) == 1
