"""Words about files: after a refusal they are read again, before the start the plan follows."""

import random

import pytest
from labs import ANN, lab_in, until, waiting

from agent_core.data.counting import rows_sha256
from agent_core.data.given_files import table_name
from agent_core.data.table import connection
from agent_core.domain import RunStatus, Task
from agent_core.domain.events import PlanSet, RunFailed
from agent_core.offline.researcher import OfflineResearcher
from bot.blocks.buttons import Carried
from bot.blocks.data import question_rows

PICK = random.Random(4)
PAIRS = [(u, i) for u in range(1, 25) for i in PICK.sample(range(100, 160), 6)]
QUESTION = "Compare popularity and item kNN, NDCG@10, leave-one-out."
TWO_DOUBTS = "".join(
    f"{u},2014-05-{1 + i % 28:02d}T10:00:00,40.7{i}1,-73.9{u}2,v{i},{r}\n"
    for u, i in PAIRS
    for r in (-1 if (7 * u + i) % 12 == 0 else 1 + (u + i) % 4,)
)
UNKNOWN = "alpha,beta,gamma\n" + "".join(f"{u},x{i},{u * i}\n" for u, i in PAIRS)


@pytest.fixture
async def lab(tmp_path):
    async with lab_in(tmp_path / "data", OfflineResearcher()) as opened:
        yield opened


async def submitted(lab, folder, content, text=QUESTION, name="data.csv"):
    path = folder / name
    path.write_text(content)
    return await lab.submit(Task(text, (path,), ANN, f"test:{name}:{text}"))


async def planned(lab, folder, content, text=QUESTION):
    run = await submitted(lab, folder, content, text)
    await waiting(lab, run)
    return run


def table_of(lab, run, view):
    """Return the hash of the table that scripts are given."""
    folder = lab.journal.folder(run) / "data"
    with connection(folder) as opened:
        return rows_sha256(opened, folder / table_name(view.datasets[0].name))


async def test_after_a_refusal_words_lead_on_to_the_plan_in_the_same_run(lab, tmp_path):
    run = await submitted(lab, tmp_path, UNKNOWN)
    await until(lab, run, lambda e: isinstance(e, RunFailed))
    refused = await lab.view(run)

    await lab.describe_files(run, "the user is alpha, the item is beta", ANN)
    await until(lab, run, lambda e: isinstance(e, PlanSet), refused.seq)

    view = await lab.view(run)
    assert (view.datasets[0].user_column, view.datasets[0].item_column) == ("alpha", "beta")
    assert view.said == ("the user is alpha, the item is beta",)
    assert not view.failure


async def test_words_add_up_until_the_files_are_read(lab, tmp_path):
    run = await submitted(lab, tmp_path, UNKNOWN)
    seen = 0
    for text in ("drop the NR rows", "the user is alpha", "the item is beta"):
        seen = (await until(lab, run, lambda e: isinstance(e, RunFailed), seen)).seq
        await lab.describe_files(run, text, ANN)
    await until(lab, run, lambda e: isinstance(e, PlanSet), seen)

    assert (await lab.view(run)).datasets[0].item_column == "beta"


async def test_a_reply_reads_the_data_again_and_undo_takes_that_back(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)
    before = await lab.view(run)

    revision = await lab.revise(run, "drop the -1 rows", ANN)
    after = await lab.view(run)
    assert revision.plan.version == after.plan.version == 2
    assert after.datasets[0].rows < before.datasets[0].rows
    assert any(line.startswith("rows: ") for line in revision.change.summary)
    assert table_of(lab, run, after) == after.datasets[0].table_sha256

    await lab.undo(run, ANN)
    undone = await lab.view(run)
    assert (undone.datasets, undone.said) == (before.datasets, ())
    assert table_of(lab, run, undone) == before.datasets[0].table_sha256


async def test_letters_choose_options_and_what_is_chosen_is_asked_no_more(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)
    asked = (await lab.view(run)).datasets[0].questions
    assert len(asked) == 2

    await lab.revise(run, "a", ANN)

    view = await lab.view(run)
    assert view.datasets[0].questions == asked[1:]
    assert view.said == (asked[0].options[0],)


async def test_one_reply_may_speak_of_data_and_of_algorithms(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)

    await lab.revise(run, "-1 means not rated. Add EASE.", ANN)

    view = await lab.view(run)
    assert view.plan.version == 2
    assert any("EASE" in a.kind for a in view.plan.algorithms)
    assert view.said == ("-1 means not rated. Add EASE.",)


async def test_words_that_cannot_be_followed_leave_plan_and_data_as_they_are(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)
    before = await lab.view(run)

    revision = await lab.revise(run, "the ninth column is the item", ANN)

    view = await lab.view(run)
    assert "9th" in revision.reply
    assert (view.plan, view.datasets, view.said) == (before.plan, before.datasets, ())


async def test_wishes_that_only_sound_of_files_go_to_the_researcher(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)

    await lab.revise(run, "use 5 seeds", ANN)
    await lab.revise(run, "split by time: the newest 20 % of each user", ANN)

    view = await lab.view(run)
    assert view.plan.split.order == "newest"
    assert view.said == ()


async def test_a_plan_follows_from_times_that_are_taken_away(lab, tmp_path):
    text = "Compare popularity and item kNN, NDCG@10, hold out the newest 20 % of each user."
    run = await planned(lab, tmp_path, TWO_DOUBTS, text)

    await lab.revise(run, "there are no times", ANN)

    view = await lab.view(run)
    assert view.datasets[0].timestamp_column is None
    assert view.plan.split.order != "newest"


async def test_after_the_start_the_data_are_fixed_and_that_is_said(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)
    await lab.start(run, ANN)
    await until(lab, run, lambda e: getattr(e, "status", None) is RunStatus.RUNNING)

    revision = await lab.revise(run, "-1 means not rated", ANN)
    await lab.stop(run, ANN)

    assert "the data as they were read" in revision.reply
    assert revision.plan is None


async def planned_with_two_files(lab, folder):
    """Plan for two files of which the same is asked."""
    paths = [folder / name for name in ("films.csv", "books.csv")]
    marks = "".join(f"{u},{i},{-1 if (u + i) % 9 == 0 else 1 + i % 4}\n" for u, i in PAIRS)
    for path, shift in zip(paths, (0, 1), strict=True):
        path.write_text("user,item,rating\n" + marks + f"{90 + shift},120,3\n{90 + shift},121,3\n")
    task = Task(QUESTION + " Use films.csv and books.csv.", (*paths,), ANN, "test:two")
    run = await lab.submit(task)
    await waiting(lab, run)
    return run, (await lab.view(run)).datasets


async def test_an_answer_is_about_the_file_that_was_asked_about(lab, tmp_path):
    run, asked = await planned_with_two_files(lab, tmp_path)
    assert [[len(q.options) for q in d.questions] for d in asked] == [[3], [3]]

    await lab.revise(run, "f", ANN)  # the last option of the second file

    view = await lab.view(run)
    assert view.said == (f"books.csv: {asked[1].questions[0].options[2]}",)
    assert view.datasets[0] == asked[0]
    assert view.datasets[1].rows < asked[1].rows

    await lab.revise(run, "in films.csv -1 is a rating", ANN)

    view = await lab.view(run)
    assert view.said[-1] == "films.csv: -1 is a rating"
    assert not view.datasets[0].questions
    assert view.datasets[0].rating_range[0] == -1
    assert view.datasets[1].rating_range[0] == 1


async def test_a_button_says_of_which_file_its_option_is(lab, tmp_path):
    _, asked = await planned_with_two_files(lab, tmp_path)

    rows = question_rows("run-1", asked)

    carried = [Carried.of(e["value"]).detail for row in rows for e in row["elements"]]
    assert [c.partition(":")[0] for c in carried] == ["films.csv"] * 3 + ["books.csv"] * 3


async def test_other_files_take_the_place_of_the_first_and_changes_of_the_plan_stay(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)
    for reply in ("use 3 seeds", "add MRR@10"):
        await lab.revise(run, reply, ANN)
    before = await lab.view(run)
    other = tmp_path / "other.csv"
    other.write_text("user,item\n" + "".join(f"{u},{i}\n" for u, i in PAIRS))

    await lab.replace_files(run, "here is the right file", ANN, [other])

    view = await lab.view(run)
    assert tuple(p.name for p in view.task.files) == view.plan.datasets == ("other.csv",)
    assert view.task.text == QUESTION
    assert (view.plan.seeds, view.plan.metrics) == (before.plan.seeds, before.plan.metrics)
    assert view.plan.unanswered == before.plan.unanswered
    assert view.status is RunStatus.WAITING
    assert table_of(lab, run, view) == view.datasets[0].table_sha256
    assert (await lab.undo(run, ANN)).plan is None


async def test_a_file_that_cannot_be_read_leaves_data_and_plan(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)
    before = await lab.view(run)
    bad = tmp_path / "bad" / "data.csv"
    bad.parent.mkdir()
    bad.write_text(UNKNOWN)

    revision = await lab.replace_files(run, "this one", ANN, [bad])

    assert revision.plan is None
    assert revision.reply
    assert await lab.view(run) == before
    assert before.task.files[0].read_text() == TWO_DOUBTS


async def test_words_about_the_first_file_that_do_not_fit_another_are_named(lab, tmp_path):
    run = await planned(lab, tmp_path, TWO_DOUBTS)
    await lab.revise(run, "the fifth column is the item", ANN)
    other = tmp_path / "other.csv"
    other.write_text("user,item\n" + "".join(f"{u},{i}\n" for u, i in PAIRS))

    revision = await lab.replace_files(run, "", ANN, [other])

    assert "the fifth column is the item" in revision.reply
    assert (await lab.view(run)).said == ()
