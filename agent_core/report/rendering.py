"""Fills the report's templates."""

from __future__ import annotations

import math
import re
import shlex
import unicodedata
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from agent_core.checks.results.retraining import what_explains
from agent_core.data.description import read_text
from agent_core.domain import Metric, Plan, with_design
from agent_core.domain.metric import RATING
from agent_core.grounding.claim_sentences import comparison_sentence
from agent_core.measures.beyond import KNOWN
from agent_core.measures.metrics import LISTED_ONLY, POOLED
from agent_core.prose.clipping import on_one_line
from agent_core.prose.given_text import given_text
from agent_core.prose.number_format import cost_text, p_text, percent, shown
from agent_core.prose.quotation import is_measure, quoted, said_by, short
from agent_core.report.asked_models import asked_models
from agent_core.report.number_texts import (
    NONE,
    T_INTERVAL,
    count_text,
    gap_text,
    interval_text,
    mean_text,
    methods_of,
    names_of,
    resolution_of,
    sd_limits_text,
    sd_text,
    shared_half_width,
)
from agent_core.report.report_inputs import named_filters
from agent_core.report.texts import TEXTS
from agent_core.rules.design_words import (
    design_text,
    question_text,
    split_seeds_of,
    unanswered_text,
    words_of,
)
from agent_core.rules.wording import candidate_texts, seeds_text
from agent_core.statistics.answered import open_questions
from agent_core.statistics.repetition_units import CONFOUNDED


def candidates_of(plan: Plan) -> str:
    """Return what is ranked by the plan's rules, where it is not every item new to the user."""
    texts = (text for level in plan.split_levels for text in candidate_texts(level.rules))
    return "; ".join(dict.fromkeys(texts))


def warns(plan: Plan, check: str) -> bool:
    """Whether a warning of a check stands above all numbers: it is about what was asked."""
    about = TEXTS["about"].get(check)
    kinds = {q.kind.value for q in with_design(plan).questions}
    return check in TEXTS["warnings"] and (about is None or bool(kinds & {*about}))


TEX: dict[str, str] = TEXTS["tex"]
_GLOBALS: dict[str, Any] = {
    f.__name__: f
    for f in (
        Metric,
        asked_models,
        candidates_of,
        comparison_sentence,
        cost_text,
        design_text,
        given_text,
        interval_text,
        is_measure,
        mean_text,
        methods_of,
        named_filters,
        names_of,
        on_one_line,
        p_text,
        open_questions,
        percent,
        question_text,
        quoted,
        read_text,
        resolution_of,
        said_by,
        gap_text,
        sd_limits_text,
        sd_text,
        shared_half_width,
        short,
        shown,
        unanswered_text,
        warns,
        words_of,
        seeds_text,
        split_seeds_of,
        what_explains,
    )
}
"""What templates may call."""
_CONSTANTS = {
    "texts": TEXTS,
    "CONFOUNDED": CONFOUNDED,
    "KNOWN": KNOWN,
    "LISTED_ONLY": LISTED_ONLY,
    "NONE": NONE,
    "POOLED": POOLED,
    "RATING": RATING,
    "T_INTERVAL": T_INTERVAL,
}
LATIN = re.compile(
    r"[\x20-\x7e\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e]"
    r"(?<![\u0126\u0127\u0138\u013f\u0140\u0149\u0166\u0167])"
)
"""Letters that LaTeX sets as they are in the encoding T1: ASCII, and Latin with marks."""


def render_template(template: str, **values: Any) -> str:
    """Fill a template, e.g. `report.md.j2`."""
    kind = template.split(".")[-2]
    return _environment(kind).get_template(template).render(**values)


def render_part(template: str, part: str, **values: Any) -> str:
    """Return one part of a report: a macro of a template that needs nothing but `values`."""
    kind = template.split(".")[-2]
    module = _environment(kind).get_template(template).make_module(values)
    return str(getattr(module, part)())


def render_lines(template: str, part: str, **values: Any) -> list[str]:
    """Return the lines of a part that says one thing a line; indentation counts for nothing."""
    lines = (line.lstrip() for line in render_part(template, part, **values).split("\n"))
    return [line for line in lines if line]


def as_sentence(text: Any) -> str:
    """Return a text as a sentence: a capital first, a mark at its end."""
    told = _with_mark(text)
    return f"{told[:1].upper()}{told[1:]}"


def tex(text: Any) -> str:
    """Return a text that LaTeX takes literally; signs that it cannot set become their nearest."""
    flat = " ".join(unicodedata.normalize("NFC", str(text)).split())
    return "".join(_tex_of(c) for c in flat)


@cache
def _environment(kind: str) -> Environment:
    """Return the environment of templates that end in `md`, `html` or `tex`."""
    options: dict[str, Any] = {"autoescape": kind == "html"}
    if kind == "tex":
        options |= {
            "block_start_string": "[%",
            "block_end_string": "%]",
            "variable_start_string": "[[",
            "variable_end_string": "]]",
            "comment_start_string": "[#",
            "comment_end_string": "#]",
        }
    found = Environment(
        loader=PackageLoader("agent_core.report", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        **options,
    )
    found.filters |= _FILTERS
    found.tests["finite"] = math.isfinite
    found.globals |= _GLOBALS | _CONSTANTS
    return found


def _cell(text: Any) -> str:
    """Return a text that fits into a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def _with_mark(text: Any) -> str:
    """Return a text with a mark at its end, also where a quotation closes it."""
    flat = str(text).rstrip()
    return flat if flat.rstrip("”’)").endswith((".", "!", "?")) else f"{flat}."  # noqa: RUF001


def _first_cell(written: str) -> str:
    """Return a row's first cell; a bracket or star there would be an option of the row before."""
    return f"{{}}{written}" if written.startswith(("[", "*")) else written


def _tex_of(character: str) -> str:
    """Return one character as LaTeX has it."""
    if character in TEX:
        return TEX[character]
    if LATIN.match(character):
        return character
    parts = [p for p in unicodedata.normalize("NFKD", character) if not unicodedata.combining(p)]
    return "".join(TEX.get(p, p if p.isascii() else "?") for p in parts)


_FILTERS = {
    "cell": _cell,
    "counted": count_text,
    "ended": _with_mark,
    "first_cell": _first_cell,
    "quoted": shlex.quote,
    "stated": as_sentence,
    "tex": tex,
}
