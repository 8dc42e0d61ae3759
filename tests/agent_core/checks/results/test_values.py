"""Values of hyperparameters are followed from where they stand to the models they are given to."""

import ast
from dataclasses import replace

import pytest
from studies import honest

from agent_core.checks.script.constants import UNKNOWN, Constants
from agent_core.checks.script.unreported_settings import undelivered_calls
from agent_core.domain import Algorithm, Finding
from agent_core.evidence.retrained import Pair, Retrained

PASS, WARN, FAIL = Finding.PASS, Finding.WARN, Finding.FAIL
CHECK = "hyperparameters_took_effect"
SMALL = "    use(ImplicitMFScorer(epochs=1))"
RECORDED = "labbook.algorithm('ImplicitMF', s)\n"


def judged(tmp_path, source, change=None):
    made = honest()
    made.source = source
    if change:
        change(made)
    return made.findings(tmp_path)[CHECK]


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("C = {'epochs': 1}\nuse(ImplicitMFScorer(**C))", FAIL),
        ("C = dict(epochs=1)\nuse(ImplicitMFScorer(**C))", FAIL),
        ("C = {'epochs': 1}\nC['epochs'] = 10\nuse(ImplicitMFScorer(**C))", PASS),
        ("C = {'epochs': 1}\nC.update(epochs=10)\nuse(ImplicitMFScorer(**C))", PASS),
        ("E = 1\nuse(ImplicitMFScorer(epochs=E))", FAIL),
        ("S, E = 32, 1\nuse(ImplicitMFScorer(embedding_size=S, epochs=E))", FAIL),
        ("E: int = 10\nuse(ImplicitMFScorer(epochs=E))", PASS),
        ("E = 1\nE = 10\nuse(ImplicitMFScorer(epochs=E))", PASS),
        ("for E in (1, 10):\n    use(ImplicitMFScorer(epochs=E))", PASS),
        ("E = 1\ndef f(E):\n    return ImplicitMFScorer(epochs=E)", PASS),
        ("s.config.epochs = 1", FAIL),
        ("E = 1\ns.config.epochs = E", FAIL),
        ("setattr(s.config, 'epochs', 1)", FAIL),
        ("s.config.epochs = 10", PASS),
    ],
)
def test_values_are_followed_to_where_they_are_set(tmp_path, source, finding):
    assert judged(tmp_path, source).finding is finding


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        (f"if labbook.is_pilot():\n{SMALL}", PASS),
        (f"fast = labbook.is_pilot()\nif fast:\n{SMALL}", PASS),
        (f"fast: bool = labbook.is_pilot()\nif fast and name:\n{SMALL}", PASS),
        (f"M = 'pilot' if labbook.is_pilot() else 'full'\nif M == 'pilot':\n{SMALL}", PASS),
        (f"M = 'pilot' if labbook.is_pilot() else 'full'\nif M != 'pilot':\n{SMALL}", FAIL),
        (f"if os.environ.get('AUTORECLAB_PILOT') == '1':\n{SMALL}", PASS),
        (f"if os.getenv('AUTORECLAB_PILOT', '0') not in ('', '0'):\n{SMALL}", PASS),
        (f"if os.environ['AUTORECLAB_PILOT']:\n{SMALL}", PASS),
        (f"if 'AUTORECLAB_PILOT' in os.environ:\n{SMALL}", PASS),
        (f"if int(os.environ.get('AUTORECLAB_PILOT', '0')):\n{SMALL}", PASS),
        ("use(ImplicitMFScorer(epochs=1 if labbook.is_pilot() else 10))", PASS),
        ("use(ImplicitMFScorer(epochs=10 if labbook.is_pilot() else 1))", FAIL),
        ("C = {'epochs': 10}\nif labbook.is_pilot():\n    C['epochs'] = 1\n"
         "use(ImplicitMFScorer(**C))", PASS),
        (f"if not labbook.is_pilot():\n{SMALL}", FAIL),
        (f"if labbook.is_pilot() or True:\n{SMALL}", FAIL),
        (f"if os.environ.get('HOME') == '1':\n{SMALL}", FAIL),
        (f"P = labbook.is_pilot()\nP = True\nif P:\n{SMALL}", FAIL),
        (f"P = labbook.is_pilot()\nglobals()['P'] = True\nif P:\n{SMALL}", FAIL),
        (f"todo = []\ntodo.append(1)\nif todo:\n{SMALL}", FAIL),
    ],
)  # fmt: skip
def test_only_what_a_full_run_does_counts(tmp_path, source, finding):
    assert judged(tmp_path, source).finding is finding


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("labbook.is_pilot() and wanted", False),
        ("not labbook.is_pilot() or wanted", True),
        ("wanted and True", UNKNOWN),
        ("'x' < 3", UNKNOWN),
        ("int('many')", UNKNOWN),
        ("A", 2),
        ("B", UNKNOWN),
    ],
)
def test_conditions_are_known_as_far_as_the_source_says(text, value):
    known = Constants.of(ast.parse("A = 2\nB = 1\nB += 1\n"))

    assert known.value(ast.parse(text, mode="eval").body) == value


@pytest.mark.parametrize(
    ("body", "is_delivered"),
    [
        ("w = topn_pipeline(Scorer(epochs=1))\nw.train(data)\nrecommend(w, users)", 0),
        ("s = Scorer(config=Config(epochs=1))\ns.train(data)\nprint(len(s.items))", 0),
        ("def warm_up():\n    s = Scorer(epochs=1)\n    s.train(data)\n", 0),
        ("def made():\n    return Scorer(epochs=1)\n", 1),
        ("models = {'a': Scorer(epochs=1)}\nuse(models)", 1),
        ("models = []\nmodels.append(Scorer(epochs=1))", 1),
        ("self.model = Scorer(epochs=1)", 1),
        ("s = Scorer(epochs=1)\ndef f():\n    return recommend(s, users)", 1),
        ("s = Scorer(epochs=1)\nfor x in recommend(s, users):\n    labbook.row('hit', x)", 1),
        ("s = Scorer(epochs=1)\nr = recommend(s, users).to_df()\nr.to_parquet('a')", 1),
        ("def recommend(s):\n    KEPT.append(s)\nrecommend(Scorer(epochs=1))", 1),
    ],
)
def test_a_model_is_undelivered_where_nothing_of_it_leaves_its_function(body, is_delivered):
    tree = ast.parse(body.replace("Scorer", "ImplicitMFScorer"))
    unused = undelivered_calls(tree)
    calls = [c for c in ast.walk(tree) if isinstance(c, ast.Call) and c.keywords]
    made = [c for c in calls if any(k.arg == "epochs" for k in c.keywords)]

    assert [id(c) not in unused for c in made] == [bool(is_delivered)]


def trained(*gaps):
    def change(made):
        pairs = (Pair("ImplicitMF", "ndcg", 10, 0.3 + gap, 0.3, 0.01, 3) for gap in gaps)
        made.retrained = Retrained("0", tuple(pairs))

    return change


@pytest.mark.parametrize(
    ("source", "gaps", "finding"),
    [
        ("use(ImplicitMFScorer(epochs=1))", (0.0, 0.005), WARN),
        ("use(ImplicitMFScorer(epochs=1))", (0.0, 0.02), FAIL),
        ("use(ImplicitMFScorer(epochs=1))", (), FAIL),
        ("s.config.epochs = 1", (0.0,), FAIL),
    ],
)
def test_another_model_is_a_doubt_once_the_recorded_one_is_trained_alike(
    tmp_path, source, gaps, finding
):
    assert judged(tmp_path, source, trained(*gaps)).finding is finding


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        (RECORDED + "s.config.epochs = 1", FAIL),
        (RECORDED + "s.config.epochs = longer()", WARN),
        (RECORDED + "s.config.epochs *= 2", FAIL),
        (RECORDED + "s.config.epochs = 10", PASS),
        ("s.config.epochs = longer()\n" + RECORDED, PASS),
        (RECORDED + "other.config.epochs = longer()", PASS),
        (RECORDED + "s.config.epochs = longer()\n" + RECORDED, PASS),
    ],
)
def test_what_changes_after_it_was_recorded_is_not_in_force(tmp_path, source, finding):
    assert judged(tmp_path, source).finding is finding


def test_tuning_excuses_no_change_after_the_record(tmp_path):
    def tuned(made):
        made.run["algorithms"]["ImplicitMF"]["trials"] = 4

    assert judged(tmp_path, RECORDED + "s.config.epochs = 1", tuned).finding is FAIL


def of_its_own(config):
    def change(made):
        first, second = made.plan.algorithms
        own = Algorithm(first.name, "CustomSVD", {"factors": 8})
        made.plan = replace(made.plan, algorithms=(own, second))
        made.run["algorithms"][first.name] = {"class": "CustomSVD", "config": config}

    return change


@pytest.mark.parametrize(
    ("config", "finding"),
    [({"factors": 8}, PASS), ({"f": 8, "iters": 5}, WARN), ({"factors": 9}, FAIL)],
)
def test_what_a_class_of_ones_own_takes_is_not_known(tmp_path, config, finding):
    source = "use(CustomSVD(train, factors=8, n_iter=5))"

    assert judged(tmp_path, source, of_its_own(config)).finding is finding


@pytest.mark.parametrize(("epochs", "finding"), [(10, PASS), (1, FAIL)])
def test_a_configuration_object_sets_what_its_scorer_has(tmp_path, epochs, finding):
    source = f"use(ImplicitMFScorer(config=ImplicitMFConfig(epochs={epochs})))"

    assert judged(tmp_path, source).finding is finding


def test_an_argument_that_a_class_has_and_the_record_lacks_was_not_ignored(tmp_path):
    source = "use(ImplicitMFScorer(embedding_size=32, weight=5))"

    assert judged(tmp_path, source).finding is PASS
