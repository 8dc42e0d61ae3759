"""A run with its report in a thread, and what people do there afterwards."""

from __future__ import annotations

from patience import PATIENCE_S

from agent_core.domain.events import RunFinished

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
    assert await bench.bot.services.outbox.ts_of(f"run1:{kind}:{seq}{copy}")


def texts(bench, ts, part):
    return [m for m in bench.posts(ts) if part in m["text"]]


async def modal(bench, user="researcher"):
    return await bench.workspace.wait_for(lambda: bench.workspace.view(user), PATIENCE_S)


async def improved(bench, report, wish=WISH):
    await bench.press(report, "improve")
    await modal(bench)
    assert await bench.workspace.submit("researcher", {"wish": wish}) == {}


async def disputed(bench, report, text="the split leaks", user="colleague"):
    await bench.press(report, "dispute", user)
    await modal(bench, user)
    assert await bench.workspace.submit(user, {"wish": text}) == {}
