"""Another round of a run that has ended: asked for, told, reported; also weeks later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from afterwards import WISH, improved, modal, reported, texts
from patience import PATIENCE_S


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
    await live.workspace.wait_for(
        lambda: len(texts(live, ts, "Methods and LaTeX")) == 2, PATIENCE_S
    )

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
    await live.workspace.wait_for(
        lambda: len(live.workspace.ephemerals("colleague")) == 2, PATIENCE_S
    )

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


async def test_a_waiver_after_the_end_may_open_a_round_and_it_is_followed(live):
    ts, _ = await reported(live)

    live.say(ts, "waive baseline_present because the study is about leakage")

    await live.post(ts, "*Round 2* from script 1")
    await live.post(ts, "Round 2 · *Running*")
    assert len(texts(live, ts, "Nothing new is run: what there is is judged again.")) == 1


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
