"""Studies that sin in a script's source; and the check that finds it."""

import pytest
from sins import WARN, Sins
from studies import honest

from agent_core.domain import Finding

sin = Sins()


def source(text):
    def change(made):
        made.source = text

    return change


TYPED = {
    "a_literal": ("1", 'labbook.row("ndcg", 0.3127, k=10)'),
    "a_name": ("3", 'best = 0.3127\nvalue = best\nlabbook.row("ndcg", value, k=10)'),
    "a_table": (
        "3",
        'known = {"EASE": 0.31, "Pop": 0.2}\nfor name, v in known.items():\n'
        '    labbook.row("ndcg", v, algorithm=name)',
    ),
    "a_function": ("4", 'def score(seed):\n    return 0.31\n\nlabbook.row("ndcg", score(1))'),
    "a_list": ("1", 'rows = [{"metric": "ndcg", "k": 10, "value": 0.31, "algorithm": "EASE"}]'),
    "a_cell": ("3", 'for c in labbook.cells():\n    with c:\n        c.row("ndcg", 0.31, 10)'),
    "a_cell_by_levels": (
        "2",
        'with labbook.cell(algorithm="EASE") as one:\n    one.row("ndcg", 0.31, 10)',
    ),
    "arithmetic": ("1", 'labbook.row("ndcg", value=round(0.3 * 1.04, 4))'),
}


DRAWN = {
    "a_cell_in_a_function": (
        "2",
        'def run(cell):\n    cell.row("ndcg", random.uniform(0.3, 0.4), 10)\n\n'
        "def each(c):\n    run(c)\n\nfor c in labbook.cells():\n    each(c)",
    ),
    "a_draw": ("1", 'labbook.row("ndcg", random.uniform(0.3, 0.4), k=10)'),
    "noise_on_a_number": (
        "3",
        'rng = np.random.default_rng(1)\nv = 0.31 + rng.normal(0, 0.01)\nlabbook.row("ndcg", v)',
    ),
    "a_function": (
        "4",
        'def measure(seed):\n    return np.random.rand()\n\nlabbook.row("ndcg", measure(3))',
    ),
}


SWALLOWED = {
    "bare": ("3", "try:\n    run()\nexcept:\n    pass"),
    "default": ("3", "try:\n    v = run()\nexcept Exception as e:\n    v = 0.0"),
    "suppress": ("1", "with contextlib.suppress(Exception):\n    run()"),
    "tuple": ("3", "try:\n    run()\nexcept (ValueError, BaseException):\n    print('oh')"),
}


for name, (lines, text) in TYPED.items():
    sin("typed_in_numbers", WARN, name=f"typed-{name}", lines=lines)(source(text))
for name, (lines, text) in DRAWN.items():
    sin("metric_from_random", WARN, name=f"drawn-{name}", lines=lines)(source(text))
for name, (lines, text) in SWALLOWED.items():
    sin("swallowed_exceptions", WARN, name=f"swallow-{name}", lines=lines)(source(text))


HONEST_SOURCES = (
    'value = float(result.loc["NDCG@10", "mean"])\nlabbook.row("ndcg", value, k=10)',
    'for m, v in means.items():\n    labbook.row(m, v)',
    'hits = 0\nfor u in users:\n    hits += found(u)\nlabbook.row("hit", hits / len(users), k=10)',
    'rng = np.random.default_rng(0)\ntest = df.sample(frac=0.2, random_state=rng)\n'
    'v = evaluate(test)\nlabbook.row("ndcg", v)',
    "try:\n    import torch\nexcept ImportError:\n    torch = None",
    "try:\n    run()\nexcept Exception:\n    log()\n    raise",
    "this is no Python",
    'df = pd.read_csv("d.csv")\ndata = from_interactions_df(df)\n'
    "for s in crossfold_users(data, 5, SampleN(1)):\n    pipe.train(s.train)",
    'df = pd.read_csv("d.csv")\nheld = df.sample(frac=0.2)\ndf = df.drop(held.index)\n'
    "pipe.train(from_interactions_df(df))",
    'def run(frame):\n    pipe.train(from_interactions_df(frame))\n\ndf = pd.read_csv("d.csv")\n'
    "train = df.sample(frac=0.8)\nrun(train)",
    'df = pd.read_csv("d.csv")\ntrain = df[df.time < 5]\npipe.train(from_interactions_df(train))',
)  # fmt: skip


@pytest.mark.parametrize("text", HONEST_SOURCES)
def test_an_honest_source_is_not_suspected(text, tmp_path):
    made = honest()
    made.source = text

    found = made.findings(tmp_path)

    assert found["no_test_in_train"].finding is Finding.PASS, found["no_test_in_train"].reason
    for name in ("typed_in_numbers", "metric_from_random", "swallowed_exceptions"):
        assert found[name].finding in (Finding.PASS, Finding.NOT_APPLICABLE), found[name].reason


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
