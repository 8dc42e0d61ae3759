"""A task in a thread, from the mention to the answer weeks later, over the real protocol."""

from __future__ import annotations

from patience import PATIENCE_S

from agent_core.domain import RunStatus
from agent_core.domain.events import RunFailed


async def test_a_mention_gets_eyes_and_a_card_and_then_a_plan(live):
    ts = live.ask()

    card = await live.post(ts, "🔬")
    plan = await live.post(ts, "Plan v1")

    root = live.workspace.messages("experiments", ts)[0]
    assert root["reactions"][0]["name"] == "eyes"
    assert live.posts(ts)[0]["ts"] == card["ts"]
    assert set(live.workspace.buttons(plan)) == {"start", "edit", "requirements", "cancel"}
    assert "943 users, 1,682 items, 100,000 ratings" in plan["text"]


async def test_the_lab_gets_the_typed_question_and_the_file(live):
    await live.planned()

    task, (content,) = live.lab.tasks[0]
    assert task.text == "How much does the seed change NDCG@10? 30 seeds & <leave-one-out>"
    assert task.files[0].name == "u.data"
    assert content == live.data.read_bytes()
    assert task.requester == live.workspace.users["researcher"]
    assert task.origin.startswith("slack:T0LOCALLAB1/C0EXPERIMNT/")


async def test_the_whole_way_to_a_report_with_files(live, tmp_path):
    ts, plan = await live.planned()

    await live.press(plan, "start")
    await live.called("start")
    live.lab.work("run1")
    milestone = await live.post(ts, "First working experiment")
    live.lab.finish("run1", tmp_path / "report")
    report = await live.post(ts, "The seed moves NDCG@10 little")
    plots = await live.post(ts, "Plots of run run1")
    results = await live.post(ts, "Code and all results of run run1")
    card = await live.post(ts, "*Finished*")

    assert "0.155" in milestone["text"]
    assert report["text"].startswith(f"<@{live.workspace.users['researcher']}> *The seed moves")
    assert list(live.workspace.buttons(report).values()) == [
        "Improve further", "Re-run", "Zip", "Methods + LaTeX", "Something is wrong",
    ]  # fmt: skip
    assert [f["name"] for f in plots["files"]] == ["seeds.png", "box.png"]
    assert [f["name"] for f in results["files"]] == ["solution.py", "results.zip"]
    assert "stop" not in live.workspace.buttons(card)
    kinds = [m["ts"] for m in (card, plan, milestone, report, plots, results)]
    assert [m["ts"] for m in live.posts(ts)] == kinds


async def test_a_reply_changes_the_plan_and_only_the_difference_is_posted(live):
    ts, _ = await live.planned()

    live.say(ts, "use K = 20")
    difference = await live.post(ts, "Plan v2")

    assert "changed 1 (use K = 20)" in difference["text"]
    assert "Baseline" not in difference["text"]
    assert set(live.workspace.buttons(difference)) == {"start", "undo", "requirements"}
    await live.press(difference, "undo")
    await live.post(ts, "back to version 1")


async def test_start_and_stop_in_words(live):
    ts, _ = await live.planned()

    live.say(ts, "go!")
    await live.called("start")
    await live.post(ts, "*Running*")
    live.say(ts, "stop")
    await live.called("stop")

    await live.post(ts, "Finished with open requirements")


async def test_a_doubtful_start_is_asked_back_and_its_button_starts(live):
    ts, _ = await live.planned()

    live.say(ts, "ok, fine")
    asked = await live.post(ts, "Did you mean")
    assert [c[0] for c in live.lab.calls if c[0] in ("start", "revise")] == []
    await live.press(asked, "start")

    await live.called("start")


async def test_thanks_are_seen_and_what_is_not_yet_wanted_is_left(live):
    ts, _ = await live.planned()

    thanks = live.say(ts, "thanks a lot!")
    live.say(ts, "please don't start it yet")
    await live.post(ts, "All stays as it is")

    assert [c for c in live.lab.calls if c[0] in ("start", "revise")] == []
    said = next(m for m in live.workspace.messages("experiments", ts) if m["ts"] == thanks)
    assert [r["name"] for r in said["reactions"]] == ["+1"]


async def test_what_is_wished_before_a_start_is_seen_before_it(live):
    ts, _ = await live.planned()

    live.say(ts, "use K = 20. Then start please.")
    await live.post(ts, "Plan v2")
    await live.post(ts, "Did you mean")

    assert [c for c in live.lab.calls if c[0] == "start"] == []


async def test_cancel_before_the_start(live):
    ts, plan = await live.planned()

    await live.press(plan, "cancel")

    await live.post(ts, "Nothing ran")
    await live.post(ts, "Cancelled, nothing ran")


async def test_the_edit_modal_works_like_a_reply(live):
    ts, plan = await live.planned()

    await live.press(plan, "edit")
    await live.workspace.wait_for(lambda: live.workspace.view("researcher"), PATIENCE_S)
    assert await live.workspace.submit("researcher", {"wish": "twenty seeds"}) == {}

    await live.post(ts, "changed 1 (twenty seeds)")


async def test_all_requirements_are_a_button_away(live):
    _, plan = await live.planned()

    await live.press(plan, "requirements", "colleague")
    view = await live.workspace.wait_for(lambda: live.workspace.view("colleague"), PATIENCE_S)

    assert "requirement 2" in str(view["blocks"])


async def test_a_question_is_answered_in_the_thread(live, tmp_path):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    live.lab.finish("run1", tmp_path / "report")
    await live.post(ts, "*Finished*")

    live.say(ts, "what was the mean?", "colleague")
    answer = await live.post(ts, "answers: what was the mean?")

    assert "*0.155* is the mean &amp; &lt;that&gt;" in answer["text"]


async def test_rerun_posts_how_it_compares(live, tmp_path):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    live.lab.finish("run1", tmp_path / "report")
    report = await live.post(ts, "The seed moves")

    await live.press(report, "rerun")

    await live.post(ts, "*Repeated, identical.* 60 values.")


async def test_others_may_ask_but_not_steer(live):
    ts, plan = await live.planned()

    live.say(ts, "use 5 seeds", "colleague")
    await live.whisper("colleague", "only they")
    await live.press(plan, "start", "colleague")
    live.say(ts, "what is the baseline?", "colleague")
    await live.post(ts, "answers: what is the baseline?")

    assert not [c for c in live.lab.calls if c[0] in ("revise", "start")]


async def test_an_added_colleague_may_steer(live):
    ts, _ = await live.planned()

    live.say(ts, "add @colleague")
    await live.post(ts, "may change and stop this task now")
    live.say(ts, "use 5 seeds", "colleague")

    await live.post(ts, "changed 1 (use 5 seeds)")


async def test_status_in_words(live):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")

    live.say(ts, "how is it going?")

    await live.post(ts, "*Running*")


async def test_the_failure_says_what_to_do_and_resume_goes_on(live):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    live.lab.add("run1", RunFailed("The key is wrong."))
    failure = await live.post(ts, "I could not go on")

    await live.press(failure, "resume")
    await live.called("resume")

    await live.post(ts, "*Running*")
    assert (await live.lab.view("run1")).status is RunStatus.RUNNING
