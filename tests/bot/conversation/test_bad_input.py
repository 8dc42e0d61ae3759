"""What people send that cannot be worked on: every time they are told what to do."""

from __future__ import annotations

import pytest
from bot_bench import whole
from patience import PATIENCE_S

from agent_core.domain import RunStatus
from agent_core.domain.events import RunFailed
from agent_core.errors import AgentError
from bot.slack.settings import AccessSettings, SlackSettings
from bot.workspace.faults import ApiTrouble

NO_DATA = "There is no dataset. Attach a file with user and item columns."


def cards_of(live, ts):
    """Return how many cards stand in a thread."""
    return sum("🔬" in whole(m) for m in live.posts(ts))


@pytest.mark.parametrize("text", ["@autoreclab", "@autoreclab  hi!", "@autoreclab help"])
async def test_a_mention_without_a_question_gets_help_with_an_example(live, text):
    ts = live.ask(text, files=[])

    helped = await live.post(ts, "with a dataset attached")

    assert "30 seeds, leave-one-out" in helped["text"]
    assert live.lab.tasks == []


async def test_without_a_dataset_the_reply_with_one_begins_the_task(live):
    live.lab.plans = False
    ts = live.ask(files=[])
    await live.called("submit")
    live.lab.add("run1", RunFailed(NO_DATA, is_resumable=False))
    await live.post(ts, "Attach a file with user and item columns")

    live.lab.plans = True
    live.say(ts, "here it is, the user column is uid", files=[live.data])
    await live.post(ts, "Plan v1")

    assert ("describe_files", "here it is, the user column is uid", (live.data.read_bytes(),)) in (
        live.lab.calls
    )
    assert cards_of(live, ts) == 1


async def test_a_question_outside_the_grammar_can_be_reworded_with_the_same_file(live):
    live.lab.plans = False
    ts = live.ask()
    await live.called("submit")
    live.lab.add(
        "run1", RunFailed("I understood: nothing.", is_resumable=False, is_outside_grammar=True)
    )
    await live.post(ts, "I understood: nothing")

    live.lab.plans = True
    stored = live.folder / "kept.data"
    stored.write_text("x")
    live.say(ts, "Compare popularity and EASE")
    await live.post(ts, "Plan v1")

    assert live.lab.tasks[1][0].text == "Compare popularity and EASE"


async def test_what_a_bad_dataset_lacks_can_be_said_in_a_reply(live):
    live.lab.plans = False
    ts = live.ask()
    await live.called("submit")
    live.lab.add("run1", RunFailed("I find no column for a user.", is_resumable=False))
    await live.post(ts, "Reply here with what is missing")

    live.lab.plans = True
    live.say(ts, "thanks, one moment")
    live.say(ts, "the user column is name")
    await live.post(ts, "Plan v1")

    assert [c[1] for c in live.lab.calls if c[0] == "describe_files"] == [
        "the user column is name"
    ]
    assert len(live.lab.logs) == 1


async def test_a_web_page_that_a_person_attached_is_no_login_page(live):
    page = live.folder / "page.csv"
    page.write_text("<!DOCTYPE html><html></html>")

    await live.planned(files=[page])


async def test_a_login_page_in_the_place_of_a_file_is_told(live):
    live.workspace.faults.is_login_page_for_files = True

    ts = live.ask()

    await live.post(ts, "files:read")
    await live.post(ts, "nothing ran")
    assert live.lab.tasks == []


async def test_after_a_refused_file_a_reply_with_another_one_begins_the_task(live):
    live.workspace.faults.is_login_page_for_files = True
    ts = live.ask()
    await live.post(ts, "files:read")

    live.workspace.faults.is_login_page_for_files = False
    live.say(ts, "again", files=[live.data])

    await live.post(ts, "Plan v1")
    assert cards_of(live, ts) == 1


async def test_a_file_that_is_too_large_is_refused_before_the_download(bench):
    bench.slack = SlackSettings(max_file_mib=1)
    big = bench.folder / "big.csv"
    big.write_bytes(b"1,2\n" * 400_000)
    async with bench.running():
        ts = bench.ask(files=[big])
        await bench.post(ts, "too large")

        assert bench.workspace.journal.calls("download") == []


async def test_stop_while_the_file_is_fetched_calls_the_task_off(live):
    live.workspace.faults.add(ApiTrouble("download", delay_s=1))
    ts = live.ask()
    await live.post(ts, "🔬")

    live.say(ts, "stop")
    await live.post(ts, "Cancelled, nothing ran")
    await live.planned(user="colleague")

    assert len(live.lab.logs) == 1


async def test_redirects_are_followed(live):
    live.workspace.faults.file_redirects = 2

    await live.planned()

    assert live.lab.tasks[0][1] == (live.data.read_bytes(),)


async def test_a_download_that_breaks_is_told(live):
    live.workspace.faults.add(ApiTrouble("download", times=9, status=500))

    ts = live.ask()

    await live.post(ts, "Slack answers 500")


async def test_files_that_only_the_message_event_carries_are_found(live):
    live.workspace.faults.omits_mention_with_files = True

    await live.planned()

    assert len(live.lab.tasks[0][1]) == 1


async def test_an_error_of_the_lab_is_told_in_words(live):
    ts, _ = await live.planned()
    live.lab.trouble = AgentError("The model refuses the key; set OPENAI_API_KEY.")

    live.say(ts, "use 5 seeds")

    await live.post(ts, "set OPENAI_API_KEY")


async def test_an_internal_error_is_told_after_some_attempts_and_the_bot_goes_on(live):
    ts, _ = await live.planned()
    live.lab.revise = broken

    live.say(ts, "use 5 seeds")
    trouble = await live.post(ts, "Something went wrong inside (ZeroDivisionError)")

    assert "secret" not in trouble["text"]
    other, _ = await live.planned(user="colleague")
    assert other != ts


async def broken(*_):
    raise ZeroDivisionError("secret")


async def test_two_mentions_at_once_are_two_tasks(live):
    first, second = live.ask(), live.ask(user="colleague")

    await live.post(first, "Plan v1")
    await live.post(second, "Plan v1")

    assert len(live.lab.logs) == 2


async def test_a_mention_in_the_thread_of_a_task_is_a_reply(live):
    ts, _ = await live.planned()

    live.say(ts, "@autoreclab use 12 seeds")
    await live.post(ts, "changed 1 (use 12 seeds)")

    assert len(live.lab.logs) == 1


async def test_talk_in_other_threads_is_not_kept(live):
    other = live.workspace.post("experiments", "researcher", "lunch?")["ts"]
    live.say(other, "yes, use the canteen")

    ts, _ = await live.planned()

    assert live.posts(other) == []
    assert not [c for c in live.lab.calls if "canteen" in str(c)]
    assert live.posts(ts)


async def test_a_direct_message_is_a_task_without_a_mention(live):
    ts = live.workspace.post("@bot", "researcher", "does the seed matter?", files=[live.data])[
        "ts"
    ]
    channel = live.workspace.channel_of(ts)

    await live.workspace.wait_for(
        lambda: len(live.workspace.from_bot(channel, ts)) == 2, PATIENCE_S
    )

    assert live.lab.tasks[0][0].text == "does the seed matter?"


async def test_a_bare_word_in_a_direct_conversation_means_the_latest_task(live):
    ts = live.workspace.post("@bot", "researcher", "does the seed matter?", files=[live.data])[
        "ts"
    ]
    channel = live.workspace.channel_of(ts)
    await live.workspace.wait_for(
        lambda: len(live.workspace.from_bot(channel, ts)) == 2, PATIENCE_S
    )

    live.workspace.post("@bot", "researcher", "start")

    await live.called("start")


async def test_guests_are_told_privately(live):
    live.ask(user="guest", channel="general")

    await live.whisper("guest", "Guests cannot start experiments")
    assert live.lab.tasks == []


async def test_other_channels_can_be_closed(bench):
    bench.access = AccessSettings(channels=("C0GENERAL01",))
    async with bench.running():
        bench.ask()
        await bench.whisper("researcher", "not set up for this channel")


async def test_an_admin_may_stop_what_others_began(bench):
    bench.access = AccessSettings(admins=(bench.workspace.users["admin"],))
    async with bench.running():
        _, plan = await bench.planned()
        await bench.press(plan, "cancel", "admin")
        await bench.called("stop")

        assert (await bench.lab.view("run1")).status is RunStatus.CANCELLED


async def test_text_of_people_and_data_cannot_notify_or_forge_markup(live):
    ts = live.ask("@autoreclab <!channel> does *the seed* matter? <https://evil.example|here>")
    await live.post(ts, "Plan v1")

    assert all("<!channel>" not in m["text"] for m in live.posts(ts))


async def test_a_new_file_for_a_waiting_plan_goes_to_the_same_run(live):
    ts, _ = await live.planned()

    live.say(ts, "use this one", files=[live.data])
    await live.called("replace_files")

    assert (await live.lab.view("run1")).status is RunStatus.WAITING
    assert len(live.lab.tasks) == 1


async def test_the_command_lists_my_tasks(live):
    await live.planned()

    await live.workspace.command("experiments", "researcher", "/autoreclab", "list")

    shown = await live.whisper("researcher", "Your tasks")
    assert "Seed effect" in shown["text"]
