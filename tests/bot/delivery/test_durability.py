"""Nothing is lost or doubled, whatever breaks between Slack, the bot and its disk."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from bot_bench import PACE, QUICK, Bench
from patience import PATIENCE_S
from scripted_lab import ScriptedLab

from bot.errors import DataBusy
from bot.slack.settings import SlackSettings
from bot.workspace.faults import ApiTrouble
from bot.workspace.server import open_workspace


def texts(bench, ts, part):
    return [m for m in bench.posts(ts) if part in m["text"]]


async def test_the_same_event_three_times_is_one_task(live):
    live.workspace.faults.duplicate_events = 2

    ts, _ = await live.planned()
    live.say(ts, "use 5 seeds")
    await live.post(ts, "Plan v2")
    live.workspace.faults.duplicate_events = 0
    await live.planned(user="colleague")

    assert len(live.lab.logs) == 2
    assert len(texts(live, ts, "Plan v")) == 2
    assert len([c for c in live.lab.calls if c[0] == "revise"]) == 1


@pytest.mark.parametrize("is_mention_first", [True, False])
async def test_mention_and_message_are_one_thing_in_either_order(live, is_mention_first):
    live.workspace.faults.is_mention_first = is_mention_first

    ts, _ = await live.planned()
    await live.planned(user="colleague")

    assert len(texts(live, ts, "🔬")) == 1


async def test_lost_acknowledgements_double_nothing(live):
    live.workspace.faults.lose_acks = 3

    ts, _ = await live.planned()
    await live.workspace.wait_for(lambda: live.workspace.faults.lose_acks == 0, PATIENCE_S)

    assert len(texts(live, ts, "Plan v1")) == 1


async def test_a_rate_limit_delays_posts_and_loses_none(live):
    live.workspace.faults.add(ApiTrouble("chat.postMessage", times=2, status=429, retry_after_s=1))

    ts, _ = await live.planned()

    refused = [c for c in live.workspace.journal.calls("chat.postMessage") if c.status == 429]
    assert len(refused) == 2
    assert len(texts(live, ts, "🔬")) == 1


@pytest.mark.parametrize("status", [200, 503])
async def test_a_post_whose_answer_is_lost_is_found_and_not_posted_again(live, status):
    live.workspace.faults.add(
        ApiTrouble("chat.postMessage", times=2, status=status, is_after_work=True)
    )

    ts, _ = await live.planned()

    assert len(texts(live, ts, "🔬")) == 1
    assert len(texts(live, ts, "Plan v1")) == 1


async def test_a_failing_service_is_asked_until_it_answers(live):
    live.workspace.faults.add(ApiTrouble("chat.postMessage", times=4, status=500))

    await live.planned()


async def test_an_upload_whose_answer_is_lost_is_not_repeated(live, tmp_path):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    lost = ApiTrouble("files.completeUploadExternal", times=1, is_after_work=True)
    live.workspace.faults.add(lost)

    live.lab.finish("run1", tmp_path / "report")
    await live.post(ts, "Code and all results")

    assert len(texts(live, ts, "Plots of run")) == 1


async def test_an_upload_failure_hides_no_report_and_is_said(live, tmp_path):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    refused = ApiTrouble("files.completeUploadExternal", times=9, error="file_uploads_disabled")
    live.workspace.faults.add(refused)

    live.lab.finish("run1", tmp_path / "report")

    await live.post(ts, "The seed moves")
    notice = await live.post(ts, "uploads are switched off")
    assert "seeds.png" in notice["text"]


async def test_a_result_file_that_is_too_large_is_named_with_its_place(bench, tmp_path):
    bench.slack = SlackSettings(max_upload_mib=1)
    async with bench.running():
        ts, plan = await bench.planned()
        await bench.press(plan, "start")
        await bench.called("start")
        folder = tmp_path / "report"
        bench.lab.finish("run1", folder, large=2 << 20)

        notice = await bench.post(ts, "max_upload_mib")

        assert str(folder) in notice["text"]
        assert await bench.post(ts, "The seed moves")


async def test_late_shares_are_waited_for(live, tmp_path):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.called("start")
    live.workspace.faults.shares_after_s = 20

    live.lab.finish("run1", tmp_path / "report")

    await live.post(ts, "Code and all results")


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long"])
async def test_refused_blocks_become_plain_text(live, code):
    live.workspace.faults.add(ApiTrouble("chat.postMessage", times=1, error=code))

    ts = live.ask()

    card = await live.post(ts, "🔬")
    assert not card.get("blocks")


async def test_a_dropped_connection_comes_back(live):
    ts, _ = await live.planned()

    await live.workspace.drop_connections()
    await live.workspace.wait_for(lambda: live.workspace.connections == 0, PATIENCE_S)
    await live.workspace.wait_for(lambda: live.workspace.connections == 1, PATIENCE_S)
    live.say(ts, "use 5 seeds")

    await live.post(ts, "Plan v2")


async def test_a_refresh_loses_nothing(live):
    ts, _ = await live.planned()

    await live.workspace.refresh_connections()
    live.say(ts, "use 5 seeds")

    await live.post(ts, "Plan v2", 30)


async def test_what_arrives_while_the_bot_is_away_is_read_at_the_next_start(bench):
    async with bench.running():
        ts, _ = await bench.planned()
    bench.say(ts, "use 5 seeds")
    async with bench.running():
        await bench.post(ts, "Plan v2")


async def test_a_mention_that_was_acknowledged_but_not_worked_on_is_not_lost(bench):
    never = asyncio.Event()
    submit, bench.lab.submit = bench.lab.submit, lambda _: never.wait()
    async with bench.running():
        ts = bench.ask()
        await bench.post(ts, "🔬")
    assert bench.lab.logs == {}
    bench.lab.submit = submit
    async with bench.running():
        await bench.post(ts, "Plan v1")

    assert len(texts(bench, ts, "🔬")) == 1
    assert len(bench.lab.logs) == 1


async def test_a_kill_during_a_post_neither_loses_nor_doubles_it(bench):
    lost = ApiTrouble("chat.postMessage", times=1, delay_s=5, is_after_work=True)
    bench.workspace.faults.add(lost)
    await bench.start()
    ts = bench.ask()
    await bench.post(ts, "🔬")
    await bench.stop()
    bench.workspace.faults.troubles.clear()

    async with bench.running():
        await bench.post(ts, "Plan v1")

    assert len(texts(bench, ts, "🔬")) == 1


async def test_card_updates_are_coalesced(live):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.post(ts, "*Running*")
    before = len(live.workspace.journal.calls("chat.update"))

    for _ in range(200):
        live.lab.work("run1")
    await live.post(ts, "1 of 2 requirements met")

    assert len(live.workspace.journal.calls("chat.update")) - before < 20


async def test_a_limited_edit_is_dropped_for_a_newer_one_and_the_last_is_shown(live, tmp_path):
    ts, plan = await live.planned()
    live.workspace.faults.add(ApiTrouble("chat.update", times=2, status=429, retry_after_s=1))

    await live.press(plan, "start")
    await live.called("start")
    live.lab.finish("run1", tmp_path / "report")

    await live.post(ts, "*Finished*")


async def test_two_bots_on_one_data_folder_are_refused(live):
    with pytest.raises(DataBusy, match="Another process"):
        await live.start()


async def test_replies_that_slack_no_longer_repeats_are_read_from_the_thread(tmp_path):
    forgetful = replace(QUICK, retries_s=())
    async with open_workspace(rules=forgetful) as workspace:
        bench = Bench(workspace, ScriptedLab(), tmp_path)
        async with bench.running():
            ts, _ = await bench.planned()
        bench.say(ts, "use 5 seeds")
        await workspace.wait_for(lambda: workspace.journal.deliveries[-1].is_sent is False)
        async with bench.running():
            await bench.post(ts, "Plan v2")

    assert len([c for c in bench.lab.calls if c[0] == "revise"]) == 1


async def test_the_last_state_of_a_card_does_not_wait_for_its_turn(bench, tmp_path):
    bench.pace = replace(PACE, shortest_s=600, longest_s=600)
    async with bench.running():
        ts, plan = await bench.planned()
        await bench.press(plan, "start")
        await bench.called("start")
        bench.lab.finish("run1", tmp_path / "report")
        await bench.post(ts, "*Finished*")


async def test_a_failing_disk_means_no_acknowledgement_and_slack_repeats(live):
    ts, _ = await live.planned()
    receive, live.bot.inbox.keep = live.bot.inbox.keep, broken
    live.say(ts, "use 5 seeds")
    await live.workspace.wait_for(lambda: attempts(live) >= 1, PATIENCE_S)
    assert not [c for c in live.lab.calls if c[0] == "revise"]

    live.bot.inbox.keep = receive

    await live.post(ts, "Plan v2")


async def broken(_):
    raise OSError("no space left on device")


def attempts(bench):
    return max(d.attempt for d in bench.workspace.journal.deliveries)


async def test_slacks_own_stop_stops(live):
    ts, plan = await live.planned()
    await live.press(plan, "start")
    await live.post(ts, "*Running*")

    live.workspace.stop_session(ts, "researcher")

    await live.called("stop")
