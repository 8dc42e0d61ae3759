"""What people do about a report: its files, disputes, and what breaks off in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from afterwards import disputed, improved, reported, sent, texts
from patience import PATIENCE_S

from agent_core.domain.events import Reported
from agent_core.errors import AgentError


async def test_a_report_without_a_result_has_no_buttons_for_a_script(live):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    live.lab.fail_to_find("run1")

    report = await live.post(ts, "*No result.*")

    assert list(live.workspace.buttons(report)) == ["improve", "zip", "dispute"]
    await disputed(live, report)
    await live.post(ts, "nothing to check again")
    await live.workspace.wait_for(lambda: len(texts(live, ts, "*Disputed*")) == 2, PATIENCE_S)
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


async def test_methods_of_older_reports_lie_beside_their_zip(live):
    ts, report = await reported(live)
    log = live.lab.logs["run1"]
    told = next(e for e in log if isinstance(e.event, Reported))
    older = Reported(replace(told.event.report, methods=None))
    log[told.seq - 1] = replace(told, event=older)

    await live.press(report, "methods")

    await live.post(ts, "Methods and LaTeX of run run1")


async def test_a_file_that_is_gone_is_said_to_be_gone(live):
    _, report = await reported(live)
    (live.folder / "report" / "methods.md").unlink()

    await live.press(report, "methods")

    await live.whisper("researcher", "not on this machine any more")


async def test_the_words_say_that_there_is_no_report_yet(live):
    ts, _ = await live.planned()

    live.say(ts, "zip", "colleague")
    await live.whisper("colleague", "There is no report yet")
    live.say(ts, "improve")
    await live.post(ts, "There is no report yet")


async def test_a_dispute_of_anybody_is_checked_and_stands_over_the_report(live):
    ts, report = await reported(live)

    await disputed(live, report, "the split <leaks>\nreally")
    told = await live.post(ts, "Checked again")
    colleague = live.workspace.users["colleague"]
    note = f"⚠️ *Disputed* by <@{colleague}>;"
    await live.workspace.wait_for(lambda: len(texts(live, ts, note)) == 2, PATIENCE_S)

    assert told["text"].startswith(f"⚠️ <@{colleague}> says that something is wrong")
    assert "> the split &lt;leaks&gt; really" in told["text"]
    assert "*The same:* 4 files, 18 checks &amp; &lt;no&gt; change." in told["text"]
    assert set(live.workspace.buttons(told)) == {"improve", "rerun"}
    card, shown = texts(live, ts, note)
    assert (card["ts"], shown["ts"]) == (live.posts(ts)[0]["ts"], report["ts"])
    assert shown["text"].startswith(note)
    assert shown["blocks"][0]["text"]["text"].startswith(note)
    assert "dispute" in live.workspace.buttons(shown)


async def test_a_dispute_in_words(live):
    ts, _ = await reported(live)

    live.say(ts, "something is wrong", "colleague")
    asked = await live.post(ts, "What is wrong?")
    live.say(ts, "this is wrong: users are missing", "colleague")
    await live.post(ts, "> users are missing")

    assert live.workspace.buttons(asked) == {"dispute": "Something is wrong"}


async def test_a_second_dispute_names_both_and_the_same_one_twice_is_one(bench):
    async with bench.running():
        ts, report = await reported(bench)
        await disputed(bench, report)
        await bench.post(ts, "Checked again")
    async with bench.running():
        await disputed(bench, report)
        await bench.whisper("colleague", "You have said this already")
        await disputed(bench, report, "too few seeds", "admin")
        await bench.post(ts, "> too few seeds")
        users = bench.workspace.users
        await bench.post(ts, f"*Disputed* by <@{users['colleague']}>, <@{users['admin']}>;")

    assert len(texts(bench, ts, "Checked again")) == 2


async def test_a_direct_conversation_has_the_same_buttons_and_words(live):
    question = "How much does the seed change NDCG@10?"
    ts = live.ask(question, channel="@bot")
    channel = live.workspace.channel_of(ts)

    async def post(text):
        def found():
            shown = live.workspace.from_bot(channel, ts)
            return next((m for m in shown if text in m["text"]), None)

        return await live.workspace.wait_for(found, PATIENCE_S)

    await live.press(await post("Plan v1"), "start")
    await live.called("start")
    live.lab.work("run1")
    live.lab.finish("run1", live.folder / "report")
    await post("Code and all results")
    await sent(live, "results")
    report = await post("The seed moves")

    await live.press(report, "zip")
    await post("The zip is <")
    await disputed(live, report, user="researcher")
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


@pytest.mark.parametrize("form", [improved, disputed])
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
    [(improved, "improve", "*Round 2* from"), (disputed, "dispute", "Checked again")],
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
