"""Figures of a report, from recorded results: legible in a preview, safe for colour-blind."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from agent_core.digits import shown
from agent_core.domain import Plan, Study
from agent_core.evidence import Evidence
from agent_core.facts import Facts, Summary
from agent_core.observations import run_values

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#595959"
"""Of Okabe and Ito's palette, and a grey."""
LOOKS = ((BLUE, ""), (ORANGE, "//"), (GREEN, "\\\\"))
"""Colour and hatching, so that no colour alone tells algorithms apart."""
MAX_STRIPS = 6
MAX_DIFFERENCES = 12
SIZE = (5.6, 3.8)
"""Inches; with `DPI` 1,120 pixels wide, so that text is legible at a third of it."""
DPI = 200
DRAWING = threading.Lock()
"""Matplotlib's text layout caches are shared between threads."""


def draw(evidence: Evidence, facts: Facts, folder: Path, mark: str = "") -> tuple[Path, ...]:
    """Draw the figures of a study into `folder`, each as PNG and PDF.

    Parameters
    ----------
    evidence
        What the best script delivered.
    facts
        Its statistics.
    folder
        Where the files go.
    mark
        Written across each figure, e.g. that the data is synthetic.

    Returns
    -------
    tuple of Path
        The PNG files, most important first.
    """
    with DRAWING:
        figures = wanted(evidence, facts)
        return tuple(save(figure, folder / name, mark) for name, figure in figures.items())


def wanted(evidence: Evidence, facts: Facts) -> dict[str, Figure]:
    """Return the figures that fit the study."""
    plan = evidence.plan
    if not facts.of(plan.primary):
        return {}
    if plan.study is Study.SEED_VARIANCE:
        spread = {"seed_distribution": seed_distribution(evidence, facts)}
        return spread | {"comparison": comparison(plan, facts)}
    if plan.study is Study.SWEEP and plan.swept:
        return {"sweep": sweep(plan, facts), "comparison": comparison(plan, facts)}
    found = {"comparison": comparison(plan, facts)}
    if any(c.is_declared for c in facts.comparisons):
        found["differences"] = differences(plan, facts)
    return found


def blank() -> tuple[Figure, Axes]:
    """Return an empty figure in the house style."""
    figure = canvas()
    return figure, styled(figure.add_subplot())


def canvas() -> Figure:
    """Return a figure that needs no window."""
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def styled(axes: Axes) -> Axes:
    """Take away what carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)
    return axes


def save(figure: Figure, path: Path, mark: str) -> Path:
    """Write a figure as PNG and PDF; return the PNG."""
    if mark:
        figure.text(
            0.5, 0.5, mark, fontsize=26, color="grey", alpha=0.22, rotation=18,
            ha="center", va="center", weight="bold",
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf, png = (path.with_name(f"{path.name}.{kind}") for kind in ("pdf", "png"))
    figure.savefig(pdf, metadata={"CreationDate": None})
    figure.savefig(png, dpi=DPI)
    return png


def seed_distribution(evidence: Evidence, facts: Facts) -> Figure:
    """Draw runs beside the baseline, and below the histogram of the runs that differ by seed."""
    metric = evidence.plan.primary
    runs = run_values(evidence)
    runs = runs[(runs["metric"] == metric.name) & (runs["k"] == (metric.k or 0))]
    values = {str(n): g["value"].to_numpy(dtype=float) for n, g in runs.groupby("algorithm")}
    varied = {s.algorithm: s for s in facts.of(metric) if s.over == "seeds"}
    figure = canvas()
    above, below = figure.subplots(2, 1, height_ratios=(1, 1.5))
    strip(styled(above), {s.algorithm: values[s.algorithm] for s in facts.of(metric)})
    above.set_title(f"{metric.label} over training seeds, all else fixed", fontsize=11, loc="left")
    styled(below)
    for (name, summary), (colour, hatch) in zip(varied.items(), LOOKS, strict=False):
        below.hist(
            values[name], bins=bins(values[name]), color=colour, alpha=0.6, hatch=hatch,
            edgecolor="white", label=f"{name}: {summary.units} seeds, SD {sd_text(summary)}",
        )  # fmt: skip
        below.axvline(summary.mean, color=colour, linewidth=1.6)
    below.set_xlabel(f"{metric.label} (line: mean)", fontsize=11)
    below.set_ylabel("runs", fontsize=11)
    below.yaxis.get_major_locator().set_params(integer=True)
    if varied:
        below.legend(
            frameon=False, fontsize=10, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0
        )
    return figure


def strip(axes: Axes, values: dict[str, NDArray[np.float64]]) -> None:
    """Draw each run as a dot with a box of the middle half, one line per algorithm."""
    lines = dict(list(values.items())[:MAX_STRIPS])
    for position, runs in enumerate(reversed(lines.values())):
        is_single = len(runs) < 2
        colour = GREY if is_single else BLUE
        jitter = np.random.default_rng(0).uniform(-0.22, 0.22, len(runs)) * (not is_single)
        marker = "D" if is_single else "o"
        axes.plot(runs, position + jitter, marker, color=colour, alpha=0.6, markersize=5)
        if is_single:
            axes.axvline(runs[0], color=GREY, linestyle="--", linewidth=1)
        else:
            axes.boxplot(
                runs, orientation="horizontal", positions=[position], widths=0.6,
                showfliers=False, medianprops={"color": ORANGE, "linewidth": 2},
            )  # fmt: skip
    axes.set_yticks(range(len(lines)), list(reversed(lines)), fontsize=10)
    axes.set_ylim(-0.6, len(lines) - 0.4)
    axes.margins(x=0.06)


def bins(values: NDArray[np.float64]) -> int:
    """Return the number of bars: about the square root of the runs, at least five."""
    return max(5, min(20, round(1.6 * math.sqrt(len(values)))))


def sd_text(summary: Summary) -> str:
    """Return a standard deviation with digits that fit its interval."""
    return shown(summary.sd, summary.sd_interval.half_width)


def comparison(plan: Plan, facts: Facts) -> Figure:
    """Draw means with their intervals over users, the baseline as a line."""
    figure, axes = blank()
    summaries = list(reversed(facts.of(plan.primary)))[-20:]
    baselines = {a.name for a in plan.baselines}
    for position, summary in enumerate(summaries):
        colour = GREY if summary.algorithm in baselines else BLUE
        interval = summary.user_interval
        if np.isfinite(interval.low):
            axes.plot([interval.low, interval.high], [position] * 2, color=colour, linewidth=2.5)
        axes.plot([summary.mean], [position], "o", color=colour, markersize=8)
        axes.annotate(
            shown(summary.mean, interval.half_width), (summary.mean, position),
            textcoords="offset points", xytext=(0, 7), ha="center", fontsize=10, color=colour,
        )  # fmt: skip
        if summary.algorithm in baselines:
            axes.axvline(summary.mean, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(summaries)), [s.algorithm for s in summaries], fontsize=11)
    axes.set_ylim(-0.6, len(summaries) - 0.3)
    better = " (lower is better)" if plan.primary.is_rating else ""
    axes.set_xlabel(f"{plan.primary.label}{better}: mean, 95 % interval over users", fontsize=11)
    return figure


def differences(plan: Plan, facts: Facts) -> Figure:
    """Draw paired differences with their intervals; those that exclude 0 are filled."""
    figure, axes = blank()
    declared = [c for c in facts.comparisons if c.is_declared][:MAX_DIFFERENCES]
    for position, item in enumerate(reversed(declared)):
        fill = BLUE if item.is_distinguishable else "white"
        low, high = item.interval.low, item.interval.high
        axes.plot([low, high], [position] * 2, color=BLUE, linewidth=2)
        axes.plot(
            [item.difference], [position], "o", color=BLUE, markerfacecolor=fill, markersize=8
        )
    labels = [f"{c.a} \N{MINUS SIGN} {c.b}" for c in reversed(declared)]
    axes.set_yticks(range(len(labels)), labels, fontsize=10)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_xlabel(f"difference in {plan.primary.label}, 95 % interval over users", fontsize=11)
    axes.set_title("filled: distinguishable after Holm's correction", fontsize=11, loc="left")
    return figure


def sweep(plan: Plan, facts: Facts) -> Figure:
    """Draw the primary metric over the values of the swept hyperparameter."""
    figure, axes = blank()
    key = plan.swept or ""
    points = []
    for algorithm in plan.algorithms:
        summary = facts.summary(plan.primary, algorithm.name)
        if key in algorithm.config and summary:
            points.append((float(algorithm.config[key]), summary))
    points.sort(key=lambda p: p[0])
    xs = [x for x, _ in points]
    means = np.array([s.mean for _, s in points])
    low = np.array([s.user_interval.low for _, s in points])
    high = np.array([s.user_interval.high for _, s in points])
    axes.fill_between(xs, low, high, color=BLUE, alpha=0.18, label="95 % interval over users")
    axes.plot(xs, means, "o-", color=BLUE, linewidth=2, label="mean")
    for summary in facts.of(plan.primary):
        if summary.algorithm in {a.name for a in plan.baselines}:
            axes.axhline(summary.mean, color=GREY, linestyle="--", label=summary.algorithm)
    if xs and min(xs) > 0 and max(xs) / min(xs) >= 8:
        axes.set_xscale("log")
    axes.set_xticks(xs, [f"{x:g}" for x in xs])
    axes.minorticks_off()
    axes.set_xlabel(key, fontsize=11)
    axes.set_ylabel(plan.primary.label, fontsize=11)
    axes.legend(frameon=False, fontsize=10)
    return figure
