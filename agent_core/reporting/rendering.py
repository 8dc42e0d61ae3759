"""Fills the report's templates."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--",  # noqa: RUF001
}  # fmt: skip


@cache
def environment(kind: str) -> Environment:
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
        loader=PackageLoader("agent_core", "report_templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        **options,
    )
    found.filters["cell"] = cell
    found.filters["tex"] = tex
    return found


def render(template: str, **values: Any) -> str:
    """Fill a template, e.g. `report.md.j2`."""
    kind = template.split(".")[-2]
    return environment(kind).get_template(template).render(**values)


def cell(text: Any) -> str:
    """Return a text that fits into a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def tex(text: Any) -> str:
    """Return a text that LaTeX takes literally."""
    return re.sub(r"[\\&%$#_{}~^–]", lambda m: TEX[m[0]], str(text))  # noqa: RUF001
