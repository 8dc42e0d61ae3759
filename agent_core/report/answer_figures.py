"""Figures of answers, drawn from their data: curves, intervals, distributions, heat maps."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agent_core.domain import FactorKind
from agent_core.domain.design import BY_NAME
from agent_core.report.figures import (
    BLUE,
    COLOURS,
    DRAWING,
    GREY,
    HEIGHT,
    WIDTH,
    clear_axes,
    new_canvas,
    row_height,
    save,
    wrapped_name,
)
from agent_core.rules.design_words import (
    factor_words,
    label_text,
    level_text,
    levels_text,
    measure_text,
)
from agent_core.statistics.answers.answer import FigureData, FigureKind, metric_of

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""They say the same as colours, in grey too."""
TITLE_WIDTHS = (96, 80, 72, 64, 56, 48)
"""Characters of a line of the title: the first that fits is taken."""
ROOM = 0.97
"""Share of the width of a figure that its title may take."""
TICK_WIDTH = 70
"""Characters of names below an axis that stand beside each other; more are turned."""
MOST_ROWS, MOST_PANELS = 24, 9
MOST_WRAPPED = 8
"""Lines whose names may take several lines."""
REPEATED = (FactorKind.FOLD, FactorKind.SPLIT_SEED, FactorKind.MODEL_SEED)
DECADES = 20
"""How far levels reach, as a ratio, from which they stand on a logarithmic axis."""


def draw(
    asked: Mapping[str, tuple[FigureData, str]], folder: Path, mark: str = ""
) -> tuple[Path, ...]:
    """Draw figures of answers under their names, each with its question as title.

    Returns
    -------
    tuple of Path
        The PNG files, in the order of the questions.
    """
    with DRAWING:
        found = {name: figure_of_answer(data, title) for name, (data, title) in asked.items()}
        return tuple(save(f, folder / name, mark) for name, f in found.items() if f is not None)


def figure_of_answer(data: FigureData, title: str) -> Figure | None:
    """Return the figure of an answer; None where it has none."""
    marks = data.frame[data.frame["x"].notna() & data.frame["y"].notna()]
    draw = DRAWN.get(data.kind)
    if data.kind is FigureKind.SCATTER and marks["y"].map(_is_told).any():
        draw = _intervals  # what cost is held against was not measured
    if draw is None or marks.empty:
        return None
    panels = list(dict.fromkeys(marks["panel"].fillna("")))
    if len(panels) > MOST_PANELS:
        title = f"{title} (the first {MOST_PANELS} of {len(panels)} panels)"
        panels = panels[:MOST_PANELS]
    height = HEIGHT * len(panels)
    if draw is _intervals:
        rows = max((len(marks[marks["panel"].fillna("") == p]) for p in panels), default=0)
        names = _row_names(marks)[:MOST_ROWS]
        height = max(height, (row_height(names) * min(rows, MOST_ROWS) + 1.2) * len(panels))
    figure = new_canvas(height)
    figure.set_size_inches(WIDTH, max(HEIGHT, height))
    for number, panel in enumerate(panels, start=1):
        axes = clear_axes(figure.add_subplot(len(panels), 1, number))
        draw(axes, marks[marks["panel"].fillna("") == panel], data)
        axes.set_title(label_text(str(panel)), fontsize=10, loc="left")
    _write_title(figure, title)
    return figure


def _write_title(figure: Figure, title: str) -> None:
    """Write the title on lines that end within the figure."""
    told = figure.suptitle("", fontsize=10, x=0.01, ha="left")
    for width in TITLE_WIDTHS:
        told.set_text(textwrap.fill(title, width))
        if told.get_window_extent().x1 <= ROOM * figure.bbox.x1:
            return


def _curves(axes: Axes, marks: pd.DataFrame, data: FigureData) -> None:
    """Draw a line a series along the levels, with bands; words stand at even steps."""
    levels = list(dict.fromkeys(marks["x"]))
    are_numbers = all(isinstance(v, int | float | np.number) for v in levels)
    places = {v: float(v) if are_numbers else float(i) for i, v in enumerate(levels)}
    for (name, own), colour, marker in zip(
        marks.groupby("series", sort=False), cycle(COLOURS), cycle(MARKERS), strict=False
    ):
        x = own["x"].map(places).to_numpy(float)
        order = np.argsort(x)
        y, low, high = (own[c].to_numpy(float)[order] for c in ("y", "low", "high"))
        axes.plot(x[order], y, color=colour, marker=marker, label=label_text(str(name)) or None)
        axes.fill_between(x[order], low, high, color=colour, alpha=0.15)
    lowest, highest = min(places.values()), max(places.values())
    if are_numbers and 0 < lowest * DECADES <= highest:
        axes.set_xscale("log")
    kind = BY_NAME.get(data.x_label, FactorKind.HYPERPARAMETER)
    _write_ticks(axes, {places[v]: level_text(kind, v) for v in levels})
    axes.minorticks_off()
    axes.set_xlabel(_factor_label(kind, data.x_label), fontsize=10)
    _write_legend(axes, marks)


def _factor_label(kind: FactorKind, name: str) -> str:
    """Return what an axis of levels counts; repetitions are counted up."""
    if not name:
        return ""
    return f"{factor_words(name)[1]} so far" if kind in REPEATED else factor_words(name)[0]


def _write_ticks(axes: Axes, names: Mapping[float, str]) -> None:
    """Write names below an axis, turned where they would run into each other."""
    is_long = len(names) * max(map(len, names.values())) > TICK_WIDTH
    axes.set_xticks(list(names), list(names.values()), fontsize=9)
    if is_long:
        axes.tick_params(axis="x", labelrotation=30)


def _intervals(axes: Axes, marks: pd.DataFrame, data: FigureData) -> None:
    """Draw a dot with its interval a line, the first on top."""
    if len(marks) > MOST_ROWS:
        axes.text(1, 1.01, f"the first {MOST_ROWS} of {len(marks)}", fontsize=9, ha="right",
                  transform=axes.transAxes)  # fmt: skip
    marks = marks.iloc[:MOST_ROWS]
    names = _row_names(marks)
    places = np.arange(len(marks))[::-1]
    x, low, high = (marks[c].to_numpy(float) for c in ("x", "low", "high"))
    axes.errorbar(x, places, xerr=np.vstack([x - low, high - x]), fmt="o", color=BLUE)
    axes.set_yticks(places, names, fontsize=9)
    if data.x_label == "difference":
        axes.axvline(0, color=GREY, linestyle="--", linewidth=1)
    axes.set_xlabel(data.x_label, fontsize=10)


def _row_names(marks: pd.DataFrame) -> list[str]:
    """Return what each line is called: the algorithm first, on one line where there are many."""
    names = [
        label_text(" · ".join(str(v) for v in (m.series, m.y) if _is_told(v)))
        for m in marks.itertuples()
    ]
    return [n if len(names) > MOST_WRAPPED else wrapped_name(n) for n in names]


def _is_told(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _grouped_dots(axes: Axes, marks: pd.DataFrame, data: FigureData) -> None:
    """Draw the series beside each other at each group."""
    groups, names = (list(dict.fromkeys(marks[c])) for c in ("x", "series"))
    width = 0.6 / max(1, len(names) - 1) if len(names) > 1 else 0.0
    for number, (name, colour, marker) in enumerate(
        zip(names, cycle(COLOURS), cycle(MARKERS), strict=False)
    ):
        own = marks[marks["series"] == name]
        x = own["x"].map(groups.index).to_numpy(float) - 0.3 * (len(names) > 1) + width * number
        y, low, high = (own[c].to_numpy(float) for c in ("y", "low", "high"))
        axes.errorbar(
            x, y, yerr=np.vstack([y - low, high - y]), fmt=marker, color=colour,
            label=label_text(str(name)),
        )  # fmt: skip
    names = [wrapped_name(levels_text({data.x_label: g})) for g in groups]
    axes.set_xticks(range(len(groups)), names, fontsize=9)
    _write_legend(axes, marks)


def _distributions(axes: Axes, marks: pd.DataFrame, data: FigureData) -> None:
    """Draw the values of each line as dots above each other, the first line on top."""
    lines = marks.groupby(["y", "series"], sort=False, dropna=False)["x"]
    are_several = marks["series"].nunique() > 1
    labels = []
    for place, (((name, series), x), colour) in enumerate(
        zip(lines, cycle(COLOURS), strict=False)
    ):
        values = x.to_numpy(float)
        shift = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else np.zeros(1)
        axes.plot(values, shift - place, "o", color=colour, alpha=0.7, markersize=4)
        over = f" over {factor_words(series)[1]}" if are_several else ""
        labels.append(wrapped_name(label_text(f"{name}{over}")))
    axes.set_yticks(-np.arange(len(labels)), labels, fontsize=9)
    axes.set_ylim(0.5 - len(labels), 0.5)
    measure = str(marks["panel"].fillna("").iat[0])
    axes.set_xlabel(f"{data.x_label} in {measure}" if data.x_label else measure, fontsize=10)


def _heat_map(axes: Axes, marks: pd.DataFrame, data: FigureData) -> None:
    """Draw a table of colours with its values."""
    table = marks.pivot_table("y", "series", "x", sort=False)
    axes.imshow(table.to_numpy(float), cmap="cividis", aspect="auto")
    columns, rows = ([label_text(str(n)) for n in names] for names in (table.columns, table.index))
    _write_ticks(axes, dict(enumerate(columns)))
    axes.set_yticks(range(len(rows)), list(map(wrapped_name, rows)), fontsize=9)
    middle = np.nanmean(table.to_numpy(float))
    for i, j in np.ndindex(*table.shape):
        value = table.iat[i, j]
        colour = "white" if value < middle else "black"
        axes.text(j, i, f"{value:.3g}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_xlabel(data.x_label, fontsize=10)


def _scatter(axes: Axes, marks: pd.DataFrame, data: FigureData) -> None:
    """Draw points with their names, joined as a path where these have an order."""
    x, y = marks["x"].to_numpy(float), marks["y"].to_numpy(float)
    axes.plot(x, y, "o-" if data.is_path else "o", color=BLUE, linewidth=1, alpha=0.8)
    for row in marks.itertuples():
        place = (float(row.x), float(row.y))
        axes.annotate(label_text(str(row.series)), place, fontsize=8, xytext=(4, 4),
                      textcoords="offset points")  # fmt: skip
    axes.set_xlabel(_measure_label(data.x_label), fontsize=10)
    axes.set_ylabel(_measure_label(data.y_label), fontsize=10)


def _measure_label(key: str) -> str:
    """Return a measure by its key with its unit, for an axis."""
    unit = metric_of(key).kind.unit
    return measure_text(key) + (f" ({unit})" if unit else "")


def _write_legend(axes: Axes, marks: pd.DataFrame) -> None:
    if marks["series"].fillna("").astype(bool).any():
        axes.legend(fontsize=9, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


DRAWN: Mapping[FigureKind, Callable[[Axes, pd.DataFrame, FigureData], None]] = {
    FigureKind.CURVES: _curves,
    FigureKind.SLOPES: _curves,
    FigureKind.INTERVALS: _intervals,
    FigureKind.GROUPED_DOTS: _grouped_dots,
    FigureKind.DISTRIBUTIONS: _distributions,
    FigureKind.HEAT_MAP: _heat_map,
    FigureKind.SCATTER: _scatter,
}
