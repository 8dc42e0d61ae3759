"""Draws into files what a script wants to show in a window: no sandbox has a screen."""

from __future__ import annotations

import importlib.util
import sys
import types
import warnings
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

PYPLOT = "matplotlib.pyplot"


def draw_without_screen() -> None:
    """Have matplotlib fall back to Agg, now or as soon as the script imports it."""
    if PYPLOT in sys.modules:
        _fall_back(sys.modules[PYPLOT])
    else:
        sys.meta_path.insert(0, _Watch())


class _Watch(MetaPathFinder):
    """Waits for pyplot to be imported, once."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find pyplot as anybody else does, and mend it when it was run."""
        if name != PYPLOT:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_mend(module: types.ModuleType) -> None:
                run(module)
                _fall_back(module)

            spec.loader.exec_module = run_and_mend  # type: ignore[method-assign]
        return spec


def _fall_back(pyplot: types.ModuleType) -> None:
    """Take Agg where a backend cannot be had."""
    switch = pyplot.switch_backend

    def switch_backend(newbackend: str) -> None:
        try:
            switch(newbackend)
        except ImportError:
            warnings.warn(f"{newbackend} needs a screen; figures are drawn by Agg.", stacklevel=2)
            switch("agg")

    pyplot.switch_backend = switch_backend  # type: ignore[attr-defined]
