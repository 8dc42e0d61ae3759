"""Figures of a report, from recorded results: legible in a preview, safe for colour-blind."""

from __future__ import annotations

import math
import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from agent_core.domain import Plan, Study
from agent_core.evidence.evidence import Evidence
from agent_core.prose.clipping import clipped
from agent_core.prose.number_format import shown
from agent_core.report.headline import swept_points
from agent_core.report.number_texts import names_of, sd_text
from agent_core.statistics.facts import Facts, Summary
from agent_core.statistics.measured_values import run_values
from agent_core.statistics.summaries import LEVELS

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#595959")
"""Of Okabe and Ito's palette, and a grey; shape or words always say the same as a colour."""
BLUE, ORANGE, GREY = COLOURS[0], COLOURS[1], COLOURS[-1]
MAX_ROWS = 20
MAX_DIFFERENCES = 12
WIDTH, HEIGHT = 5.6, 3.8
"""Inches; with `DPI` 1,120 pixels wide, so that text is legible at a third of it."""
ROW = 0.36
"""Inches that a line of a figure takes at least."""
LINE = 0.17
"""Inches of one line of a label."""
LABEL_WIDTH = 20
"""Characters of a label's line."""
TICKS = 6
MANY_VALUES = 8
"""Swept values from which their labels are turned."""
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
        figures = figures_for(evidence, facts)
        return tuple(save(figure, folder / name, mark) for name, figure in figures.items())


def figures_for(evidence: Evidence, facts: Facts) -> dict[str, Figure]:
    """Return the figures that fit the study."""
    plan = evidence.plan
    if not facts.of(plan.primary):
        return {}
    if plan.study is Study.SEED_VARIANCE:
        spread = {"seed_distribution": _seed_distribution(evidence, facts)}
        return spread | {"comparison": _comparison(plan, facts)}
    if plan.study is Study.SWEEP and plan.swept:
        return {"sweep": _sweep(plan, facts), "comparison": _comparison(plan, facts)}
    if any(s.over == LEVELS for s in facts.summaries):
        return {}  # a mean over levels that are compared is none of them
    found = {"comparison": _comparison(plan, facts)}
    if any(c.is_declared for c in facts.comparisons):
        found["differences"] = _differences(plan, facts)
    return found


def wrapped_name(name: str, lines: int = 3) -> str:
    """Return a name on short lines; the middle of a very long one is left out."""
    room = LABEL_WIDTH * lines - 4
    flat = " ".join(name.split())
    if len(flat) > room:
        flat = f"{flat[: room // 2]}…{flat[-(room // 2 - 1) :]}"
    return "\n".join(textwrap.wrap(flat, LABEL_WIDTH)) or flat


def _empty_figure(labels: Sequence[str] = ()) -> tuple[Figure, Axes]:
    """Return an empty figure in the house style, high enough for a line per label."""
    figure = new_canvas(1.5 + row_height(labels) * len(labels))
    return figure, clear_axes(figure.add_subplot())


def new_canvas(height: float = HEIGHT) -> Figure:
    """Return a figure that needs no window."""
    figure = Figure(figsize=(WIDTH, max(HEIGHT, height)), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def row_height(labels: Sequence[str]) -> float:
    """Return the inches that each line of a figure needs for its label."""
    return max([ROW, *(LINE * (label.count("\n") + 1) + 0.06 for label in labels)])


def clear_axes(axes: Axes) -> Axes:
    """Take away what carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)
    axes.xaxis.set_major_locator(MaxNLocator(TICKS))
    return axes


def _write_row_labels(axes: Axes, labels: Sequence[str], values: Sequence[str] = ()) -> None:
    """Write a label left of each line, the first one on top, and its value on the right."""
    size = 10 if max((label.count("\n") for label in labels), default=0) < 2 else 9
    axes.set_yticks(range(len(labels)), list(reversed(labels)), fontsize=size)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    for position, value in enumerate(reversed(values)):
        axes.annotate(
            value, (1.02, position), xycoords=("axes fraction", "data"), ha="left", va="center",
            fontsize=10, annotation_clip=False,
        )  # fmt: skip


def _draw_line(axes: Axes, value: float, text: str) -> None:
    """Draw the baseline as a dashed line with its name above."""
    axes.axvline(value, color=GREY, linestyle="--", linewidth=1)
    low, high = axes.get_xlim()
    place = (value - low) / (high - low) if high > low else 0.5
    side = "left" if place < 0.35 else "right" if place > 0.65 else "center"
    axes.annotate(
        text, (value, 1.01), xycoords=("data", "axes fraction"), ha=side, va="bottom",
        fontsize=9, color=GREY,
    )  # fmt: skip


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


def _seed_distribution(evidence: Evidence, facts: Facts) -> Figure:
    """Draw the runs of each algorithm, and below what varies by seed.

    For one algorithm that is the histogram of its runs, for several the deviation of each.
    """
    metric = evidence.plan.primary
    runs = run_values(evidence)
    runs = runs[(runs["metric"] == metric.name) & (runs["k"] == (metric.k or 0))]
    runs = runs[~runs["fold"].isin(facts.left_out)]
    values = {str(n): g["value"].to_numpy(dtype=float) for n, g in runs.groupby("algorithm")}
    summaries = _shown_summaries(evidence.plan, facts)
    varied = [s for s in summaries if s.over == "seeds"]
    labels = [_label_of(evidence.plan, s) for s in summaries]
    below = [wrapped_name(s.algorithm) for s in varied] if len(varied) > 1 else []
    heights = [max(1.0, row_height(group) * len(group)) for group in (labels, below)]
    heights[1] = max(heights[1], 1.6)
    figure = new_canvas(sum(heights) + 1.8)
    above, under = (clear_axes(axes) for axes in figure.subplots(2, 1, height_ratios=heights))
    _draw_runs(above, [values[s.algorithm] for s in summaries])
    _write_row_labels(above, labels)
    above.set_title(f"{metric.label}{metric.note} over training seeds", fontsize=11, loc="left")
    if len(varied) == 1:
        _draw_histogram(under, values[varied[0].algorithm], varied[0])
    elif varied:
        _draw_deviations(under, varied)
    else:
        figure.delaxes(under)
    return figure


def _shown_summaries(plan: Plan, facts: Facts) -> list[Summary]:
    """Return the best summaries of the primary metric, baselines always among them."""
    found = facts.of(plan.primary)
    baselines = names_of(plan.baselines)
    room = MAX_ROWS - sum(s.algorithm in baselines for s in found)
    subjects = [s for s in found if s.algorithm not in baselines][: max(0, room)]
    return [s for s in found if s in subjects or s.algorithm in baselines]


def _label_of(plan: Plan, summary: Summary) -> str:
    """Return the label of an algorithm's line; a baseline is called one."""
    is_baseline = summary.algorithm in names_of(plan.baselines)
    return wrapped_name(f"{summary.algorithm} (baseline)" if is_baseline else summary.algorithm)


def _draw_runs(axes: Axes, lines: Sequence[NDArray[np.float64]]) -> None:
    """Draw each run as a dot under a box of the middle half, one line per algorithm."""
    for position, runs in enumerate(reversed(lines)):
        if len(runs) < 2:
            axes.plot(runs, [position], "D", color=GREY, markersize=6)
            continue
        jitter = np.random.default_rng(0).uniform(-0.3, -0.06, len(runs))
        axes.plot(runs, position + jitter, "o", color=BLUE, alpha=0.5, markersize=3.5)
        axes.boxplot(
            runs, orientation="horizontal", positions=[position + 0.2], widths=0.22,
            showfliers=False, medianprops={"color": ORANGE, "linewidth": 2},
        )  # fmt: skip
    axes.margins(x=0.06)


def _draw_histogram(axes: Axes, values: NDArray[np.float64], summary: Summary) -> None:
    """Draw how often a value came, and the mean as a line."""
    if np.ptp(values) == 0:
        width = max(abs(summary.mean) * 0.01, 1e-6)
        axes.bar([summary.mean], [len(values)], width=width, color=BLUE, alpha=0.6)
        axes.set_xlim(summary.mean - 5 * width, summary.mean + 5 * width)
    else:
        axes.hist(values, bins=_bins(values), color=BLUE, alpha=0.6, edgecolor="white")
        axes.axvline(summary.mean, color=ORANGE, linewidth=1.6)
    axes.set_xlabel(f"{summary.metric.label} (line: mean)", fontsize=11)
    axes.set_ylabel("runs", fontsize=11)
    axes.yaxis.set_major_locator(MaxNLocator(TICKS, integer=True))
    name = clipped(summary.algorithm, 30)
    axes.set_title(
        f"{name}: {summary.units} seeds, SD {sd_text(summary)}", fontsize=10, loc="left"
    )


def _draw_deviations(axes: Axes, varied: Sequence[Summary]) -> None:
    """Draw the standard deviation of each algorithm with its interval."""
    for position, summary in enumerate(reversed(varied)):
        interval = summary.sd_interval
        if interval.is_known:
            axes.plot([interval.low, interval.high], [position] * 2, color=BLUE, linewidth=2.5)
        axes.plot([summary.sd], [position], "o", color=BLUE, markersize=7)
    _write_row_labels(
        axes, [wrapped_name(s.algorithm) for s in varied], [sd_text(s) for s in varied]
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("SD over seeds, 95 % interval", fontsize=11)


def _bins(values: NDArray[np.float64]) -> int:
    """Return the number of bars: about the square root of the runs, at least five."""
    return max(5, min(20, round(1.6 * math.sqrt(len(values)))))


def _comparison(plan: Plan, facts: Facts) -> Figure:
    """Draw means with their intervals over users, the best baseline as a line."""
    summaries = _shown_summaries(plan, facts)
    labels = [_label_of(plan, s) for s in summaries]
    figure, axes = _empty_figure(labels)
    baselines = names_of(plan.baselines)
    for position, summary in enumerate(reversed(summaries)):
        is_baseline = summary.algorithm in baselines
        colour, marker = (GREY, "D") if is_baseline else (BLUE, "o")
        interval = summary.user_interval
        if interval.is_known:
            axes.plot([interval.low, interval.high], [position] * 2, color=colour, linewidth=2.5)
        axes.plot([summary.mean], [position], marker, color=colour, markersize=7)
    _write_row_labels(axes, labels, [shown(s.mean, s.user_interval.half_width) for s in summaries])
    base = next((s for s in summaries if s.algorithm in baselines), None)
    if base and len(summaries) > 1:
        _draw_line(axes, base.mean, _line_text(base))
    left_out = len(facts.of(plan.primary)) - len(summaries)
    axes.set_xlabel(_mean_label(plan, summaries, left_out), fontsize=11)
    return figure


def _line_text(base: Summary) -> str:
    """Return what stands above the line of a baseline."""
    name = clipped(base.algorithm, 24)
    return f"baseline: {name}"


def _mean_label(plan: Plan, summaries: Sequence[Summary], left_out: int) -> str:
    """Say what dots and bars are, which end is better, and how many are left out."""
    is_known = [s.user_interval.is_known for s in summaries]
    over = "95 % interval over users" if any(is_known) else "no interval over users"
    text = f"{plan.primary.label}{plan.primary.note}: mean, {over}"
    return f"{text}\n{left_out} more in tables/summaries.csv" if left_out else text


def _differences(plan: Plan, facts: Facts) -> Figure:
    """Draw paired differences with their intervals; those that exclude 0 are filled."""
    declared = [c for c in facts.comparisons if c.is_declared]
    drawn = declared[:MAX_DIFFERENCES]
    labels = [f"{wrapped_name(c.a, 2)} \N{MINUS SIGN}\n{wrapped_name(c.b, 2)}" for c in drawn]
    labels = [text if len(text) > LABEL_WIDTH else text.replace("\n", " ") for text in labels]
    figure, axes = _empty_figure(labels)
    if plan.margin is not None and any(c.equivalence for c in drawn):
        axes.axvspan(-plan.margin, plan.margin, color=GREY, alpha=0.15, linewidth=0)
    for position, item in enumerate(reversed(drawn)):
        fill = BLUE if item.is_distinguishable else "white"
        if item.interval.is_known:
            ends = [item.interval.low, item.interval.high]
            axes.plot(ends, [position] * 2, color=BLUE, linewidth=2)
        axes.plot(
            [item.difference], [position], "o", color=BLUE, markerfacecolor=fill, markersize=8
        )
    _write_row_labels(axes, labels, [shown(c.difference, c.interval.half_width) for c in drawn])
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_xlabel(
        f"difference in {plan.primary.label}, 95 % interval over users\n"
        f"right of 0: the first is higher{'' if plan.primary.is_descending else ' (worse)'}",
        fontsize=11,
    )
    axes.set_title(_differences_title(plan, len(drawn), len(declared)), fontsize=10, loc="left")
    return figure


def _differences_title(plan: Plan, drawn: int, declared: int) -> str:
    """Say what filled dots, the band, and what is left out mean."""
    lines = ["filled dot: distinguishable (Holm)"]
    if plan.margin is not None:
        lines.append(f"grey band: equivalence margin ±{plan.margin:g}")
    if declared > drawn:
        lines.append(f"{drawn} of {declared} pairs; all in tables/comparisons.csv")
    return "\n".join(lines)


def _sweep(plan: Plan, facts: Facts) -> Figure:
    """Draw the primary metric over the values of the swept hyperparameter."""
    figure, axes = _empty_figure()
    points = swept_points(plan, facts)
    xs = [float(p.value) for p in points]
    intervals = [p.summary.user_interval for p in points]
    if any(i.is_known for i in intervals):
        low, high = np.array([i.low for i in intervals]), np.array([i.high for i in intervals])
        axes.fill_between(xs, low, high, color=BLUE, alpha=0.18, label="95 % interval over users")
    means = np.array([p.summary.mean for p in points])
    axes.plot(xs, means, "o-", color=BLUE, linewidth=2, label="mean")
    for summary in facts.of(plan.primary):
        if summary.algorithm in names_of(plan.baselines):
            text = _line_text(summary)
            axes.axhline(summary.mean, color=GREY, linestyle="--", label=text)
    if xs and min(xs) > 0 and max(xs) / min(xs) >= 8:
        axes.set_xscale("log")
    axes.set_xticks(xs, [f"{x:g}" for x in xs], rotation=45 if len(xs) > MANY_VALUES else 0)
    axes.minorticks_off()
    axes.set_xlabel(plan.swept or "", fontsize=11)
    axes.set_ylabel(f"{plan.primary.label}{plan.primary.note}", fontsize=11)
    figure.legend(frameon=False, fontsize=10, loc="outside upper left", ncols=2)
    return figure
