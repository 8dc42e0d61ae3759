"""Cells that are made alone show what carries over from cell to cell, and nothing else does."""

import shutil
from dataclasses import replace

import pytest
from honest_cells import TWO_DATA
from scripts_with_labbook import artifacts_of, run
from studies import profile_of
from whole_cells import BESIDE, FACTORS, MODELS, NEAR, POPULAR, USUAL, planned, taste

from agent_core.checks.results.independence import cells_independent
from agent_core.domain import Finding, cells_of
from agent_core.evidence.evidence import Evidence
from agent_core.execution.design_file import write_design
from agent_core.verification.order_check import independence_of, order_sample
from sandbox.execution import Ended, Execution, IsolationLevel

wide = pytest.mark.wide
LOOP = "for c in labbook.cells():\n"
FIT = "model.fit(matrix(part.train, people, items), c.rng)"
FITTED = f"            {FIT}\n"


def changed(*pairs):
    found = USUAL
    for old, new in pairs:
        assert old in found
        found = found.replace(old, new)
    return found


def drawn_by(generator, top=""):
    return changed((LOOP, f"{top}\n{LOOP}"), ("items), c.rng)", f"items), {generator})"))


OWN = "OWN = np.random.default_rng(42)"
SEEDED_IN_CELL = changed((FIT, FIT.replace("c.rng", "np.random.default_rng(c.seed)")))
GLOBAL = changed((FIT, FIT.replace("c.rng", "np.random.RandomState(np.random.randint(2**31))")))
PREPARED = changed(
    (LOOP, "def prepared(part, people, items):\n"
           f"    return matrix(part.train, people, items)\n{LOOP}"),
    (FIT, "X = labbook.once(c.block, 'X', lambda: prepared(part, people, items))\n"
          "            model.fit(X, c.rng)"),
)  # fmt: skip
CACHED = changed(
    (LOOP, f"CACHE = {{}}\n{LOOP}"),
    (FIT, "X = CACHE.setdefault(c.block, matrix(part.train, people, items))\n"
          "            model.fit(X, c.rng)"),
)  # fmt: skip
LOADED = changed((LOOP, f"sizes = labbook.load('data.csv').groupby('item_id').size()\n{LOOP}"))
HONEST = {
    "usual": USUAL,
    "seeded": SEEDED_IN_CELL,
    "global": GLOBAL,
    "once": PREPARED,
    "cached": CACHED,
    "loaded": LOADED,
}
SINS = {
    "shared generator": drawn_by("OWN", OWN),
    "seeded once": drawn_by(
        "RNG", "import random\nrandom.seed(1)\nRNG = np.random.default_rng(random.randrange(9))"
    ),
    "counted": changed((LOOP, f"TURN = [0]\n{LOOP}"), (
        FIT, "TURN[0] += 1\n            model.fit(matrix(part.train, people, items), "
             "np.random.default_rng(TURN[0]))")),
    "warm start": changed((LOOP, f"LAST = {{}}\n{LOOP}"), (
        FIT, FIT + "\n            if c.is_random and LAST:\n"
                   "                model.Q += LAST['Q'].mean()\n"
                   "            LAST.update({'Q': model.Q} if c.is_random else {})")),
    "data eaten": changed((LOOP, f"SEEN = []\n{LOOP}"), (
        FIT, "SEEN.append(c.id)\n"
             "            part_train = part.train.iloc[40 * (len(SEEN) - 1):]\n"
             "            model.fit(matrix(part_train, people, items), c.rng)")),
    "users of the first": changed((LOOP, f"FIRST = []\n{LOOP}"), (
        FIT, "FIRST.append(people[::2][:len(FIRST) * 9 + 9])\n"
             "            kept = part.train[part.train['user_id'].isin(FIRST[-1])]\n"
             "            model.fit(matrix(kept, people, items), c.rng)")),
    "matrix changed in place": changed((LOOP, f"CACHE = {{}}\n{LOOP}"), (
        FIT, "X = CACHE.setdefault(c.block, matrix(part.train, people, items))\n"
             "            model.fit(X, c.rng)\n            X[:, ::3] *= 0.5")),
    "setting carried": changed((LOOP, f"SHIFT = {{'by': 0}}\n{LOOP}"), (
        FIT, FIT + "\n            SHIFT['by'] += 1"), (
        "model.scores(matrix(known, users, items))",
        "model.scores(matrix(known, users, items)) * np.linspace(1, SHIFT['by'], len(items))")),
}  # fmt: skip


def most_wide(some, first):
    return [pytest.param(s, id=n, marks=() if n == first else wide) for n, s in some.items()]


@pytest.fixture(scope="module")
def plan():
    return planned(FACTORS, NEAR, POPULAR, seeds=(1, 2), **TWO_DATA)


def ran(folder, source, **environment):
    """Run a script; return what it left as an execution."""
    run(folder, source, **environment)
    left = tuple(a for a in artifacts_of(folder) if a.name not in BESIDE)
    return Execution(0, Ended.FINISHED, "", 1.0, IsolationLevel.COLD, artifacts=left)


async def finding_of(folder, plan, source):
    """Run a script whole, a sample of its cells alone, and check."""
    data, cells = taste(users=40, items=30, each=10), None

    def laid(name):
        place = folder / name
        place.mkdir()
        data.to_csv(place / "data.csv", index=False)
        nonlocal cells
        profile = profile_of(place / "data.csv", data)
        write_design(place / "design.json", plan, (profile,))
        cells = cells_of(plan, (profile,))
        return place

    first = ran(laid("whole"), source)
    sample = order_sample(cells, first)
    left = ()
    for cell in sample:
        left += ran(laid(cell), source, LABBOOK_CELLS=cell).artifacts

    async def again(ids):
        shutil.rmtree(folder / "again", ignore_errors=True)
        return ran(laid("again"), source, LABBOOK_CELLS=",".join(ids))

    found = await independence_of(first, replace(first, artifacts=left), sample, again)
    assert 0 < found.cells <= 6
    return cells_independent(Evidence(plan, source, first, (), independence=found)).finding


@pytest.mark.parametrize("source", most_wide(SINS, "shared generator"))
async def test_what_carries_over_from_cell_to_cell_fails(tmp_path, plan, source):
    assert await finding_of(tmp_path, plan, source) is Finding.FAIL


@pytest.mark.parametrize("source", most_wide(HONEST, "once"))
async def test_shared_preparation_passes(tmp_path, plan, source):
    assert await finding_of(tmp_path, plan, source) is Finding.PASS


@wide
async def test_what_is_not_deterministic_is_a_warning(tmp_path, plan):
    source = drawn_by("np.random.default_rng()")

    assert await finding_of(tmp_path, plan, source) is Finding.WARN
    assert MODELS in source
