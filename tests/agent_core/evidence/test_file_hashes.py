"""Files that are not what the helper wrote, or not what was recorded."""

import json
import os
import signal
from dataclasses import replace

import pytest
from pydantic import TypeAdapter
from scripts_with_labbook import artifacts_of, names_in, rows_of, run
from studies import honest

from agent_core.checks.registry import checks_of_today, run_checks
from agent_core.domain import Check, Finding
from agent_core.evidence.file_hashes import changed_files, sha256_of
from sandbox.execution import Artifact

DELIVERED = """
import json, os
from pathlib import Path
def frame(score):
    return pd.DataFrame({"user_id": [1, 1], "item_id": [2, 3], "score": [score, 0.5]})
def deliver(seed, score=1.0):
    labbook.lists("A", frame(score), seed=seed)
    labbook.per_user(pd.DataFrame({"user_id": [1], "NDCG@10": [score]}), "A", seed=seed)
    labbook.row("ndcg", score, 10, "A", seed=seed, n=1)
def results():
    return json.loads(Path("results.json").read_text())
def write(content):
    Path("results.json").write_text(json.dumps(content))
labbook.primary("ndcg", 10)
labbook.predictions("A", frame(2.0).assign(rating=3.0), seed=0)
pd.DataFrame({"user_id": [1, 1], "item_id": [2, 3]}).to_csv("d.csv", index=False)
labbook.dataset("d.csv")
labbook.split(0, frame(1.0)[:1], frame(1.0)[1:])
for seed in range(3):
    deliver(seed)
"""

EDITS = {
    "values raised": (
        'd = results(); d["rows"][1]["value"] = 1.01; write(d)',
        "rows of results.json were changed",
    ),
    "values raised before more come": (
        'd = results(); d["rows"][1]["value"] = 1.01; write(d); deliver(3)',
        "rows of results.json were changed",
    ),
    "a row left out": ('d = results(); del d["rows"][0]; write(d)', "rows of results.json"),
    "rows in another order": ('d = results(); d["rows"].reverse(); write(d)', "rows of results"),
    "another primary metric": ('d = results(); d["primary"]["k"] = 5; write(d)', "rows of resul"),
    "written anew": ('write({"rows": results()["rows"]})', "results.json was written anew"),
    "written anew before more come": (
        'write({"rows": results()["rows"]}); deliver(3)',
        "rows of results.json were changed",
    ),
    "lists": ('frame(9.0).to_parquet("lists/A/0-1.parquet")', "lists/A/0-1.parquet was changed"),
    "predictions": (
        'frame(9.0).to_parquet("predictions/A/0-0.parquet")',
        "predictions/A/0-0.parquet was changed",
    ),
    "split": ('Path("split/0.test_rows.csv").write_text("row\\n0\\n")', "split/0.test_rows.csv"),
    "a part of the values per user": (
        'p = min(Path("per_user").iterdir()); f = pd.read_parquet(p)\n'
        'f.assign(value=0.9).to_parquet(p)',
        "per_user.parquet was changed",
    ),
    "the values per user": (
        "labbook._finish(); f = pd.read_parquet('per_user.parquet')\n"
        "f.assign(value=0.9).to_parquet('per_user.parquet'); deliver(3)",
        "per_user.parquet was changed",
    ),
}  # fmt: skip

ADDED = 'd = results(); d["rows"].append({"metric": "mrr", "value": 1}); write(d)'
HONEST = {
    "nothing": "",
    "delivered again": "deliver(1, 0.7); deliver(1, 0.6)",
    "rows added by hand": ADDED,
    "rows added by hand, then more": f"{ADDED}; deliver(3)",
    "written as it was, in another form": (
        'Path("results.json").write_text(json.dumps(results(), indent=3, sort_keys=True))'
    ),
    "lists by hand": 'frame(1.0).to_parquet("lists/A/0-9.parquet")',
    "everything by hand": 'for p in ("results.json", "labbook.sha256"): Path(p).unlink()\n'
    'write({"rows": [{"metric": "ndcg", "value": 0.4}]})',
    "a table written again": 'labbook.table(frame(1.0), "t"); frame(2.0).to_csv("t.csv")',
    "another process": 'if not os.fork():\n    deliver(3)\n    labbook._finish(); os._exit(0)\n'
    "os.wait(); deliver(4)",
}  # fmt: skip


def changed(folder):
    path = folder / "results.json"
    results = json.loads(path.read_text()) if path.exists() else None
    return changed_files(artifacts_of(folder), results)


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    """Run every edit in a folder of its own, all forked from one script: starting is slow."""
    root = tmp_path_factory.mktemp("integrity")
    edits = {**{n: text for n, (text, _) in EDITS.items()}, **HONEST}
    places = {name: f"v{number}" for number, name in enumerate(edits)}
    source = f"""
import os
for name, text in { ({places[n]: t for n, t in edits.items()})!r}.items():
    if not os.fork():
        os.mkdir(name); os.chdir(name)
        exec({DELIVERED!r} + text, globals())
        labbook._finish()
        os._exit(0)
    assert os.wait()[1] == 0, name
"""
    run(root / "w", source)
    return {name: root / "w" / place for name, place in places.items()}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_found_and_named(name, variants):
    found = changed(variants[name])

    assert len(found) == 1
    assert EDITS[name][1] in found[0]


@pytest.mark.parametrize("name", HONEST)
def test_what_nobody_edited_is_not_suspected(name, variants):
    assert changed(variants[name]) == ()


def test_rows_are_sealed_as_they_were_given(variants):
    folder = variants["rows added by hand, then more"]

    content = json.loads((folder / "results.json").read_text())

    assert content["digest"]["rows"] == len(rows_of(folder)) == 5
    assert [r["metric"] for r in content["rows"]] == ["ndcg"] * 3 + ["mrr", "ndcg"]


def test_a_kill_at_any_moment_leaves_nothing_suspicious(tmp_path):
    source = f"""
import os, random, signal, time
for number in range(12):
    child = os.fork()
    if not child:
        os.setsid(); os.mkdir(str(number)); os.chdir(str(number))
        exec({DELIVERED!r})
        labbook.PARTS = 3
        os.fork()
        turn = 0
        while True:
            turn += 1
            deliver(turn % 2, turn % 7 / 7)
            labbook.split(0, frame(turn)[1:], frame(1.0)[:1])
    while not os.path.exists(f"{{number}}/labbook.sha256"):
        time.sleep(0.01)
    time.sleep(random.Random(number).random() / 20)
    os.killpg(child, {signal.SIGKILL:d})
    os.waitpid(child, 0)
"""
    run(tmp_path / "w", source)

    folders = [tmp_path / "w" / str(n) for n in range(12)]
    assert [c for f in folders for c in changed(f)] == []
    assert all("labbook.sha256" in names_in(f) for f in folders)


def test_many_rows_are_sealed_at_little_cost(tmp_path):
    source = """
import time
began = time.process_time()
for n in range(2000):
    labbook.row("ndcg", 0.5, 10, "A", seed=n)
print(time.process_time() - began)
"""
    output = run(tmp_path / "w", source)

    assert float(output.splitlines()[-1]) < 10
    assert changed(tmp_path / "w") == ()
    assert len(rows_of(tmp_path / "w")) == 2000


def recorded(folder):
    return tuple(replace(a, sha256=sha256_of(a.path)) for a in artifacts_of(folder))


def test_a_file_that_changes_after_it_was_recorded_is_named(tmp_path):
    made = honest()
    artifacts = {a.name: replace(a, sha256=sha256_of(a.path)) for a in made.write(tmp_path / "a")}
    before = changed_files(tuple(artifacts.values()), None)

    artifacts["results.json"].path.write_text('{"rows": []}')
    artifacts["lists/ImplicitMF/0-1.parquet"].path.unlink()

    assert before == ()
    assert changed_files(tuple(artifacts.values()), None) == (
        "lists/ImplicitMF/0-1.parquet was recorded and is gone",
        "results.json changed since it was recorded",
    )


def test_files_without_a_recorded_hash_are_taken_as_they_are(tmp_path):
    made = honest()

    found = made.findings(tmp_path)["files_unchanged"]

    assert found.finding is Finding.NOT_APPLICABLE


def test_a_later_look_renews_the_recorded_check(tmp_path):
    evidence = honest().evidence(tmp_path)
    checks = run_checks(evidence)

    later = checks_of_today(
        checks, replace(evidence, changed=("run.json changed since it was recorded",))
    )

    fresh = {c.name: c for c in later}["files_unchanged"]
    assert checks_of_today(checks, evidence) is checks
    assert fresh.finding is Finding.FAIL
    assert fresh.is_binding
    assert fresh.reason == "run.json changed since it was recorded."
    assert len(later) == len(checks)


def test_a_waived_edit_stays_waived(tmp_path):
    evidence = replace(honest().evidence(tmp_path), changed=("run.json changed",))
    waived = (Check("files_unchanged", Finding.WARN, "Waived by ann.", is_binding=True),)

    assert checks_of_today(waived, evidence) == waived


@pytest.mark.parametrize("digest", [7, {}, {"rows": 9}, {"rows": True}, {"rows": -1, "sha256": 1}])
def test_a_digest_of_any_form_is_read(digest):
    rows = [{"metric": "ndcg", "value": 0.1}]

    found = changed_files((), {"rows": rows, "digest": digest})

    assert found == ("rows of results.json were changed after labbook had written them",)


def test_a_ledger_of_any_form_is_read(tmp_path):
    path = tmp_path / "labbook.sha256"
    path.write_bytes(b"\xff\xfe\n0123\n" + b"0" * 64 + b"  lists/A/0-1.parquet\nhalf a li")
    ledger = Artifact(path.name, path, path.stat().st_size)
    other = tmp_path / "other.parquet"
    other.write_bytes(os.urandom(8))

    found = changed_files((ledger, Artifact("lists/A/0-1.parquet", other, 8)), None)

    assert found == ("lists/A/0-1.parquet was changed after labbook had written it",)


def test_an_execution_recorded_without_hashes_is_read():
    old = {"name": "results.json", "path": "/tmp/results.json", "size": 2}

    found = TypeAdapter(Artifact).validate_python(old)

    assert found.sha256 == ""
