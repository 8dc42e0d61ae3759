"""Which cases of a long list `make test` runs; the others are of the second tier."""

import pytest


def wide_but(cases, *kept):
    """Return cases as parameters; all but those that are named are of the second tier.

    A case of several values is named by the first of them that is a name, another by its `name`.
    """
    if unknown := set(kept) - set(map(_name_of, cases)):
        raise ValueError(f"no case has this name: {unknown}")
    return [_param(case, is_wide=_name_of(case) not in kept) for case in cases]


def each_of(cases, every):
    """Return cases as parameters; all but each `every`-th are of the second tier."""
    return [_param(case, is_wide=bool(n % every)) for n, case in enumerate(cases)]


def _param(case, *, is_wide):
    values = case if isinstance(case, tuple) else (case,)
    name = getattr(case, "name", None)
    marks = [pytest.mark.wide] * is_wide
    return pytest.param(*values, marks=marks, id=name and name.replace(" ", "-"))


def _name_of(case):
    if isinstance(case, tuple):
        return next((value for value in case if isinstance(value, str)), case)
    return getattr(case, "name", case)
