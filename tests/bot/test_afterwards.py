"""What people do about a report: its files, another round, doubts; also weeks later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from agent_core.domain import Outcome, Report
from agent_core.errors import AgentError
from agent_core.events import Reported, RoundOpened, RunFinished
from bot.workspace.faults import Trouble

WISH = "tune EASE & compare <all>"


async def reported(bench, name="report"):
    ts, plan = await bench.planned()
    await bench.press(plan, "start")
    await bench.called("start")
    bench.lab.work("run1")
    bench.lab.finish("run1", bench.folder / name)
    report = await bench.post(ts, "The seed moves NDCG@10 little")
    await bench.post(ts, "Code and all results of run run1")
    await bench.post(ts, "*Finished*")
    await sent(bench, "results")
    return ts, report


async def sent(bench, kind, copy=""):
    """Wait until the bot knows that an upload of the newest report stands in the thread."""
    seq = max(e.seq for e in bench.lab.logs["run1"] if isinstance(e.event, RunFinished))
    assert await bench.bot.parts.outbox.ts_of(f"run1:{kind}:{seq}{copy}")


def texts(bench, ts, part):
    return [m for m in bench.posts(ts) if part in m["text"]]


async def modal(bench, user="researcher"):
    return await bench.workspace.wait_for(lambda: bench.workspace.view(user), 20)


async def improved(bench, report, wish=WISH):
    await bench.press(report, "improve")
    await modal(bench)
    assert await bench.workspace.submit("researcher", {"wish": wish}) == {}


async def doubted(bench, report, text="the split leaks", user="colleague"):
    await bench.press(report, "dispute", user)
    await modal(bench, user)
    assert await bench.workspace.submit(user, {"wish": text}) == {}


async def test_a_report_without_a_result_has_no_buttons_for_a_script(live):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    live.lab.fail_to_find("run1")

    report = await live.post(ts, "*No result.*")

    assert list(live.workspace.buttons(report)) == ["improve", "zip", "dispute"]
    await improved(live, report)
    await live.post(ts, "*Round 2* from scratch, asked for by")


async def test_zip_shows_everybody_where_it_stands(live):
    ts, report = await reported(live)
    (results,) = texts(live, ts, "Code and all results")

    await live.press(report, "zip", "colleague")
    hint = await live.whisper("colleague", "The zip is <")

    assert f"/p{results['ts'].replace('.', '')}" in hint["text"]
    assert len(texts(live, ts, "of run run1")) == 2


async def test_a_zip_whose_message_is_gone_is_uploaded_again_once(live):
    ts, report = await reported(live)
    (results,) = texts(live, ts, "Code and all results")
    live.workspace.delete("experiments", live.workspace.bot_user, results["ts"])

    await live.press(report, "zip", "colleague")
    await live.press(report, "zip", "colleague")
    copy = await live.post(ts, "Results (zip) of run run1, copy 2")
    await sent(live, "results", ":2")
    live.say(ts, "zip")
    await live.whisper("researcher", "The zip is <")

    assert [f["name"] for f in copy["files"]] == ["results.zip"]
    assert len(texts(live, ts, "Results (zip)")) == 1


async def test_methods_are_uploaded_once_a_report_also_over_a_restart(bench):
    async with bench.running():
        ts, report = await reported(bench)
        await bench.press(report, "methods", "colleague")
        methods = await bench.post(ts, "Methods and LaTeX of run run1")
        await sent(bench, "methods")
    async with bench.running():
        await bench.press(report, "methods")
        await bench.whisper("researcher", "The methods text is <")
        bench.say(ts, "latex", "admin")
        await bench.whisper("admin", "The methods text is <")

    assert [f["name"] for f in methods["files"]] == ["methods.md"]
    assert len(texts(bench, ts, "Methods and LaTeX")) == 1


async def test_a_file_that_is_gone_is_said_to_be_gone(live):
    _, report = await reported(live)
    (live.folder / "report" / "methods.md").unlink()

    await live.press(report, "methods")

    await live.whisper("researcher", "not on this machine any more")


async def test_improve_opens_a_round_whose_report_comes_too(live):
    ts, report = await reported(live)

    await live.press(report, "improve")
    view = await modal(live)
    assert await live.workspace.submit("researcher", {"wish": WISH}) == {}
    opened = await live.post(ts, "*Round 2* from script 1")
    difference = await live.post(ts, "Plan v2")
    card = await live.post(ts, "Round 2 · *Running*")
    live.lab.work("run1")
    live.lab.finish("run1", live.folder / "second")
    await live.post(ts, "Code and all results of run run1, round 2")
    await live.post(ts, "Round 2 · *Finished*")

    assert "• requirement 2 (2)" in str(view["blocks"])
    assert "will mark this round as exploratory" in str(view["blocks"])
    assert f"asked for by <@{live.workspace.users['researcher']}>" in opened["text"]
    assert "> tune EASE &amp; compare &lt;all&gt;" in opened["text"]
    assert "At most 13 more scripts" in opened["text"]
    assert "Picking up" not in opened["text"]
    assert set(live.workspace.buttons(difference)) == {"requirements"}
    assert card["ts"] == live.posts(ts)[0]["ts"]
    for part, times in (("The seed moves", 2), ("Plots of run", 2), ("First working", 1)):
        assert len(texts(live, ts, part)) == times, part


async def test_the_files_of_each_report_are_its_own(live):
    ts, first = await reported(live)
    await improved(live, first)
    await live.post(ts, "*Round 2*")
    live.lab.finish("run1", live.folder / "second")
    await live.post(ts, "Code and all results of run run1, round 2")
    second = texts(live, ts, "The seed moves")[1]

    await live.press(second, "methods")
    await live.post(ts, "Methods and LaTeX of run run1, round 2")
    await live.press(first, "methods")
    await live.workspace.wait_for(lambda: len(texts(live, ts, "Methods and LaTeX")) == 2, 20)

    older = texts(live, ts, "Methods and LaTeX")[1]
    assert older["text"] == "Methods and LaTeX of run run1"


async def test_a_round_that_is_not_opened_says_why(live):
    ts, report = await reported(live)

    await improved(live, report, "")

    await live.post(ts, "say what should be better")
    assert texts(live, ts, "Round 2") == []


async def test_only_people_who_may_steer_may_go_further(live):
    ts, report = await reported(live)

    await live.press(report, "improve", "colleague")
    await live.whisper("colleague", "only they")
    live.say(ts, "improve", "colleague")
    await live.workspace.wait_for(lambda: len(live.workspace.ephemerals("colleague")) == 2, 20)

    assert live.workspace.view("colleague") is None


@pytest.mark.parametrize("has_restart", [False, True])
async def test_a_wish_after_the_end_is_offered_as_a_round(bench, has_restart):
    async with bench.running():
        ts, _ = await reported(bench)
        bench.say(ts, f"please use {WISH}")
        offer = await bench.post(ts, "with this wish")
        if has_restart:
            await bench.stop()
            await bench.start()
        await bench.press(offer, "improve")
        await modal(bench)
        assert await bench.workspace.submit("researcher", {}) == {}
        await bench.post(ts, "*Round 2*")

    (improve,) = [c for c in bench.lab.calls if c[0] == "improve"]
    assert improve[1] == f"please use {WISH}"


async def test_a_wish_too_long_for_a_button_is_cut_and_that_is_said(live):
    ts, _ = await reported(live)
    live.say(ts, "please use " + "more and more seeds " * 150)
    offer = await live.post(ts, "with this wish")

    await live.press(offer, "improve")

    assert "longer than fits here" in str((await modal(live))["blocks"])


async def test_the_word_improve_shows_the_price_before_anything_starts(live):
    ts, _ = await reported(live)

    live.say(ts, "go further")
    offer = await live.post(ts, "shows what the round may take")

    assert live.workspace.buttons(offer) == {"improve": "Improve further"}
    assert not [c for c in live.lab.calls if c[0] == "improve"]


async def test_the_words_say_that_there_is_no_report_yet(live):
    ts, _ = await live.planned()

    live.say(ts, "zip", "colleague")
    await live.whisper("colleague", "There is no report yet")
    live.say(ts, "improve")
    await live.post(ts, "There is no report yet")


async def test_a_waiver_after_the_end_may_open_a_round_and_it_is_followed(live):
    ts, _ = await reported(live)

    live.say(ts, "waive baseline_present because the study is about leakage")

    await live.post(ts, "*Round 2* from script 1")
    await live.post(ts, "Round 2 · *Running*")


async def test_weeks_later_a_round_says_what_the_run_had_come_to(bench):
    async with bench.running():
        ts, report = await reported(bench)
    log = bench.lab.logs["run1"]
    log[:] = [replace(logged, at=logged.at - timedelta(days=21)) for logged in log]
    async with bench.running():
        await improved(bench, report)
        opened = await bench.post(ts, "*Round 2*")

    assert "Picking up from <!date^" in opened["text"]
    assert "plan v1: *The seed moves NDCG@10 little:* SD 0.0027." in opened["text"]


async def test_a_doubt_of_anybody_is_checked_and_stands_over_the_report(live):
    ts, report = await reported(live)

    await doubted(live, report, "the split <leaks>\nreally")
    told = await live.post(ts, "Checked again")
    colleague = live.workspace.users["colleague"]
    note = f"⚠️ *Disputed* by <@{colleague}>;"
    await live.workspace.wait_for(lambda: len(texts(live, ts, note)) == 2, 20)

    assert told["text"].startswith(f"⚠️ <@{colleague}> says that something is wrong")
    assert "> the split &lt;leaks&gt;\n> really" in told["text"]
    assert "*The same:* 4 files, 18 checks &amp; &lt;no&gt; change." in told["text"]
    assert set(live.workspace.buttons(told)) == {"improve", "rerun"}
    card, shown = texts(live, ts, note)
    assert (card["ts"], shown["ts"]) == (live.posts(ts)[0]["ts"], report["ts"])
    assert shown["text"].startswith(note)
    assert shown["blocks"][0]["text"]["text"].startswith(note)
    assert "dispute" in live.workspace.buttons(shown)


async def test_doubts_in_words(live):
    ts, _ = await reported(live)

    live.say(ts, "something is wrong", "colleague")
    asked = await live.post(ts, "What is wrong?")
    live.say(ts, "this is wrong: users are missing", "colleague")
    await live.post(ts, "> users are missing")

    assert live.workspace.buttons(asked) == {"dispute": "Something is wrong"}


async def test_a_second_doubt_names_both_and_the_same_one_twice_is_one(bench):
    async with bench.running():
        ts, report = await reported(bench)
        await doubted(bench, report)
        await bench.post(ts, "Checked again")
    async with bench.running():
        await doubted(bench, report)
        await bench.whisper("colleague", "You have said this already")
        await doubted(bench, report, "too few seeds", "admin")
        await bench.post(ts, "> too few seeds")
        users = bench.workspace.users
        await bench.post(ts, f"*Disputed* by <@{users['colleague']}>, <@{users['admin']}>;")

    assert len(texts(bench, ts, "Checked again")) == 2


async def test_a_doubt_that_could_not_be_shown_is_shown_by_the_next_process(bench):
    async with bench.running():
        ts, report = await reported(bench)
        bench.workspace.faults.add(Trouble("chat.update", times=9_999, status=503))
        await doubted(bench, report)
        await bench.post(ts, "Checked again")
    assert texts(bench, ts, "*Disputed*") == []
    bench.workspace.faults.troubles.clear()
    async with bench.running():
        await bench.workspace.wait_for(lambda: len(texts(bench, ts, "*Disputed*")) == 2, 20)


async def test_the_next_report_is_not_disputed(live):
    ts, report = await reported(live)
    await doubted(live, report)
    await live.post(ts, "Checked again")
    await improved(live, report)
    await live.post(ts, "Round 2 · *Running*")

    live.lab.finish("run1", live.folder / "second")
    card = await live.post(ts, "Round 2 · *Finished*")
    await live.post(ts, "results of run run1, round 2")

    first, second = texts(live, ts, "The seed moves")
    assert "Disputed" in first["text"]
    assert "Disputed" not in second["text"] + card["text"]


async def test_pressed_and_sent_twice_is_done_once(live):
    ts, report = await reported(live)
    await live.press(report, "improve")
    await modal(live)
    live.workspace.faults.lose_acks = 99

    assert await live.workspace.submit("researcher", {"wish": WISH}) != {}
    live.workspace.faults.lose_acks = 0
    assert await live.workspace.submit("researcher", {"wish": WISH}) == {}
    await live.post(ts, "*Round 2*")
    await live.press(report, "methods")
    await live.press(report, "methods")
    await live.post(ts, "Methods and LaTeX")
    live.say(ts, "status")
    await live.post(ts, "Round 2 · *Running* · 1 script")

    assert len([c for c in live.lab.calls if c[0] == "improve"]) == 1
    assert len(texts(live, ts, "*Round 2* from")) == 1
    assert len(texts(live, ts, "Methods and LaTeX")) == 1


async def test_a_direct_conversation_has_the_same_buttons_and_words(live):
    question = "How much does the seed change NDCG@10?"
    ts = live.ask(question, channel="@bot")
    channel = live.workspace.channel_of(ts)

    async def post(text):
        def found():
            shown = live.workspace.from_bot(channel, ts)
            return next((m for m in shown if text in m["text"]), None)

        return await live.workspace.wait_for(found, 20)

    await live.press(await post("Plan v1"), "start")
    await live.called("start")
    live.lab.work("run1")
    live.lab.finish("run1", live.folder / "report")
    await post("Code and all results")
    await sent(live, "results")
    report = await post("The seed moves")

    await live.press(report, "zip")
    await post("The zip is <")
    await doubted(live, report, user="researcher")
    await post("Checked again")
    live.workspace.post("@bot", "researcher", "improve")
    offer = await live.workspace.wait_for(
        lambda: next(
            (m for m in live.workspace.from_bot(channel) if "opens round 2" in m["text"]), None
        ),
        20,
    )
    await improved(live, offer)
    await post("*Round 2* from")


async def test_a_round_that_ends_while_the_bot_is_away_is_told_once(bench):
    async with bench.running():
        ts, report = await reported(bench)
        await improved(bench, report)
        await bench.post(ts, "*Round 2*")
    report = Report("t", Outcome.PARTIAL, "**Now with EASE.**", "s", "#", None)
    bench.lab.add("run1", Reported(report), RunFinished(Outcome.PARTIAL, "nodes"))
    for _ in range(2):
        async with bench.running():
            await bench.post(ts, "*Now with EASE.*")
            await bench.post(ts, "Round 2 · *Finished with open requirements*")

    assert len(texts(bench, ts, "*Now with EASE.*")) == 1
    assert len(texts(bench, ts, "*Round 2* from")) == 1


@pytest.mark.parametrize("form", [improved, doubted])
async def test_what_the_lab_objects_to_is_told_in_the_thread(live, form):
    ts, report = await reported(live)
    live.lab.trouble = AgentError("The lab has spent $50.00 of $50.00 this month.")

    await form(live, report)

    await live.post(ts, "spent $50.00 of $50.00 this month")


async def test_a_button_whose_run_is_forgotten_says_so_privately(live):
    _, report = await reported(live)
    view, live.lab.view = live.lab.view, forgotten

    await live.press(report, "improve")
    await live.press(report, "dispute", "colleague")

    await live.whisper("researcher", "There is no run")
    await live.whisper("colleague", "There is no run")
    live.lab.view = view


async def forgotten(_):
    raise AgentError("There is no run run1.")


@pytest.mark.parametrize(
    ("form", "name", "told"),
    [(improved, "improve", "*Round 2* from"), (doubted, "dispute", "Checked again")],
)
async def test_what_broke_off_after_it_was_done_is_not_done_again(live, form, name, told):
    ts, report = await reported(live)
    work = getattr(live.lab, name)

    async def breaks_off(*given):
        await work(*given)
        raise ZeroDivisionError

    setattr(live.lab, name, breaks_off)
    await form(live, report)

    await live.post(ts, told)
    live.say(ts, "status")
    await live.post(ts, "1 script: 1 ran")
    assert len(texts(live, ts, told)) == 1
    assert len([c for c in live.lab.calls if c[0] == name]) == 1


async def test_a_round_that_is_opened_while_the_end_is_told_is_followed(live):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    threads, followers = live.bot.parts.threads, live.bot.parts.followers
    told = threads.told

    async def opens(thread, seq):
        threads.told = told
        live.lab.add("run1", RoundOpened("U1", "", 14, 2.0))
        followers.follow(thread)
        await told(thread, seq)

    live.lab.work("run1")
    await live.post(ts, "First working")
    threads.told = opens
    live.lab.finish("run1", live.folder / "report")

    await live.post(ts, "*Round 2* from script 1")
    await live.post(ts, "Round 2 · *Running*")
