"""Runs in the sandbox: prints signatures and docstrings of the names it is asked for.

The product reads this file as text, puts `NAMES = [...]` before it and executes it beside the
experiment's libraries; nothing of the product can be imported there.
"""

import difflib
import importlib
import inspect
import json
import pkgutil
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


def _module(name: str) -> Any:
    """Import a module; None where that fails."""
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001  whatever a library does on import
        return None


def _inside(thing: Any, name: str) -> Any:
    """Return an attribute; None where there is none, or where loading it fails."""
    try:
        return getattr(thing, name, None)
    except Exception:  # noqa: BLE001  lazy modules of absent libraries
        return None


def _resolve(dotted: str) -> tuple[str, Any] | None:
    """Find what a dotted name means: (where, thing), or None."""
    first, *rest = dotted.split(".")
    parts = [SHORT.get(first, first), *rest]
    for cut in range(len(parts), 0, -1):
        found = _module(".".join(parts[:cut])) if cut > 1 or len(parts) > 1 else None
        for part in parts[cut:] if found is not None else ():
            found = _inside(found, part)
        if found is not None:
            return ".".join(parts), found
    for place in MODULES:
        found = _module(place)
        for part in parts if found is not None else ():
            found = _inside(found, part)
        if found is not None:
            return f"{place}.{'.'.join(parts)}", found
    return None


def _nearest(dotted: str) -> list[str]:
    """List names that look like one that does not exist."""
    known: dict[str, str] = {}
    before, _, last = dotted.rpartition(".")
    for place in (*([before] if before else []), *MODULES):
        for name in dir(_module(place) or object()):
            is_module = inspect.ismodule(_inside(_module(place), name))
            if not name.startswith("_") and not is_module:
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
