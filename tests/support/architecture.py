"""What imports say about a package: its floors, and the modules at its root."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported(path):
    """Yield what a file imports anywhere, also inside functions and for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def edges(package):
    """Return which of its siblings each direct child of a package (a folder) imports."""
    files = {p: p.relative_to(package).with_suffix("").parts[0] for p in package.rglob("*.py")}
    children = set(files.values()) - {"__init__"}
    found = {child: set() for child in children}
    for path, importer in files.items():
        names = [name.split(".") for name in imported(path)]
        targets = {n[1] for n in names if n[0] == package.name and len(n) > 1}
        found.setdefault(importer, set()).update(targets & children - {importer})
    return found


def floors(package):
    """Return the children of a package by floor: the length of the longest chain of imports."""
    below = edges(package)

    @cache
    def floor(child):
        return 1 + max(map(floor, below[child]), default=0)

    found = defaultdict(list)
    for child in sorted(below.keys() - {"__init__"}):
        found[floor(child)].append(child)
    return dict(found)


def root_modules(package):
    """Return the names of the modules at the root of a package."""
    return sorted(p.stem for p in package.glob("*.py") if p.stem != "__init__")
