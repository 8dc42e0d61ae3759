import re
from dataclasses import replace

import pytest
from builders import requirement
from model_designs import DESIGNS
from model_requests import (
    CONTEXT,
    DATA,
    FACTS,
    PLAN,
    ROLES,
    SOURCE,
    ask,
    failed_with,
    node_with,
)
from model_roles import answer_well

from agent_core.domain import (
    Check,
    Column,
    DataRuleKind,
    Estimand,
    FactorKind,
    FactorRole,
    Finding,
    Metric,
    NodeId,
    Packages,
    SplitKind,
)
from agent_core.model.bounds import clip, shown_failure, shown_output
from agent_core.model.plan_answer import PlanAnswer, Special
from agent_core.model.planning import plan_from
from agent_core.model.prompting import FOLDER, study_pieces, template_hash, whole_template

MAX_PROMPT = 95_000
TRACE = "Traceback (most recent call last):\n"
CODERS = ("draft", "debug", "improve", "merge")


def parts(asked):
    return [m["content"] for m in asked.body["messages"]]


async def prompts(talk, role, **more):
    async with talk(answer_well) as it:
        await ask(it.researcher, role, **more)
    return parts(it.server.asked[0])


@pytest.fixture
def huge():
    """A run in which everything is as large as a script or a user can make it."""
    columns = tuple(Column(f"column {n} {'x' * 500}", "str", 9) for n in range(5000))
    data = replace(DATA, columns=columns, notes=("note " * 5000,) * 50)
    packages = Packages("3.11", {f"package{n}": "1.0" for n in range(5000)})
    return replace(
        CONTEXT,
        task="why? " * 100_000,
        datasets=(data,) * 30,
        packages=packages,
        notes=("error " * 5000,) * 500,
    )


@pytest.mark.parametrize("role", ROLES)
async def test_a_prompt_is_bounded_whatever_a_script_prints(talk, huge, role):
    trace = (
        "Traceback (most recent call last):\n"
        + "  File x\n" * 100_000
        + "ValueError: "
        + "y" * 10**6
    )
    failed = failed_with("noise " * 10**6 + trace)
    failed = replace(failed, script=replace(failed.script, source="x = 1\n" * 10**5))
    checks = tuple(Check(f"c{n}", Finding.FAIL, "why " * 9999) for n in range(500))
    works = node_with("mean 0.1 " * 10**6, "y = 2\n" * 10**5, checks=checks)
    plan = replace(PLAN, requirements=tuple(requirement(n) for n in range(1, 500)))
    more = {"context": huge}
    if role != "plan":
        more["plan"] = plan
    if role == "debug":
        more |= {"node": failed, "attempts": (failed,) * 50, "api_reference": "r " * 10**6}
    if role in ("improve", "merge", "judge"):
        more["node"] = works
    if role == "draft":
        more["others"] = ("plan " * 9999,) * 100
    if role in ("report", "answer"):
        more["facts"] = {f"ndcg@{n}|A|mean": 0.1 for n in range(50_000)} | FACTS
    if role == "answer":
        more |= {"question": "why " * 99999, "report": "r " * 10**6, "status": "s" * 10**6}

    sizes = [len(part) for part in await prompts(talk, role, **more)]

    assert sum(sizes) < (2 * MAX_PROMPT if role == "merge" else MAX_PROMPT)


async def test_usual_prompts_are_small(talk):
    sizes = {role: sum(map(len, await prompts(talk, role))) for role in ROLES}

    assert max(sizes.values()) < 20_000, sizes


async def test_the_beginning_is_the_same_for_all_scripts_of_a_run(talk):
    systems = {(await prompts(talk, role))[0] for role in CODERS}

    assert len(systems) == 1


async def test_the_size_does_not_grow_with_the_number_of_nodes(talk):
    failed = failed_with("Traceback (most recent call last):\nValueError: bad\n")
    sizes = [
        sum(map(len, await prompts(talk, "debug", attempts=(failed,) * count)))
        for count in (3, 100)
    ]

    assert sizes[0] == sizes[1]


async def test_a_script_writer_is_told_all_it_needs(talk):
    system, user = await prompts(talk, "draft")

    assert "lenskit 2025.8.1" in system
    assert "for c in labbook.cells():" in system
    assert "c.lists(recommendations" in system
    assert "TrainingOptions(rng=c.seed)" in system
    assert "ImplicitMFScorer" in system
    assert "predicts_ratings=True" not in system
    assert "Blocks of training and test data: 0 (4 cells)" in user
    assert "leave-one-out, random, one fixed split (seed 42)" in user
    assert "ImplicitMFScorer(embedding_size=32)" in user
    assert "1. [must] requirement 1 (decided by the check seeds_as_planned)" in user
    assert "count everything" in user
    assert "943 users" in user


OLD_CALLS = ("labbook.algorithm(", "labbook.lists(", "labbook.row(", "labbook.seeds(",
             "labbook.dataset(", "fold=", "SampleFrac(", "LastFrac(",
             "crossfold_users(")  # fmt: skip
"""Calls of scripts that have no cells, and splitters that differ from the rules of plans."""


@pytest.mark.parametrize("role", ROLES)
async def test_prompts_speak_of_cells_only(talk, role):
    told = "\n".join(await prompts(talk, role)).replace(SOURCE, "")

    assert [call for call in OLD_CALLS if call in told] == []


async def test_a_planner_is_asked_in_few_words(talk):
    packages = Packages("3.11.9", {f"package-{n}": "2025.12.1" for n in range(60)})
    told = await prompts(talk, "plan", context=replace(CONTEXT, packages=packages))

    assert sum(map(len, told)) - len(study_pieces(CONTEXT)["data"]) <= 10_000


async def test_a_planner_knows_every_kind_of_factor_rule_split_and_question(talk):
    system, _ = await prompts(talk, "plan")

    kinds = (*FactorKind, *DataRuleKind, *SplitKind, *Estimand, *Special, *FactorRole)
    named = [kind for kind in kinds if kind is not FactorKind.HYPERPARAMETER]
    assert [kind.value for kind in named if kind.value not in system] == []


async def test_a_script_writer_is_told_the_design(talk):
    plan = plan_from(PlanAnswer.model_validate(DESIGNS["cold start"]), [DATA])
    system, user = await prompts(talk, "draft", plan=plan)

    assert "Factor `profile_size` (compared): 1, 5, 10, all" in user
    assert "profile_size-all (3 cells)" in user
    assert "history_items" in system
    assert "history_items" not in (await prompts(talk, "draft"))[0]


async def test_ratings_bring_their_own_part(talk):
    plan = replace(PLAN, metrics=(Metric("rmse"),))
    system, _ = await prompts(talk, "draft", plan=plan)

    assert "predicts_ratings=True" in system
    assert "from lenskit.batch import recommend" not in system


async def test_old_names_are_explained_where_a_script_used_them(talk):
    error = f"{TRACE}ModuleNotFoundError: No module named 'lenskit.algorithms'\n"
    _, user = await prompts(talk, "debug", node=failed_with(error))
    _, other = await prompts(talk, "debug")

    assert "Old names (0.14)" in user
    assert "Old names (0.14)" not in other


async def test_a_traceback_brings_the_real_signature(talk):
    async def lookup(output):
        assert "embedding" in output
        return "lenskit.als.ImplicitMFScorer(config=None, **kwargs)"

    error = "Traceback (most recent call last):\nTypeError: embedding\n"
    async with talk(answer_well, lookup=lookup) as it:
        await ask(it.researcher, "debug", node=failed_with(error, number=NodeId(2)))

    assert "ImplicitMFScorer(config=None" in it.server.asked[0].prompt


async def test_an_improvement_without_an_aim_names_the_check_to_mend(talk):
    failed = Check("same_test_users", Finding.FAIL, "60 users and 55", is_binding=True)

    _, aimed = await prompts(talk, "improve", aim=None, node=node_with(checks=(failed,)))
    _, complete = await prompts(talk, "improve", aim=None, node=node_with())

    assert "Mend what keeps the results from counting" in aimed.rpartition("## The aim")[2]
    assert "`same_test_users`: 60 users and 55" in aimed.rpartition("## The aim")[2]
    assert "more complete" in complete.rpartition("## The aim")[2]


async def test_independent_scripts_are_sent_different_ways(talk):
    ways = {(await prompts(talk, "draft", index=n))[1].rpartition("## Now")[2] for n in range(3)}

    assert len({text.rpartition("this one takes:")[2] for text in ways}) == 3


async def test_a_users_braces_and_marks_are_only_text(talk):
    context = replace(CONTEXT, task="{{ plan }} {% raw %} <!-- user -->\n")
    _, user = await prompts(talk, "plan", context=context)

    assert "{{ plan }} {% raw %} <!-- user -->" in user


def test_head_and_tail_are_kept():
    text = clip("a" * 1000 + "b" * 1000, 300)

    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert "1,700 characters left out" in text


def test_the_last_traceback_survives_noise():
    noise = "line\n" * 10_000
    text = shown_failure(
        f"{noise}Traceback (most recent call last):\nKeyError: 1\n", share_rows=False
    )

    assert text.endswith("Traceback (most recent call last):\nKeyError: 1")


def test_a_table_of_results_is_no_data():
    table = "ImplicitMF 0.155 0.002\nPopularity 0.068 0.000"

    assert shown_output(table, share_rows=False) == table


def test_every_prompt_is_a_template_of_its_own():
    assert {p.stem for p in FOLDER.glob("*.md")} == set(ROLES)


def test_a_template_has_one_hash_that_counts_its_parts():
    roles = ("plan", "revise", "draft", "debug", "improve", "merge", "judge", "report", "answer")
    hashes = {role: template_hash(role) for role in roles}

    assert len(set(hashes.values())) == len(roles)
    assert all(re.fullmatch("[0-9a-f]{64}", h) for h in hashes.values())
    assert "You plan recommender-systems experiments" in whole_template(FOLDER / "plan.md")
    assert "include" not in whole_template(FOLDER / "plan.md").split("\n")[0]
    assert template_hash("hello") == ""
