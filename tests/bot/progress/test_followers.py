"""What a run's log brings into its thread and onto its card, also over a restart."""

from __future__ import annotations

from afterwards import disputed, improved, reported, texts
from patience import PATIENCE_S

from agent_core.domain import Ending, Outcome, Report, Unanswered
from agent_core.domain.events import Reported, RoundOpened, RunFailed, RunFinished
from bot.blocks.buttons import ButtonAction
from bot.slack.settings import SlackSettings
from bot.workspace.faults import ApiTrouble


async def test_the_plan_loses_its_buttons_once_it_is_started(live):
    ts, plan = await live.planned()

    await live.press(plan, ButtonAction.START)

    started = await live.post(ts, "fixed before any result")
    assert started["ts"] == plan["ts"]
    assert live.workspace.buttons(started) == {}


async def test_a_restart_in_the_middle_of_a_run_tells_the_rest_once(bench, tmp_path):
    async with bench.running():
        ts, plan = await bench.planned()
        await bench.press(plan, ButtonAction.START)
        await bench.called("start")
        bench.lab.work("run1")
        await bench.post(ts, "First working experiment")
    bench.lab.finish("run1", tmp_path / "report")
    async with bench.running():
        await bench.post(ts, "Code and all results")
        await bench.post(ts, "*Finished*")
    async with bench.running():
        await bench.planned(user="colleague")

    for part in ("🔬", "Plan v1", "First working", "The seed moves", "Plots of run"):
        assert len(texts(bench, ts, part)) == 1, part


async def test_the_card_of_a_run_that_ended_meanwhile_is_repaired(bench):
    async with bench.running():
        ts, plan = await bench.planned()
        await bench.press(plan, ButtonAction.START)
        await bench.post(ts, "*Running*")
    bench.lab.add("run1", RunFailed("The service was killed."))
    async with bench.running():
        card = await bench.post(ts, "*Could not go on*")
        await bench.post(ts, "press Resume")

    assert ButtonAction.STOP not in bench.workspace.buttons(card)


async def test_damage_met_at_a_start_is_told_in_the_thread_once(bench):
    async with bench.running():
        ts, plan = await bench.planned()
        await bench.press(plan, ButtonAction.START)
        await bench.post(ts, "*Running*")
    bench.lab.logs["run1"][1:] = []
    bench.lab.add("run1", RunFailed("Record 2 cannot be read", False, is_damaged=True))
    for _ in range(2):
        async with bench.running():
            await bench.post(ts, "*Could not go on*")
            await bench.post(ts, "*I could not go on.*")

    (told,) = texts(bench, ts, "*I could not go on.*")
    assert "Record 2 cannot be read" in told["text"]
    assert bench.workspace.buttons(told) == {}


async def test_a_service_that_goes_says_so_on_the_card_and_puts_it_right(bench):
    async with bench.running():
        ts, plan = await bench.planned()
        await bench.press(plan, ButtonAction.START)
        await bench.post(ts, "*Running*")
    (card,) = texts(bench, ts, "being restarted")
    assert bench.workspace.buttons(card) == {}
    async with bench.running():
        await bench.workspace.wait_for(lambda: not texts(bench, ts, "being restarted"), PATIENCE_S)

        assert ButtonAction.STOP in bench.workspace.buttons(texts(bench, ts, "🔬")[0])


async def test_a_plan_may_start_by_itself(bench):
    bench.slack = SlackSettings(auto_start_s=0.05)
    async with bench.running():
        await bench.planned()
        await bench.called("start")


async def test_a_plan_without_its_main_question_does_not_start_by_itself(bench):
    bench.slack = SlackSettings(auto_start_s=0.01)
    bench.lab.plans = False
    async with bench.running():
        ts = bench.ask()
        await bench.called("submit")
        bench.lab.plan("run1", unanswered=(Unanswered("in Euro", is_main=True),))
        await bench.post(ts, "Plan v1")
        bench.say(ts, "leave out “in Euro”")
        await bench.post(ts, "Plan v2")

        assert not [c for c in bench.lab.calls if c[0] == "start"]


async def test_a_round_that_ends_while_the_bot_is_away_is_told_once(bench):
    async with bench.running():
        ts, report = await reported(bench)
        await improved(bench, report)
        await bench.post(ts, "*Round 2*")
    report = Report("t", Outcome.PARTIAL, "**Now with EASE.**", "s", "#", None)
    bench.lab.add("run1", Reported(report), RunFinished(Outcome.PARTIAL, Ending.NODES))
    for _ in range(2):
        async with bench.running():
            await bench.post(ts, "*Now with EASE.*")
            await bench.post(ts, "Round 2 · *Finished with open requirements*")

    assert len(texts(bench, ts, "*Now with EASE.*")) == 1
    assert len(texts(bench, ts, "*Round 2* from")) == 1


async def test_a_round_that_is_opened_while_the_end_is_told_is_followed(live):
    ts, plan = await live.planned()
    await live.press(plan, ButtonAction.START)
    await live.called("start")
    threads, followers = live.bot.services.threads, live.bot.services.followers
    told = threads.note_told

    async def opens(thread, seq):
        threads.note_told = told
        live.lab.add("run1", RoundOpened("U1", "", 14, 2.0))
        followers.follow(thread)
        await told(thread, seq)

    live.lab.work("run1")
    await live.post(ts, "First working")
    threads.note_told = opens
    live.lab.finish("run1", live.folder / "report")

    await live.post(ts, "*Round 2* from script 1")
    await live.post(ts, "Round 2 · *Running*")


async def test_a_dispute_that_could_not_be_shown_is_shown_by_the_next_process(bench):
    async with bench.running():
        ts, report = await reported(bench)
        bench.workspace.faults.add(ApiTrouble("chat.update", times=9_999, status=503))
        await disputed(bench, report)
        await bench.post(ts, "Checked again")
    assert texts(bench, ts, "*Disputed*") == []
    bench.workspace.faults.troubles.clear()
    async with bench.running():
        await bench.workspace.wait_for(
            lambda: len(texts(bench, ts, "*Disputed*")) == 2, PATIENCE_S
        )


async def test_the_next_report_is_not_disputed(live):
    ts, report = await reported(live)
    await disputed(live, report)
    await live.post(ts, "Checked again")
    await improved(live, report)
    await live.post(ts, "Round 2 · *Running*")

    live.lab.finish("run1", live.folder / "second")
    card = await live.post(ts, "Round 2 · *Finished*")
    await live.post(ts, "results of run run1, round 2")

    first, second = texts(live, ts, "The seed moves")
    assert "Disputed" in first["text"]
    assert "Disputed" not in second["text"] + card["text"]


async def test_the_card_says_what_it_waits_for_while_nothing_can_be_stored(live):
    ts, plan = await live.planned()
    await live.press(plan, ButtonAction.START)
    await live.post(ts, "*Running*")

    live.lab.storage_trouble = "/srv/data is full. Free some space."
    await live.post(ts, "Free some space")
    live.lab.storage_trouble = ""

    await live.workspace.wait_for(lambda: not texts(live, ts, "Free some space"), PATIENCE_S)
