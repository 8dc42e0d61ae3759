"""What is forgotten is nowhere any more; what others use stays."""

from dataclasses import replace

from labs import ANN, RATINGS, lab_in, task, waiting
from scripted import ScriptedResearcher
from stored import NOW, opened, post, thread

from agent_core.domain import Task
from agent_core.run.journal import Journal, process_name
from storage import inbox, outbox, threads

WORD = "canary-7f3a"
KIND_OF_IT = WORD.encode()


def holding(folder):
    """Return the files that hold the canary's name or have it in their own."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    return [p for p in files if WORD in p.name or KIND_OF_IT in p.read_bytes()]


def table(path, marks):
    """Write a dataset whose item ids carry marks."""
    lines = RATINGS.splitlines()
    path.write_text("\n".join([lines[0], *(marks + x for x in lines[1:])]) + "\n")
    return path


async def test_a_forgotten_run_leaves_no_word_and_no_file(tmp_path):
    folder = tmp_path / "data"
    secret, shared = table(tmp_path / "a.csv", WORD), table(tmp_path / "b.csv", "x")
    async with lab_in(folder, ScriptedResearcher()) as lab:
        first = Task(f"how much do seeds matter, {WORD}", (secret, shared), ANN, "test:1")
        forgotten = await lab.submit(first)
        kept = await lab.submit(task(shared, "test:2"))
        for run in (forgotten, kept):
            await waiting(lab, run)
    async with opened(folder) as database:
        await inbox.receive(database, "e1", "m1", "message", f'{{"text": "{WORD}"}}', NOW)
        (item,) = await inbox.pending(database)
        await inbox.finish(database, item.id, NOW)
        await threads.put(database, replace(thread(), run=forgotten))
        for key, run in (("card", ""), ("plan", forgotten)):
            await outbox.queue(database, post(key, run=run, body=f'"{WORD}"'))
        journal = Journal(database, process_name())
        assert holding(folder)

        await journal.forget(forgotten)

        assert holding(folder) == []
        assert await journal.ids() == [kept]
        assert not await inbox.receive(database, "e1", "m1", "message", "{}", NOW)
    assert holding(folder) == []
    left = [p for p in (folder / "runs" / kept / "data").iterdir() if "b" in p.stem]
    assert left
    assert all(p.stat().st_nlink > 1 for p in left)


async def test_stored_files_stay_while_any_run_uses_them(tmp_path):
    shared = table(tmp_path / "b.csv", "x")
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        runs = [await lab.submit(task(shared, f"test:{n}")) for n in (1, 2)]
        for run in runs:
            await waiting(lab, run)
        files = lab.journal.files.folder
        before = sorted(files.glob("??/*"))
        await lab.journal.forget(runs[0])
        between = sorted(files.glob("??/*"))
        await lab.journal.forget(runs[1])

        assert between == before
        assert list(files.glob("??/*")) == []
