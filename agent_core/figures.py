"""Figures of a report, from recorded results: legible in a preview, safe for colour-blind."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from agent_core.domain import Plan, Study
from agent_core.evidence import Evidence
from agent_core.facts import Facts, Summary
from agent_core.observations import run_values

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
"""Okabe and Ito's palette."""
SIZE = (7.2, 4.2)
DPI = 150
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
    return {"comparison": comparison(plan, facts), "differences": differences(plan, facts)}


def blank() -> tuple[Figure, Axes]:
    """Return an empty figure in the house style."""
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=11)
    return figure, axes


def save(figure: Figure, path: Path, mark: str) -> Path:
    """Write a figure as PNG and PDF; return the PNG."""
    if mark:
        figure.text(
            0.5, 0.5, mark, fontsize=30, color="grey", alpha=0.22, rotation=18,
            ha="center", va="center", weight="bold",
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path.with_suffix(".pdf"))
    png = path.with_suffix(".png")
    figure.savefig(png, dpi=DPI)
    return png


def seed_distribution(evidence: Evidence, facts: Facts) -> Figure:
    """Draw the distribution of the primary metric over seeds: histogram, runs, box."""
    figure, axes = blank()
    metric = evidence.plan.primary
    runs = run_values(evidence)
    runs = runs[(runs["metric"] == metric.name) & (runs["k"] == (metric.k or 0))]
    random = [a.name for a in evidence.plan.algorithms if a.is_random]
    names = [n for n in random if (runs["algorithm"] == n).sum() > 1]
    for name, colour in zip(names, (BLUE, ORANGE, GREEN) * 4, strict=False):
        values = runs.loc[runs["algorithm"] == name, "value"].to_numpy(dtype=float)
        axes.hist(
            values,
            bins="auto",
            color=colour,
            alpha=0.55,
            edgecolor="white",
            label=f"{name}, {len(values)} seeds",
        )
        axes.plot(values, np.full(len(values), -0.25), "|", color=colour, markersize=11)
        axes.axvline(values.mean(), color=colour, linewidth=1.6)
    axes.set_xlabel(metric.label, fontsize=12)
    axes.set_ylabel("runs", fontsize=12)
    axes.set_title(f"{metric.label} over training seeds, all else fixed", fontsize=12, loc="left")
    lines = [baseline_text(s) for s in facts.of(metric) if s.algorithm not in names]
    if lines:
        axes.text(0.99, 0.97, "\n".join(lines), transform=axes.transAxes, ha="right", va="top",
                  fontsize=10, color=GREY)  # fmt: skip
    if names:
        axes.legend(frameon=False, fontsize=11, loc="upper left")
    return figure


def baseline_text(summary: Summary) -> str:
    """Return a baseline's value for a corner of a figure."""
    return f"{summary.algorithm}: {summary.mean:.4f}"


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
            f"{summary.mean:.3f}", (summary.mean, position), textcoords="offset points",
            xytext=(0, 9), ha="center", fontsize=10, color=colour,
        )  # fmt: skip
        if summary.algorithm in baselines:
            axes.axvline(summary.mean, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(summaries)), [s.algorithm for s in summaries], fontsize=11)
    axes.set_ylim(-0.6, len(summaries) - 0.3)
    axes.set_xlabel(f"{plan.primary.label}, mean and 95 % interval over test users", fontsize=12)
    return figure


def differences(plan: Plan, facts: Facts) -> Figure:
    """Draw paired differences with their intervals; those that exclude 0 are filled."""
    figure, axes = blank()
    shown = facts.comparisons[:15]
    for position, item in enumerate(reversed(shown)):
        fill = BLUE if item.is_distinguishable else "white"
        low, high = item.interval.low, item.interval.high
        axes.plot([low, high], [position] * 2, color=BLUE, linewidth=2)
        axes.plot(
            [item.difference], [position], "o", color=BLUE, markerfacecolor=fill, markersize=8
        )
    labels = [f"{c.a} - {c.b}" for c in reversed(shown)]
    axes.set_yticks(range(len(labels)), labels, fontsize=10)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_xlabel(f"difference in {plan.primary.label}, 95 % interval over users", fontsize=12)
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
    axes.set_xlabel(key, fontsize=12)
    axes.set_ylabel(plan.primary.label, fontsize=12)
    axes.legend(frameon=False, fontsize=10)
    return figure
