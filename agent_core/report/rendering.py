"""Fills the report's templates."""

from __future__ import annotations

import re
import shlex
import unicodedata
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "–": "--", "—": "---",  # noqa: RUF001
    "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$", "≠": r"$\neq$",  # noqa: RUF001
    "→": r"$\rightarrow$", "·": r"$\cdot$", "…": r"\ldots{}", "“": "``", "”": "''", "‘": "`",  # noqa: RUF001
    "’": "'", "°": r"$^\circ$", "α": r"$\alpha$", "β": r"$\beta$", "γ": r"$\gamma$",  # noqa: RUF001
    "δ": r"$\delta$", "ε": r"$\epsilon$", "λ": r"$\lambda$", "μ": r"$\mu$", "σ": r"$\sigma$",  # noqa: RUF001
    "τ": r"$\tau$", "Δ": r"$\Delta$", "²": "$^2$", "³": "$^3$", "⁄": "/",  # noqa: RUF001
}  # fmt: skip
LATIN = re.compile(
    r"[\x20-\x7e\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e]"
    r"(?<![\u0126\u0127\u0138\u013f\u0140\u0149\u0166\u0167])"
)
"""Letters that LaTeX sets as they are in the encoding T1: ASCII, and Latin with marks."""


def render_template(template: str, **values: Any) -> str:
    """Fill a template, e.g. `report.md.j2`."""
    kind = template.split(".")[-2]
    return _environment(kind).get_template(template).render(**values)


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
    found.filters["cell"] = _cell
    found.filters["ended"] = _with_mark
    found.filters["quoted"] = shlex.quote
    found.filters["stated"] = as_sentence
    found.filters["tex"] = tex
    found.filters["first_cell"] = _first_cell
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
