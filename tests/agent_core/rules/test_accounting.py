"""Every number, list and condition of a task is used by its plan, or named in its own words."""

import copy
from dataclasses import replace

import pytest
from builders import plan_of, rated
from expected_designs import COLUMNS, datasets_of, designs, plan_from
from hypothesis import given, strategies as st

from agent_core.domain import (
    Dataset,
    Estimand,
    Factor,
    FactorRole,
    Metric,
    Question,
    SplitKind,
    Study,
    Unanswered,
    with_design,
)
from agent_core.rules.accounting import Clauses, unaccounted

ENOUGH = 0.9
"""Share of the single removals that are found; names and numbers that stand twice hide others."""
DESIGNS = designs()
EVERY = (*DESIGNS, *designs("held_out"))


def found(design, plan):
    return unaccounted(design["text"], plan, datasets_of(design))


@pytest.mark.parametrize("design", EVERY, ids=lambda d: d["id"])
def test_a_plan_that_is_what_the_task_asks_leaves_nothing_over(design):
    assert found(design, plan_from(design)) == ()


def test_what_is_removed_from_a_plan_is_named():
    removed = [(d, what, less) for d in EVERY for what, less in each_removal(d)]
    missed = [
        (d["id"], what) for d, what, less in removed if not found(d, plan_from(less))
    ]  # fmt: skip

    assert len(removed) > 500
    assert len(missed) <= (1 - ENOUGH) * len(removed), missed


@pytest.mark.parametrize("design", DESIGNS, ids=lambda d: d["id"])
def test_clauses_are_told_in_the_words_of_the_task(design):
    plan = replace(plan_from(design), questions=(), factors=(), algorithms=(), unanswered=())
    text = " ".join(design["text"].split())

    clauses = found(design, plan)

    assert clauses
    assert all(c.clause in text and c.reason for c in clauses)


def test_a_question_that_a_plan_does_not_ask_is_named():
    cued = {"order", "choice", "stopping", "spread_ratio", "interaction", "trade_off", "counts"}
    cued |= {"false_alarms", "groups", "spread"}
    removed = [
        (design, question)
        for design in DESIGNS
        for question in design["questions"]
        if question["kind"] in cued
    ]
    missed = []
    for design, question in removed:
        plan = plan_from(design)
        other = Question(Estimand.LEVEL, ("algorithm",), tuple(question["measures"]))
        kept = [q for q in plan.questions if q.kind != question["kind"]]
        if not found(design, replace(plan, questions=(*kept, other))):
            missed.append((design["id"], question["kind"]))

    assert len(removed) > 40
    assert len(missed) <= (1 - ENOUGH) * len(removed), missed


def test_the_main_question_is_open_where_nothing_that_is_asked_is_answered():
    (design,) = [d for d in DESIGNS if d["id"] == "split_seed-1"]
    plan = plan_from(design)
    compared = Question(Estimand.DIFFERENCE, ("algorithm",), ("recall@10",))

    (told,) = found(design, replace(plan, questions=(compared,)))

    assert told.is_main
    assert found(design, plan) == ()


def test_a_side_question_that_is_open_is_not_the_main_one():
    (design,) = [d for d in DESIGNS if d["id"] == "core-1"]
    plan = plan_from(design)
    kept = tuple(q for q in plan.questions if q.kind is not Estimand.COUNTS)

    told = found(design, replace(plan, questions=kept))

    assert [u.is_main for u in told] == [False]


def test_what_is_named_already_is_not_named_again():
    (design,) = [d for d in DESIGNS if d["id"] == "significance_aa-4"]
    plan = plan_from(design)
    part = Unanswered("p = 0.03 he got from the live site last year was luck")

    assert found(design, replace(plan, unanswered=()))
    assert found(design, replace(plan, unanswered=(part,))) == ()


def test_numbers_of_what_is_compared_need_no_field():
    plan = replace(
        plan_of(study=Study.SEED_VARIANCE),
        seeds=tuple(range(5)),
        factors=(Factor("model_seed", tuple(range(5)), FactorRole.REPEATED),),
        metrics=(Metric("overlap", 10),),
    )
    text = "How much do the top-10 lists of two seeds overlap, in all ten pairs?"

    assert unaccounted(text, plan) == ()


def test_clauses_are_not_cut_within_brackets():
    text = f"We compare EASE {'very ' * 30}carefully (with 7 folds, 250 factors, or what you like)"

    clauses = [u.clause for u in unaccounted(text, plan_of(study=Study.COMPARISON))]

    assert clauses
    assert all(c.count("(") == c.count(")") for c in clauses)


PROFILE = replace(
    Dataset("ml.csv", "0", 1, ",", True, COLUMNS, "user_id", "item_id", "rating", "at", 100_000),
    users=943, items=1682, rating_values=(1.0, 2.0, 3.0, 4.0, 5.0),
    first_time="1997-09-20", last_time="1998-04-22",
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "ml-100k has 943 users, 1682 movies, 100,000 ratings (about 1k users).",
        "Ratings are 1-5 stars, from 1997 to 1998.",
        "95 % confidence intervals, paired test at alpha = 0.05; the 5 % level, please.",
        "How do two runs of one model differ? I trust the third digit, the other half does not.",
        "We work on MovieLens 1M and ml-20m, in conv2d style.",
        "Ratings above 3 count.",
    ],
)
def test_what_tells_of_the_data_or_is_done_anyway_needs_no_field(text):
    plan = rated(plan_of(study=Study.COMPARISON), 4)

    assert unaccounted(text, plan, (PROFILE,)) == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Train SASRec too.", "SASRec"),
        ("Also item kNN and SLIM.", "SLIM"),
        ("Gini as well.", "Gini"),
        ("Ratings above 2 count.", "2"),
        ("Use 250 factors.", "250"),
        ("A fifth of all users is tested, 90 % of the data kept.", "90 %"),
        ("Cross-validate: 7-fold.", "7"),
        ("Users the model has never seen.", "never seen"),
        ("Choose on a validation part.", "validation"),
        ("in 1999", "1999"),
        ("Recall at 5, NDCG@10 and @20", "20"),
    ],
)
def test_what_no_field_has_is_named(text, what):
    plan = rated(plan_of(study=Study.COMPARISON), 4).with_split(kind=SplitKind.USER_FRACTION)

    told = unaccounted(text, plan, (PROFILE,))

    assert any(what in u.reason for u in told), told


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Compare A and B. Hold out 20 % of all ratings; seeds 1 to 3.", "Hold out 20 % of all"),
        ("min. 5 interactions per user\nLOO", "min. 5 interactions per user"),
    ],
)
def test_a_clause_ends_where_its_sentence_does(text, part):
    at = text.index(part) + len(part) - 3

    told = Clauses.of(text).around(at, at + 2)

    assert part in told
    assert "\n" not in told
    assert ";" not in told


WORDS = st.sampled_from(
    ["5 %", "80/20", "@10", "half of the", "seeds", "1 to 8", "10-core", "random", ",", "\n",
     "how often does", "nDCG@20", "the order of", "7" * 40, ".5", "12,000", "users", "lead", "-"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=12), max_size=60))
def test_any_text_is_accounted_for(parts):
    text = " ".join(parts)

    for told in unaccounted(text, plan_from(DESIGNS[0]), (PROFILE,)):
        assert told.clause in " ".join(text.split())


@pytest.mark.parametrize(
    "part", ["9", " ", "\n", "NDCG@10 and ", "how often does ", "80/", "ten "]
)
def test_what_somebody_sends_by_mistake_takes_no_time(part):
    unaccounted(part * 1500, plan_from(DESIGNS[0]), (PROFILE,))


def each_removal(design):
    """Yield what is removed, and the design without it."""
    for n, factor in enumerate(design["factors"]):
        yield from without_levels(design, n, factor)
    yield from without_rules(design)
    for n, measure in enumerate(design["measures"]):
        if measure.get("k") and len(design["measures"]) > 1:
            yield measure, changed(design, lambda d, n=n: d["measures"].pop(n))
    for n, question in enumerate(design["questions"]):
        for field in {"margin", "tolerance", "test"}.intersection(question):
            yield field, changed(design, lambda d, n=n, f=field: d["questions"][n].pop(f))


def without_levels(design, n, factor):
    name, levels = factor["name"], factor["levels"]
    if name in ("model_seed", "split_seed", "fold"):
        yield name, changed(design, lambda d: without_repetition(d, n))
        return
    rules = {"data": "data_rules", "split": "split_rules"}.get(name)
    for at, level in enumerate(levels):
        if rules is None:
            yield (
                (name, level),
                changed(design, lambda d, at=at: d["factors"][n]["levels"].pop(at)),
            )
        elif design[rules][level]:
            other = 0 if level else 1
            yield (
                design[rules][level],
                changed(design, lambda d, a=level, b=other: d[rules].__setitem__(a, d[rules][b])),
            )


def without_repetition(design, n):
    gone = design["factors"].pop(n)
    for rules in design["split_rules"] if gone["name"] == "fold" else ():
        rules.pop("folds", None)


def without_rules(design):
    several = {f["name"] for f in design["factors"]}
    for n, rule in enumerate(design["data_rules"][0] if "data" not in several else ()):
        yield rule, changed(design, lambda d, n=n: d["data_rules"][0].pop(n))
    numbers = {"holdout": 0.37, "seed": 7, "held_out": None, "test_users": None}
    numbers |= {"test_user_share": None, "candidate_count": None, "lowest_test_rating": None}
    for field, other in numbers.items() if "split" not in several else ():
        was = design["split_rules"][0].get(field)
        if was not in (None, 1):
            yield (
                (field, was),
                changed(design, lambda d, f=field, o=other: d["split_rules"][0].__setitem__(f, o)),
            )


def changed(design, change):
    less = copy.deepcopy(design)
    change(less)
    return less


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("Abdollahpouri et al. (2019) claim that NDCG@10 falls.", False),
        ("As in Ferrari Dacrema (2019), compare by NDCG@10.", False),
        ("Use only ratings from 2019, compare by NDCG@10.", True),
    ],
)
def test_the_year_of_a_publication_is_no_setting(text, is_told):
    assert bool(unaccounted(text, plan_of(study=Study.COMPARISON))) is is_told


def test_what_groups_go_by_need_not_be_measured():
    text = "Groups of users by the mean popularity of their items: does NDCG@10 differ?"
    plan = with_design(plan_of(study=Study.COMPARISON))
    grouped = Question(
        Estimand.GROUPS, ("algorithm",), ("ndcg@10",), groups="mean popularity of their items"
    )

    assert "mean popularity" in unaccounted(text, plan)[0].reason
    assert unaccounted(text, replace(plan, questions=(grouped,))) == ()
