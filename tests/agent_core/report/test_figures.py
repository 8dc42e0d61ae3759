"""Figures from recorded results."""

import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest
from builders import plan_of
from matplotlib.image import imread
from matplotlib.text import Text
from results import NDCG, comparison_evidence, comparison_plan, evidence_of, seed_evidence

from agent_core.domain import Algorithm, Metric, Role, Study
from agent_core.report.figures import draw, figures_for, wrapped_name
from agent_core.statistics.facts import collect_facts


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


LONG = tuple(f"ItemKNN (ratings) with max_nbrs={k} and shrinkage" for k in range(12))
SHORT = ("EASE", "ItemKNN", "UserKNN", "ImplicitMF", "BPR", "SLIM", "BiasedMF", "FunkSVD", "NMF")


def several(names, *, metrics=(NDCG,), users=60, **more):
    plan = comparison_plan(metrics=metrics)
    algorithms = tuple(Algorithm(n, "ItemKNNScorer") for n in names)
    baseline = Algorithm("Popularity", "PopScorer", role=Role.BASELINE)
    plan = replace(plan, algorithms=(*algorithms, baseline), **more)
    rng = np.random.default_rng(0)
    base = rng.beta(1, 4, users)
    runs = {
        (a.name, "0", ""): base + 0.002 * i + rng.normal(0, 0.05, users)
        for i, a in enumerate(algorithms)
    }
    return evidence_of(plan, runs | {("Popularity", "0", ""): base * 0.4})


def several_seeds(count):
    names = ("ImplicitMF with 64 factors and more", "BPR", "FunkSVD", "NMF")[:count]
    subjects = tuple(Algorithm(n, "ImplicitMFScorer", is_random=True) for n in names)
    baseline = Algorithm("Popularity", "PopScorer", role=Role.BASELINE)
    plan = replace(plan_of(), seeds=tuple(range(10)), algorithms=(*subjects, baseline))
    rng = np.random.default_rng(1)
    base = rng.beta(1, 4, 40)
    runs = {
        (n, "0", str(s)): base + rng.normal(0, 0.002 * (i + 1))
        for i, n in enumerate(names)
        for s in range(10)
    }
    return evidence_of(plan, runs | {("Popularity", "0", ""): base * 0.4})


def without_users(evidence):
    return replace(evidence, per_user=evidence.per_user.iloc[:0])


def drawn(evidence):
    figures = figures_for(evidence, collect_facts(evidence))
    for figure in figures.values():
        figure.canvas.draw()
    return figures


def texts(figure):
    """Return the texts that are drawn: labels of ticks beyond the ends of an axis are not."""
    undrawn = set()
    for axis in (a for axes in figure.axes for a in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                undrawn |= {tick.label1, tick.label2}
    found = figure.findobj(Text)
    return [t for t in found if t.get_text().strip() and t.get_visible() and t not in undrawn]


def words(figure):
    return " | ".join(" ".join(t.get_text().split()) for t in texts(figure))


@pytest.mark.parametrize(
    "evidence",
    [
        seed_evidence,
        lambda: several_seeds(4),
        comparison_evidence,
        sweep_evidence,
        lambda: several(LONG, margin=0.02),
        lambda: several(SHORT),
        lambda: several(("EASE",)),
        lambda: several(("BiasedMF", "FunkSVD"), metrics=(Metric("rmse"),)),
        lambda: several(("x" * 70, "y" * 70)),
        lambda: without_users(several(SHORT)),
        lambda: without_users(sweep_evidence()),
        lambda: several([f"A{i}" for i in range(30)]),
    ],
    ids=[
        "seeds", "many seeds", "comparison", "sweep", "long names", "many", "one", "ratings",
        "endless names", "no intervals", "sweep without intervals", "thirty",
    ],
)  # fmt: skip
def test_no_text_is_cut_off_or_written_over_another(evidence):
    for name, figure in drawn(evidence()).items():
        whole = figure.bbox
        boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
        inside = [(t, b) for t, b in boxes if b.width and b.height]
        for text, box in inside:
            assert min(box.x0, box.y0) >= -1, (name, text)
            assert max(box.x1 - whole.x1, box.y1 - whole.y1) <= 1, (name, text)
        for (one, a), (two, b) in itertools.combinations(inside, 2):
            wide = min(a.x1, b.x1) - max(a.x0, b.x0)
            high = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert wide <= 1 or high <= 1, (name, one, two)


def test_a_comparison_names_the_line_of_its_baseline_and_marks_it_by_shape():
    figure = drawn(comparison_evidence())["comparison"]
    (axes,) = figure.axes

    assert "baseline: Popularity" in words(figure)
    assert "Popularity (baseline)" in words(figure)
    markers = [line.get_marker() for line in axes.lines if line.get_marker() not in ("None", "")]
    assert sorted(markers) == ["D", "o", "o", "o"]
    assert sum(len(set(line.get_xdata())) == 2 for line in axes.lines) == 4


def test_values_stand_beside_their_line():
    assert "0.243" in words(drawn(comparison_evidence())["comparison"])


def test_missing_intervals_are_not_spoken_of():
    evidence = without_users(several(SHORT))
    found = drawn(evidence)

    assert "no interval over users" in words(found["comparison"])
    assert "95 %" not in words(drawn(without_users(sweep_evidence()))["sweep"])


def test_lower_is_said_to_be_better_for_rating_errors():
    rmse = several(("BiasedMF", "FunkSVD"), metrics=(Metric("rmse"),))
    found = drawn(rmse)

    assert "lower is better" in words(found["comparison"])
    assert "the first is higher (worse)" in words(found["differences"])


def test_a_margin_is_drawn_as_a_band_and_named():
    plain, banded = (
        drawn(several(("EASE", "BPR"), margin=margin))["differences"] for margin in (None, 0.02)
    )

    assert "grey band: equivalence margin ±0.02" in words(banded)
    assert "band" not in words(plain)
    assert len(banded.axes[0].patches) == len(plain.axes[0].patches) + 1


def test_pairs_and_algorithms_that_are_left_out_are_counted():
    found = drawn(several(SHORT))
    thirty = drawn(several([f"A{i}" for i in range(30)]))

    assert "12 of 45 pairs; all in tables/comparisons.csv" in words(found["differences"])
    assert "11 more in tables/summaries.csv" in words(thirty["comparison"])
    assert "Popularity (baseline)" in words(thirty["comparison"])


def test_several_algorithms_are_shown_by_their_deviation():
    one = words(drawn(several_seeds(1))["seed_distribution"])
    four = words(drawn(several_seeds(4))["seed_distribution"])

    assert "runs" in one
    assert "SD over seeds, 95 % interval" in four
    assert four.count("FunkSVD") == 2


def test_runs_that_are_all_alike_are_drawn_around_their_value():
    figure = drawn(seed_evidence(sd=0.0))["seed_distribution"]

    low, high = figure.axes[1].get_xlim()
    assert high - low < 0.05
    assert "SD 0" in words(figure)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("EASE", "EASE"),
        ("ImplicitMF with 64 factors", "ImplicitMF with 64\nfactors"),
        ("", ""),
    ],
)
def test_names_are_written_on_short_lines(name, label):
    assert wrapped_name(name) == label


def test_very_long_names_keep_both_ends():
    label = wrapped_name("ItemKNN " + "and so on " * 20 + "max_nbrs=11")

    assert label.startswith("ItemKNN")
    assert label.endswith("max_nbrs=11")
    assert label.count("\n") <= 3
