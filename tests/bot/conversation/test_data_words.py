"""What people see and say of their data in a thread, with the real lab and files really read."""

from __future__ import annotations

import random

import pytest
from bot_bench import QUICK, Bench, whole
from labs import lab_in, settings
from patience import PATIENCE_S

from agent_core.data.shelf import add_to_shelf, open_shelf
from agent_core.offline.researcher import OfflineResearcher
from agent_core.settings import DataSettings
from bot.workspace.server import open_workspace

PICK = random.Random(4)
PAIRS = [(u, i) for u in range(1, 25) for i in PICK.sample(range(100, 160), 6)]
TWO_DOUBTS = "".join(
    f"{u},2014-05-{1 + i % 28:02d}T10:00:00,40.7{i}1,-73.9{u}2,v{i},{r}\n"
    for u, i in PAIRS
    for r in (-1 if (7 * u + i) % 12 == 0 else 1 + (u + i) % 4,)
)
UNKNOWN = "alpha,beta,gamma\n" + "".join(f"{u},x{i},{u * i}\n" for u, i in PAIRS)
QUESTION = "@autoreclab Compare popularity and item kNN, NDCG@10, leave-one-out."


@pytest.fixture
async def live(tmp_path):
    given = settings().model_copy(update={"data": DataSettings(shelf=tmp_path / "shelf")})
    async with (
        open_workspace(rules=QUICK) as workspace,
        lab_in(tmp_path / "lab", OfflineResearcher(), given) as lab,
    ):
        bench = Bench(workspace, lab, tmp_path)
        await bench.start()
        yield bench
        await bench.stop()


def asked(bench, content, name="checkins.csv"):
    path = bench.folder / name
    path.write_text(content)
    return bench.ask(QUESTION, files=[path])


async def views(bench):
    return await bench.lab.runs()


async def test_the_plan_says_how_data_are_read_and_asks_what_changes_results(live):
    ts = asked(live, TWO_DOUBTS)

    plan = await live.post(ts, "Plan v1", PATIENCE_S)

    shown = whole(plan)
    (view,) = await views(live)
    assert "*Data read* user column 1, item column 5 (text)" in shown
    for question in view.datasets[0].questions:
        assert question.text[1:] in shown
        assert all(option in shown for option in question.options)
    assert {"answer:a", "answer:b", "start"} <= set(live.workspace.buttons(plan))


async def test_a_button_answers_as_a_reply_does_and_undo_takes_it_back(live):
    ts = asked(live, TWO_DOUBTS)
    plan = await live.post(ts, "Plan v1", PATIENCE_S)
    drop = next(k for k, t in live.workspace.buttons(plan).items() if t.startswith("drop the -1"))

    await live.press(plan, drop)
    difference = await live.post(ts, "Plan v2", PATIENCE_S)
    assert "rows: " in difference["text"]
    # What is still open is asked again, what is settled is not.
    assert "is taken as an item" in difference["text"]
    assert "among" not in difference["text"]

    await live.press(difference, "undo")
    await live.post(ts, "back to version 1", PATIENCE_S)
    (view,) = await views(live)
    assert view.datasets[0].rows == len(PAIRS)


async def test_after_a_refusal_a_reply_goes_on_to_the_plan_under_the_same_card(live):
    ts = asked(live, UNKNOWN)
    refusal = await live.post(ts, "I find no column for a user", PATIENCE_S)
    assert "Say it" in refusal["text"]

    live.say(ts, "the user is alpha, the item is beta")
    await live.post(ts, "Plan v1", PATIENCE_S)

    assert len(await views(live)) == 1
    assert sum("🔬" in whole(m) for m in live.posts(ts)) == 1


async def test_a_file_after_a_refusal_is_read_under_the_same_card(live):
    ts = asked(live, UNKNOWN)
    await live.post(ts, "I find no column for a user", PATIENCE_S)

    other = live.folder / "other.csv"
    other.write_text(TWO_DOUBTS)
    live.say(ts, "here it is", files=[other])
    await live.post(ts, "Plan v1", PATIENCE_S)

    (view,) = await views(live)
    assert ([p.name for p in view.task.files], view.said) == (["other.csv"], ())
    assert sum("🔬" in whole(m) for m in live.posts(ts)) == 1


async def test_a_dataset_of_the_shelf_is_named_where_none_was_attached(live):
    shelf = open_shelf(live.lab.settings.data.shelf)
    path = live.folder / "venues.csv"
    path.write_text(TWO_DOUBTS)
    add_to_shelf(shelf, "venues", [path], [], words="drop the -1 rows")
    ts = live.ask(QUESTION, files=[])
    await live.post(ts, "There is no dataset", PATIENCE_S)

    live.say(ts, "on venues")
    await live.post(ts, "Plan v1", PATIENCE_S)

    (view,) = await views(live)
    assert view.said == ("on venues", "drop the -1 rows")
    assert view.datasets[0].rows < len(PAIRS)
    assert sum("🔬" in whole(m) for m in live.posts(ts)) == 1


@pytest.mark.parametrize("reply", ["drop the -1 rows", "a", "the fifth column is the item"])
async def test_replies_in_words_or_letters_change_the_data_before_the_start(live, reply):
    ts = asked(live, TWO_DOUBTS)
    await live.post(ts, "Plan v1", PATIENCE_S)

    live.say(ts, reply)
    await live.post(ts, "Plan v2", PATIENCE_S)

    (view,) = await views(live)
    assert len(view.datasets[0].questions) == 1


async def test_the_windows_of_a_plan_show_how_data_are_read(live):
    ts = asked(live, TWO_DOUBTS)
    plan = await live.post(ts, "Plan v1", PATIENCE_S)

    for action in ("edit", "requirements"):
        await live.press(plan, action)
        view = await live.workspace.wait_for(lambda: live.workspace.view("researcher"), PATIENCE_S)
        assert "*Data read*" in str(view["blocks"])


async def test_after_the_start_a_reply_about_columns_is_answered(live):
    ts = asked(live, TWO_DOUBTS)
    plan = await live.post(ts, "Plan v1", PATIENCE_S)
    await live.press(plan, "start")
    await live.post(ts, "*Running*", PATIENCE_S)

    live.say(ts, "-1 means not rated")
    await live.post(ts, "the data as they were read", PATIENCE_S)
    live.say(ts, "stop")


async def test_a_file_for_a_waiting_plan_takes_the_place_of_its_data_under_the_same_card(live):
    ts = asked(live, TWO_DOUBTS)
    await live.post(ts, "Plan v1", PATIENCE_S)
    live.say(ts, "use 3 seeds")
    await live.post(ts, "Plan v2", PATIENCE_S)

    other = live.folder / "other.csv"
    other.write_text(TWO_DOUBTS.replace(",v1", ",w1"))
    live.say(ts, "sorry, here is the right file", files=[other])
    await live.post(ts, "Plan v3", PATIENCE_S)

    (view,) = await views(live)
    assert [p.name for p in view.task.files] == ["other.csv"]
    assert "right file" not in view.task.text
    assert sum("🔬" in whole(m) for m in live.posts(ts)) == 1
    assert not any("Cancelled" in whole(m) for m in live.posts(ts))


async def test_a_plan_that_a_newer_one_follows_keeps_its_questions_and_loses_its_start(live):
    ts = asked(live, TWO_DOUBTS)
    plan = await live.post(ts, "Plan v1", PATIENCE_S)
    before = live.workspace.buttons(plan)

    live.say(ts, "use 3 seeds")
    await live.post(ts, "Plan v2", PATIENCE_S)

    def left_of_first():
        first = next(m for m in live.posts(ts) if "Plan v1" in whole(m))
        shown = live.workspace.buttons(first)
        return None if "start" in shown else shown

    left = await live.workspace.wait_for(left_of_first, PATIENCE_S)
    assert set(before) - set(left) == {"start"}
