"""Events of one run are stored and folded, whatever becomes of whoever adds them."""

import asyncio
from contextlib import suppress

from agent_core.domain import RunId, RunStatus
from agent_core.domain.events import Logged, StatusChanged
from agent_core.run.journal import utc_now
from agent_core.run.recorder import Recorder


class SlowJournal:
    """Stores when it is let."""

    def __init__(self):
        self.stored = []
        self.may_go_on = asyncio.Event()

    async def append(self, run, *events):
        await self.may_go_on.wait()
        before = len(self.stored)
        self.stored += [Logged(before + n, utc_now(), e) for n, e in enumerate(events, 1)]
        return self.stored[before:]


async def test_what_is_stored_while_its_writer_is_cancelled_is_in_the_view():
    journal = SlowJournal()
    recorder = Recorder(journal, RunId("r1"))
    adding = asyncio.create_task(recorder.add(StatusChanged(RunStatus.RUNNING)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    adding.cancel()
    with suppress(asyncio.CancelledError):
        await adding
    journal.may_go_on.set()
    await recorder.flush()

    assert [e.seq for e in journal.stored] == [1]
    assert (recorder.view.seq, recorder.view.status) == (1, RunStatus.RUNNING)


async def test_whoever_waits_and_gives_up_takes_nothing_away():
    journal = SlowJournal()
    recorder = Recorder(journal, RunId("r1"))
    adding = asyncio.create_task(recorder.add(StatusChanged(RunStatus.RUNNING)))
    with suppress(TimeoutError):
        await asyncio.wait_for(recorder.flush(), 0.01)

    journal.may_go_on.set()

    assert (await adding).seq == 1


async def test_events_are_stored_in_the_order_in_which_they_were_begun():
    journal = SlowJournal()
    recorder = Recorder(journal, RunId("r1"))

    recorder.later(StatusChanged(RunStatus.PLANNING))
    adding = asyncio.create_task(recorder.add(StatusChanged(RunStatus.RUNNING)))
    journal.may_go_on.set()

    assert (await adding).seq == 2
    assert [e.event.status for e in journal.stored] == [RunStatus.PLANNING, RunStatus.RUNNING]
