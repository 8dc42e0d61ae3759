"""Configurations that were chosen on the test, and scripts that chose properly or not at all."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cases import HONEST, SINS
from studies import honest
from trials import synthetic

from agent_core.checks.script.dataflow import chosen_on_test
from agent_core.checks.script.selection import names_test, selected_without_test
from agent_core.checks.script.syntax import syntax_tree
from agent_core.data.profile import profile
from agent_core.domain import Algorithm, Finding, Packages, RunId, Study
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, DraftRequest, PlanRequest

RECORDED = Path(__file__).parents[4] / "benchmarks/prompts/recorded"
START = """
import labbook
def fitted(k, train):
    pipe = topn_pipeline(ItemKNNScorer(max_nbrs=k), n=10)
    pipe.train(from_interactions_df(train), TrainingOptions(rng=1))
    return pipe
def ndcg(k, train, test):
    recs = recommend(fitted(k, train), test["user_id"].unique(), n_jobs=1)
    truth = ItemListCollection.from_df(test, UserIDKey)
    return RunAnalysis(NDCG(10)).measure(recs, truth).list_metrics()["NDCG@10"].mean()
def deliver(k, train, test):
    scorer = ItemKNNScorer(max_nbrs=k)
    labbook.algorithm("ItemKNN", scorer)
    labbook.row("ndcg", ndcg(k, train, test), k=10, algorithm="ItemKNN")
df = pd.read_csv("d.csv")
held = df.groupby("user_id").sample(n=1, random_state=1)
train, test = df.drop(held.index), held
labbook.split(0, train, test)
inner = train.groupby("user_id").sample(n=1, random_state=2)
rest = train.drop(inner.index)
"""

ON_TEST = {
    "a loop that keeps the best": """
best, top = None, -1.0
for k in (5, 10, 20):
    score = ndcg(k, train, test)
    if score > top:
        best, top = k, score
deliver(best, train, test)
""",
    "a loop that skips the worse": """
best, top = None, -1.0
for k in (5, 10, 20):
    score = ndcg(k, train, test)
    if best is not None and score <= top:
        continue
    best, top = k, score
deliver(best, train, test)
""",
    "a table and its largest value": """
scores = {k: ndcg(k, train, test) for k in (5, 10, 20)}
deliver(max(scores, key=scores.get), train, test)
""",
    "pairs in order": """
tried = sorted(((ndcg(k, train, test), k) for k in (5, 10, 20)), reverse=True)
deliver(tried[0][1], train, test)
""",
    "a list sorted in place": """
tried = []
for k in (5, 10, 20):
    tried.append((ndcg(k, train, test), k))
tried.sort()
deliver(tried[-1][1], train, test)
""",
    "a key": "deliver(max((5, 10, 20), key=lambda k: ndcg(k, train, test)), train, test)",
    "an array": """
grid = [5, 10, 20]
deliver(grid[np.argmax([ndcg(k, train, test) for k in grid])], train, test)
""",
    "a frame": """
rows = []
for params in ParameterGrid({"max_nbrs": [5, 10], "min_nbrs": [1, 2]}):
    scorer = ItemKNNScorer(**params)
    pipe = topn_pipeline(scorer)
    pipe.train(from_interactions_df(train))
    recs = recommend(pipe, list(held["user_id"]))
    truth = ItemListCollection.from_df(held, UserIDKey)
    value = RunAnalysis(NDCG(10)).measure(recs, truth).list_metrics().mean()
    rows.append({**params, "ndcg": value})
table = pd.DataFrame(rows).sort_values("ndcg", ascending=False)
best = table.iloc[0]
labbook.algorithm("ItemKNN", ItemKNNScorer(max_nbrs=int(best["max_nbrs"])))
""",
    "the index of the largest": """
found = pd.Series({k: ndcg(k, train, test) for k in (5, 10)})
deliver(found.idxmax(), train, test)
""",
    "a product": """
best = (-1, None)
for a, b in itertools.product([5, 10], [1, 2]):
    pipe = topn_pipeline(ItemKNNScorer(max_nbrs=a, min_nbrs=b))
    pipe.train(train)
    recs = recommend(pipe, test)
    result = RunAnalysis(NDCG(10)).measure(recs, test)
    best = max(best, (result.list_metrics().mean(), recs))
labbook.lists("ItemKNN", best[1])
""",
    "a random search": """
rng = np.random.default_rng(1)
top, kept = -1, None
for trial in range(20):
    k = int(rng.integers(5, 100))
    value = ndcg(k, train, test)
    kept = k if value > top else kept
    top = max(top, value)
deliver(kept, train, test)
""",
    "models in a list": """
models = [ItemKNNScorer(max_nbrs=5), ItemKNNScorer(max_nbrs=50)]
def value_of(model):
    pipe = topn_pipeline(model)
    pipe.train(train)
    return RunAnalysis(NDCG(10)).measure(recommend(pipe, test), test).list_metrics().mean()
best = max(models, key=value_of)
labbook.algorithm("ItemKNN", best)
""",
    "a helper that tunes": """
def tuned(train, part):
    values = [(ndcg(k, train, part), k) for k in (5, 10)]
    return max(values)[1]
deliver(tuned(train, test), train, test)
""",
    "an object of the splitter": """
split = next(crossfold_users(from_interactions_df(df), 1, SampleN(1, rng=42), rng=42))
labbook.split(0, split.train, split.test)
top = 0.0
for k in [5, 10]:
    pipe = topn_pipeline(ItemKNNScorer(max_nbrs=k))
    pipe.train(split.train)
    recs = recommend(pipe, split.test)
    value = RunAnalysis(NDCG(10)).measure(recs, split.test).list_summary()
    if value > top:
        top, kept = value, recs
labbook.lists("ItemKNN", kept)
""",
    "the error of ratings": """
errors = {}
for b in (1, 5, 25):
    pipe = topn_pipeline(BiasScorer(damping=b), predicts_ratings=True)
    pipe.train(train)
    found = predict(pipe, test)
    errors[b] = ((found["prediction"] - found["rating"]) ** 2).mean()
labbook.algorithm("Bias", BiasScorer(damping=min(errors, key=errors.get)))
""",
}

PROPER = {
    "validation": """
scores = {k: ndcg(k, rest, inner) for k in (5, 10, 20)}
deliver(max(scores, key=scores.get), train, test)
""",
    "validation in a helper": """
def tuned(train, part):
    return max((5, 10), key=lambda k: ndcg(k, train, part))
deliver(tuned(rest, inner), train, test)
""",
    "validation beside the test": """
best, top = None, -1.0
for k in (5, 10, 20):
    score, later = ndcg(k, rest, inner), ndcg(k, train, test)
    print(k, score, later)
    if score > top:
        best, top = k, score
deliver(best, train, test)
""",
    "validation for the tested users": """
users = test["user_id"].unique()
truth = ItemListCollection.from_df(inner, UserIDKey)
values = {}
for k in (5, 10):
    recs = recommend(fitted(k, rest), users)
    values[k] = RunAnalysis(NDCG(10)).measure(recs, truth).list_metrics().mean()
deliver(max(values, key=values.get), train, test)
""",
    "validation under the names of the test": """
outer = test
train, test = rest, inner
values = {k: ndcg(k, train, test) for k in (5, 10)}
deliver(max(values, key=values.get), train, outer)
""",
    "validation that is saved": """
labbook.split("validation", rest, inner)
values = {k: ndcg(k, rest, inner) for k in (5, 10)}
deliver(max(values, key=values.get), train, test)
""",
    "a curve that is only shown": """
values = {k: ndcg(k, train, test) for k in (5, 10)}
print("best", max(values, key=values.get))
axes.set_ylim(0, max(values.values()))
for k in (5, 10):
    labbook.row("ndcg", values[k], k=10, algorithm=f"ItemKNN {k}")
""",
    "the best of different models": """
values = {}
for name, scorer in {"kNN": ItemKNNScorer(max_nbrs=20), "Pop": PopScorer()}.items():
    pipe = topn_pipeline(scorer)
    pipe.train(train)
    values[name] = RunAnalysis(NDCG(10)).measure(recommend(pipe, test), test).list_metrics()
labbook.row("ndcg", max(v.mean() for v in values.values()), k=10, algorithm="kNN")
""",
    "seeds": """
values = []
for seed in labbook.seeds(5):
    pipe = topn_pipeline(ImplicitMFScorer(embedding_size=16))
    pipe.train(train, TrainingOptions(rng=seed))
    values.append(RunAnalysis(NDCG(10)).measure(recommend(pipe, test), test).list_metrics().mean())
labbook.row("ndcg", max(values), k=10, algorithm="ImplicitMF", aggregate=True)
""",
    "no Python": "this is none",
    "without end": "def again(x):\n    return again(again(x))\nagain(again(test))\n",
    "tuples of tuples": "x = (test, 1)\n" + "x = (x, x)\n" * 60 + "train = x\n",
    "calls of calls": "".join(
        f"def f{n}(x):\n    return f{n + 1}(x) + f{n + 1}(x) + f{n + 1}(x)\n" for n in range(40)
    )
    + "f0(test)\n",
    "very deep": f"x = {'+'.join(['test'] * 3000)}",
}


def evidence_of(source, tmp_path, **plan):
    made = honest()
    made.source, made.plan = source, replace(made.plan, **plan)
    return made.evidence(tmp_path)


@pytest.mark.parametrize("name", ON_TEST)
def test_a_choice_on_the_test_is_found(name):
    assert chosen_on_test(syntax_tree(START + ON_TEST[name]), ())


@pytest.mark.parametrize("name", PROPER)
def test_a_proper_choice_is_left_alone(name):
    assert chosen_on_test(syntax_tree(START + PROPER[name]), ()) == []


def test_the_line_of_the_candidates_is_told(tmp_path):
    evidence = evidence_of(START + ON_TEST["a key"], tmp_path)

    found = selected_without_test(evidence)

    assert found.finding is Finding.WARN
    assert found.values == {"kind": "ItemKNNScorer", "line": 4}


def test_a_planned_comparison_of_configurations_is_no_choice(tmp_path):
    names = [Algorithm(f"kNN {k}", "ItemKNNScorer", {"max_nbrs": k}) for k in (5, 10)]
    evidence = evidence_of(START + ON_TEST["a key"], tmp_path, algorithms=tuple(names))

    assert selected_without_test(evidence).finding is Finding.PASS


def test_a_planned_sweep_is_no_choice(tmp_path):
    swept = Algorithm("kNN", "ItemKNNScorer", {"max_nbrs": 5})
    source = START + ON_TEST["a table and its largest value"]
    plan = {"study": Study.SWEEP, "swept": "max_nbrs", "algorithms": (swept,)}

    assert selected_without_test(evidence_of(source, tmp_path, **plan)).finding is Finding.PASS


@pytest.mark.parametrize("text", ["test", "test NDCG@10", "the test set", "NDCG (test)"])
def test_a_choice_on_the_test_is_declared(text):
    assert names_test(text)


@pytest.mark.parametrize(
    "text",
    ["", "validation", "validation, not the test", "a validation part of the test users' training",
     "latest fifth of training", "validation, test untouched", "train, without the test"],
)  # fmt: skip
def test_a_choice_elsewhere_is_not_taken_for_one_on_the_test(text):
    assert not names_test(text)


def sources_of(path):
    said = json.loads(path.read_text())["said"]
    return re.findall(r"```python\n(.*?)```", "\n".join(map(str, said)), re.DOTALL)


@pytest.mark.parametrize("path", sorted(RECORDED.glob("draft-*.json")), ids=lambda p: p.stem)
def test_recorded_scripts_choose_nothing_on_the_test(path):
    found = sources_of(path)

    assert found
    assert [chosen_on_test(syntax_tree(s), ()) for s in found] == [[]] * len(found)


@pytest.mark.parametrize("variant", range(4))
@pytest.mark.parametrize(
    "task",
    ["3 seeds, NDCG@10 of ImplicitMF", "How do 4, 8 or 16 factors change NDCG@10 of ImplicitMF?",
     "Compare EASE, item kNN and popularity by NDCG@10 and RMSE of BiasedMF, temporal split"],
)  # fmt: skip
async def test_composed_scripts_choose_nothing_on_the_test(task, variant, tmp_path):
    dataset = profile(synthetic(tmp_path).path, task=task)
    context = Context(RunId("r"), task, (dataset,), Packages("3.11", {}))
    plan = await OfflineResearcher().plan(PlanRequest(context))

    script = await OfflineResearcher().draft(DraftRequest(context, plan, variant))

    assert chosen_on_test(syntax_tree(script.source), {a.kind for a in plan.algorithms}) == []


def test_scripts_that_do_not_choose_are_not_suspected():
    chosen = [c for c in (*SINS, *HONEST) if c.check != "selected_without_test"]

    found = {c.name: chosen_on_test(syntax_tree(c.source("read()", "d")), ()) for c in chosen}

    assert {n for n, f in found.items() if f} <= {"a planned sweep"}
