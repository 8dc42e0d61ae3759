"""Whether a script leaves the helper that delivers its results as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agent_core.checks.result import Detail
from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.syntax import (
    arguments_of,
    called_name,
    dotted_name,
    last_name,
    names_in,
    nodes_of_kind,
    syntax_tree,
)

HELPER = "labbook"
MISSING = names_of("missing")
SETTING = names_of("setting")
MUTATING = names_of("mutating")


def changed_helper(source: str) -> str:
    """Say where a source replaces the helper or a part of it; empty where it does not.

    Names of the script's own, `from labbook import row as r` or a function called `row`, change
    nothing; nor does what stands in for a helper that cannot be imported.
    """
    nodes = tuple(_nodes_with_helper(syntax_tree(source)))
    names, functions = _module_names(nodes), _function_names(nodes)
    for node in nodes:
        if _is_change(node, names) or _is_rewritten(node, functions):
            told = "line {line} puts something else in place of it"
            return Detail(told, line=getattr(node, "lineno", 0))
    return ""


def _nodes_with_helper(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes but those that run only where the helper cannot be imported."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop(0)
        if not _is_for_missing(node):
            yield node
            pending.extend(ast.iter_child_nodes(node))


def _is_for_missing(node: ast.AST) -> bool:
    """Whether a node handles that something cannot be imported."""
    kind = node.type if isinstance(node, ast.ExceptHandler) else None
    return kind is not None and not MISSING.isdisjoint(names_in(kind))


def _module_names(nodes: tuple[ast.AST, ...]) -> set[str]:
    """Return the names under which a script has the helper."""
    imports = (n for n in nodes if isinstance(n, ast.Import))
    found = {a.asname or HELPER for n in imports for a in n.names if a.name == HELPER}
    for node in nodes:
        if isinstance(node, ast.Assign) and _is_helper(node.value, found):
            found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return found


def _function_names(nodes: tuple[ast.AST, ...]) -> set[str]:
    """Return the names of what a script imports out of the helper."""
    imports = (n for n in nodes if isinstance(n, ast.ImportFrom) and n.module == HELPER)
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _loads(value: ast.expr) -> bool:
    """Whether an expression imports the helper, or looks it up among the modules."""
    if isinstance(value, ast.Subscript):
        return _is_place(value)
    if not isinstance(value, ast.Call):
        return False
    is_import = called_name(value).endswith(("import_module", "__import__"))
    return is_import and any(map(_is_name_of_helper, value.args))


def _is_helper(value: ast.expr, names: set[str]) -> bool:
    """Whether an expression is the helper itself."""
    return (isinstance(value, ast.Name) and value.id in names) or _loads(value)


def _is_change(node: ast.AST, names: set[str]) -> bool:
    """Whether a node sets or deletes the helper among the modules, or a part of it."""
    match node:
        case ast.Attribute(value=holder, ctx=ast.Store() | ast.Del()):
            return _is_part(holder, names)
        case ast.Subscript(value=holder, ctx=ast.Store() | ast.Del()):
            return _is_place(node) or _is_part(holder, names)
        case ast.Call(args=[first, *_]) if last_name(node) in SETTING:
            return _is_helper(first, names) or _is_dotted_part(first)
        case ast.Call(func=ast.Attribute(value=holder, attr=name)) if name in MUTATING:
            return _is_mutation(node, holder, names)
    return False


def _is_part(value: ast.AST, names: set[str]) -> bool:
    """Whether an expression is the helper or lies in it; what its functions return does not."""
    while isinstance(value, ast.Attribute | ast.Subscript):
        if _loads(value):
            return True
        value = value.value
    if isinstance(value, ast.Call):
        is_inside = called_name(value) == "vars" and bool(value.args)
        return _loads(value) or (is_inside and _is_helper(value.args[0], names))
    return isinstance(value, ast.Name) and value.id in names


def _is_mutation(call: ast.Call, holder: ast.expr, names: set[str]) -> bool:
    """Whether a method changes what the helper keeps, or takes it out of the modules."""
    if dotted_name(holder) == "sys.modules":
        constants = (c for g in arguments_of(call) for c in nodes_of_kind(g, ast.Constant))
        return any(map(_is_name_of_helper, constants))
    return _is_part(holder, names) and not isinstance(holder, ast.Name)


def _is_rewritten(node: ast.AST, functions: set[str]) -> bool:
    """Whether a node sets the inside of a function of the helper, such as its `__code__`."""
    is_set = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
    inner = node.value if isinstance(node, ast.Subscript) else node
    is_inside = isinstance(inner, ast.Attribute) and inner.attr.startswith("__")
    return is_set and is_inside and _is_part(inner, functions)


def _is_place(value: ast.Subscript) -> bool:
    """Whether an expression is `sys.modules["labbook"]`."""
    return dotted_name(value.value) == "sys.modules" and _is_name_of_helper(value.slice)


def _is_name_of_helper(value: ast.AST) -> bool:
    """Whether an expression is the helper's name as text."""
    return isinstance(value, ast.Constant) and value.value == HELPER


def _is_dotted_part(value: ast.AST) -> bool:
    """Whether an expression is text such as `labbook.row`."""
    text = value.value if isinstance(value, ast.Constant) else None
    return isinstance(text, str) and text.startswith(f"{HELPER}.")
