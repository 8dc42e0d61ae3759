"""A design in words: one line each for what is run, kept, held out, asked and not answered."""

from dataclasses import replace

import pytest
from builders import plan_of

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    FactorRole,
    Level,
    Question,
    SplitKind,
    SplitRules,
    Unanswered,
    cells_of,
)
from agent_core.rules.design_words import design_line, design_text, question_text, words_of

REPEATED = FactorRole.REPEATED


def designed():
    """Return a plan with four factors, one of which only a random algorithm has."""
    cores = (
        Level(DataRules(), "all"),
        Level(DataRules((DataRule(DataRuleKind.CORE, 5),)), "5-core"),
    )
    return replace(
        plan_of(),
        algorithms=(
            Algorithm("BPR", "FlexMFImplicitScorer", is_random=True),
            Algorithm("EASE", "EASEScorer"),
        ),
        data_levels=cores,
        split_levels=(
            Level(SplitRules(SplitKind.CROSSFOLD_USERS, folds=5), "A"),
            Level(SplitRules(SplitKind.LEAVE_LAST, held_out=5), "B"),
        ),
        factors=(
            Factor("algorithm", ("BPR", "EASE")),
            Factor("data", ("all", "5-core")),
            Factor("split", ("A", "B")),
            Factor("fold", tuple(range(5)), REPEATED),
            Factor("model_seed", (0, 1, 2), REPEATED, ("BPR",)),
        ),
        questions=(Question(Estimand.DIFFERENCE, ("algorithm",), ("ndcg@10",), ("data",)),),
        estimate_s=240,
    )


def test_a_design_counts_what_is_trained_and_says_where_a_factor_applies():
    plan = designed()
    told = design_text(plan)

    assert f"= {len(cells_of(plan))} trainings" in told
    assert len(cells_of(plan)) == 2 * (5 + 1) * (3 + 1)
    assert "3 training seeds (BPR)" in told
    assert "5 folds (A)" in told
    assert design_line(plan).endswith("about 4 min")


def test_lists_that_are_ranked_again_are_no_trainings():
    base = designed()
    variants = tuple(
        replace(a, name=f"{a.name} {r}", base=a.name, levels={"rerank": r})
        for a in base.algorithms
        for r in ("none", "MMR")
    )
    plan = replace(
        base, algorithms=variants, factors=(*base.factors, Factor("rerank", ("none", "MMR")))
    )

    assert "= 48 trainings, re-ranked to 96 sets of lists" in design_text(plan)


def test_a_study_of_counts_trains_nothing():
    plan = replace(designed(), algorithms=(), questions=(Question(Estimand.COUNTS, ("data",)),))

    assert "nothing is trained" in design_text(plan)


def test_each_level_has_its_line():
    words = words_of(designed())

    assert words.data == ("all: all interactions", words.data[1])
    assert words.data[1].startswith("5-core: 5-core")
    assert [line[:2] for line in words.split] == ["A:", "B:"]
    assert "newest 5 interactions" in words.split[1]


@pytest.mark.parametrize("kind", list(Estimand))
def test_every_kind_of_question_is_a_sentence_about_its_measures(kind):
    question = Question(
        kind, ("algorithm", "data"), ("ndcg@10", "training_time"), ("split",),
        reference="BPR", margin=0.02, is_relative=True, test="wilcoxon", text="Which is nicer?",
    )  # fmt: skip
    told = question_text(designed(), question)

    assert told[:1].isupper()
    assert "{" not in told
    assert "_" not in told
    if kind not in (Estimand.SCRIPTS_OWN, Estimand.COUNTS):
        assert "NDCG@10 and " in told
        assert "split" in told
    if kind not in (Estimand.SCRIPTS_OWN, Estimand.COUNTS, Estimand.LEVEL):
        assert "2 %" in told
        assert "wilcoxon" in told
        assert "BPR" in told


def test_what_is_not_answered_is_told_in_its_own_words():
    plan = replace(designed(), unanswered=(Unanswered("in euro", "no prices", is_main=True),))

    (told,) = words_of(plan).unanswered
    assert "“in euro”" in told
    assert "no prices" in told
    assert "main question" in told
