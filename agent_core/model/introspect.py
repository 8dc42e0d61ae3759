"""Runs in the sandbox: prints signatures and docstrings of the names it is asked for.

The product reads this file as text, puts `NAMES = [...]` before it and executes it beside the
experiment's libraries; nothing of the product can be imported there.
"""

import difflib
import inspect
import json
import pkgutil
import pydoc
import sys
from typing import Any

MODULES = (
    "lenskit",
    "lenskit.als",
    "lenskit.basic",
    "lenskit.batch",
    "lenskit.data",
    "lenskit.flexmf",
    "lenskit.funksvd",
    "lenskit.knn",
    "lenskit.metrics",
    "lenskit.metrics.ranking",
    "lenskit.pipeline",
    "lenskit.splitting",
    "lenskit.training",
    "labbook",
)
SHORT = {"pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot"}
MAX_DOC = 600


def _located(dotted: str) -> Any:
    """Import or look up what a dotted name means; None where that fails."""
    try:
        return pydoc.locate(dotted)
    except Exception:  # noqa: BLE001  whatever a library does on import
        return None


def _resolve(dotted: str) -> tuple[str, Any] | None:
    """Find what a dotted name means: (where, thing), or None."""
    first, *rest = dotted.split(".")
    name = ".".join([SHORT.get(first, first), *rest])
    for place in (*([name] if rest else []), *(f"{module}.{name}" for module in MODULES)):
        found = _located(place)
        if found is not None:
            return place, found
    return None


def _nearest(dotted: str) -> list[str]:
    """List names that look like one that does not exist."""
    known: dict[str, str] = {}
    before, _, last = dotted.rpartition(".")
    for place in (*([before] if before else []), *MODULES):
        for name in dir(_located(place) or object()):
            if not name.startswith("_") and not inspect.ismodule(_located(f"{place}.{name}")):
                known.setdefault(name, f"{place}.{name}")
    return [known[n] for n in difflib.get_close_matches(last, list(known), 4, 0.5)]


def _description(dotted: str) -> str:
    """Describe one name for a person who must call it."""
    found = _resolve(dotted)
    if found is None:
        close = _nearest(dotted)
        missing = f"{dotted}: does not exist here"
        return (
            f"{missing}; near: {', '.join(close)}\n{_description(close[0])}" if close else missing
        )
    where, thing = found
    if inspect.ismodule(thing):
        names = [n for n in dir(thing) if not n.startswith("_")]
        below = [m.name for m in pkgutil.iter_modules(getattr(thing, "__path__", []))]
        below = [n for n in below if not n.startswith("_")]
        return f"{where}: module; names: {', '.join(names[:40])}; submodules: {', '.join(below)}"
    try:
        signature = str(inspect.signature(thing))
    except (TypeError, ValueError):
        signature = ""
    doc = (inspect.getdoc(thing) or "").split("\n\n")[0][:MAX_DOC]
    return f"{where}{signature}{_configuration(thing)}\n    {doc}"


def _configuration(thing: Any) -> str:
    """List the configuration of a LensKit component with its defaults."""
    try:
        fields = type(thing().config).model_fields
    except Exception:  # noqa: BLE001  no component, or one that needs arguments
        return ""
    shown = [f"{name}={field.default!r}" for name, field in fields.items()]
    return f"\n    configuration, keyword-only: {', '.join(shown)}"


sys.stdout.write(
    "\n<<reference>>"
    + json.dumps([_description(name) for name in globals().get("NAMES", [])])
    + "<</reference>>\n"
)
