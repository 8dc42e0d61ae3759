"""The command line as a process: exit statuses, machine output, interruption and resumption."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from tiers import wide_but

from agent_core.data.synthetic import write_catalogue

ROOT = Path(__file__).parents[2]
STUDY = "How much do 2 random seeds change NDCG@10 of ImplicitMF? Leave-one-out."
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder as a person has it: a dataset and, after the first command, the runs."""
    folder = tmp_path_factory.mktemp("home")
    write_catalogue(folder / "catalogue.tsv", users=120, items=80)
    (folder / "broken.csv").write_bytes(bytes(range(256)) * 20)
    return folder


def line(home, *arguments):
    python = os.environ.get("AUTORECLAB_SANDBOX__PYTHON", str(ROOT / ".venv-lab/bin/python"))
    chosen = ("--set", "treesearch.num_draft_nodes=1", "--set", f"sandbox.python={python}")
    takes = arguments[0] in ("run", "exec", "plan") or arguments[1] in ("resume", "improve")
    return [sys.executable, "-m", "bot", *arguments, *(chosen if takes else ())]


def environment():
    kept = {k: v for k, v in os.environ.items() if k != "OPENAI_API_KEY"}
    return kept | {"PYTHONPATH": str(ROOT), "AUTORECLAB_STORAGE__PATH": "data"}


def call(home, *arguments, text=None):
    return subprocess.run(
        line(home, *arguments),
        cwd=home,
        env=environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def last(done):
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def finished(home):
    """A study that was asked for on standard input, as AutoRecLab v1 was."""
    return call(
        home, "run", "--data", "catalogue.tsv", "--out", "results", "--json",
        text=f"{STUDY}\n!start\nnot part of it\n",
    )  # fmt: skip


def test_a_study_ends_with_its_files_and_status_zero(home, finished):
    summary = last(finished)

    assert finished.returncode == 0, finished.stderr
    assert summary["satisfied"] is True
    assert summary["requirements_met"] == summary["requirements"]
    assert (home / "results/report.md").read_text().startswith("# Seed effect on ImplicitMF")
    names = {Path(n).name for n in zipfile.ZipFile(home / summary["zip"]).namelist()}
    assert {"solution.py", "labbook.py", "compare.py", "results.json", "methods.md"} <= names
    events = [json.loads(text)["event"] for text in finished.stdout.splitlines()[:-1]]
    assert (events[0], events[-1]) == ("RunSubmitted", "RunFinished")


@pytest.mark.wide
def test_its_script_runs_again_outside_and_finds_the_same_numbers(home, finished):
    with zipfile.ZipFile(home / last(finished)["zip"]) as archive:
        archive.extractall(home / "unzipped")
    (folder,) = (home / "unzipped").iterdir()
    data = home / "catalogue.tsv"

    outside(folder, "solution.py", "--data", data, "--out", "again")
    compared = outside(folder, "compare.py", ".", "again")

    rows = json.loads((folder / "results.json").read_text())["rows"]
    hashed = hashlib.sha256(data.read_bytes()).hexdigest()
    assert f"{len(rows)} values in both, 0 in one only" in compared
    assert (folder / "split/dataset.sha256").read_text() == f"{hashed}  {data.name}\n"
    assert [p for p in folder.rglob(data.name) if not p.is_relative_to(folder / "again")] == []


def outside(folder, *arguments):
    """Run a script of the zip as its reader would."""
    done = subprocess.run(
        [ROOT / ".venv-lab/bin/python", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_runs_are_listed_shown_and_exported(home, finished):
    run = last(finished)["run"]

    assert run in call(home, "tasks", "list").stdout
    assert "The seed moves NDCG@10" in call(home, "tasks", "show", run[:5]).stdout
    assert call(home, "tasks", "export", run, "--out", "copy").returncode == 0
    assert (home / "copy/report.md").read_text() == (home / "results/report.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    wide_but(
        [
            (("run", STUDY, "--data", "nothing.csv"), 2, "no such file: nothing.csv"),
            (("run", STUDY, "--set", "treesearch.num_drafts=2"), 2, "num_draft_nodes"),
            (("run", STUDY, "--data", "broken.csv"), 1, "broken.csv"),
            (("run", "Write a poem about winter", "--data", "catalogue.tsv"), 5, "understand"),
            (("plan", "Write a poem about winter", "--data", "catalogue.tsv"), 5, "understand"),
            (("plan", STUDY, "--data", "catalogue.tsv"), 0, "2 training seeds"),
            (("tasks", "show", "zzz"), 1, "tasks list"),
            (("exec", "nothing.py"), 2, "nothing.py"),
        ],
        "no such file: nothing.csv",
        "understand",
    ),
)
def test_what_cannot_be_done_is_said_with_its_status(home, arguments, status, said):
    done = call(home, *arguments)

    assert done.returncode == status, done.stdout + done.stderr
    assert said in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr


def test_a_script_is_run_and_its_files_are_kept(home):
    (home / "script.py").write_text(
        "import os\nprint(sorted(os.listdir()))\nopen('made.txt', 'w').write('x')\nos._exit(7)\n"
    )

    done = call(home, "exec", "script.py", "--data", "catalogue.tsv", "--out", "made", "--json")

    result = last(done)
    assert done.returncode == 7, done.stderr
    assert (result["exit_code"], result["ended"]) == (7, "finished")
    assert result["artifacts"] == ["made.txt"]
    assert "catalogue.tsv" in result["output"]
    assert (home / "made/made.txt").read_text() == "x"


@pytest.mark.wide
def test_an_interrupted_run_is_resumed_and_nothing_runs_twice(home):
    arguments = ("run", STUDY.replace("2 ", "4 "), "--data", "catalogue.tsv", "--json")
    with subprocess.Popen(
        line(home, *arguments), cwd=home, env=environment(), stdout=subprocess.PIPE, text=True
    ) as begun:
        for text in begun.stdout:
            if json.loads(text)["event"] == "NodeProgress":
                begun.send_signal(signal.SIGINT)
                break
        begun.stdout.read()
    run = call(home, "tasks", "list", "--json").stdout.splitlines()[-1]

    resumed = call(home, "tasks", "resume", json.loads(run)["run"], "--json")

    log = call(home, "tasks", "show", json.loads(run)["run"], "--json").stdout.splitlines()
    counted = Counter(json.loads(text)["event"] for text in log)
    assert begun.returncode == 130
    assert (resumed.returncode, last(resumed)["satisfied"]) == (0, True)
    assert (counted["NodeStarted"], counted["NodeExecuted"], counted["Reported"]) == (1, 1, 1)


@pytest.mark.wide
def test_a_wish_after_the_end_opens_a_further_round(home, finished):
    run = last(finished)["run"]

    done = call(home, "tasks", "improve", run, "also report MRR@10", "--out", "two")
    again = call(home, "tasks", "improve", run)

    assert done.returncode == 0, done.stderr
    assert "Round 2, asked by local: also report MRR@10" in done.stdout
    assert "after results were seen" in (home / "two/report.md").read_text()
    metrics = {r["metric"] for r in json.loads((home / "two/results.json").read_text())["rows"]}
    assert "mrr" in metrics
    assert "mrr" not in (home / "results/results.json").read_text()
    assert again.returncode == 1
    assert "nothing open to improve" in again.stderr


def typed(home, answers, last_text, *arguments):
    """Run a command at a terminal where somebody answers; return what it shows up to a text."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execve(sys.executable, line(home, *arguments), environment())
    shown, left = "", list(answers)
    while select.select([terminal], [], [], 200)[0]:
        try:
            shown += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the other side has ended
            break
        if left and left[0][0] in shown:
            asked, answer = left.pop(0)
            shown = shown.replace(asked, "(asked)")
            os.write(terminal, f"{answer}\n".encode())
        if last_text in shown:
            os.kill(pid, signal.SIGINT)
    os.waitpid(pid, 0)
    return shown


def test_at_a_terminal_data_are_asked_about_after_a_refusal_and_before_the_start(home):
    rows = (
        f"{u},x{i},{-1 if i < 3 else 1 + i % 5}\n" for u in range(30) for i in range(u % 7, 20)
    )
    (home / "unnamed.csv").write_text("alpha,beta,gamma\n" + "".join(rows))
    asked = [
        ("Enter ends): ", "user = alpha, item = beta, rating = gamma"),
        ("in brackets: ", "drop the -1 rows"),
    ]

    shown = typed(
        home, asked, "Script 1",
        "run", "Compare popularity and item kNN, NDCG@10, leave-one-out.",
        "--data", "unnamed.csv", "--researcher", "offline",
    )  # fmt: skip

    assert shown.index("I find no column") < shown.index("Plan v1") < shown.index("Plan v2")
    assert "Protocol frozen before any result: plan v2" in " ".join(shown.split())


@pytest.mark.wide
def test_data_of_the_shelf_are_taken_by_name(home):
    assert call(home, "data", "add", "small-shop", "catalogue.tsv").returncode == 0
    listed = call(home, "data", "list", "--json")
    assert json.loads(listed.stdout)["name"] == "small-shop"

    done = call(home, "plan", f"{STUDY} On small-shop.", "--researcher", "offline")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "120 users" in done.stdout

    (home / "shelf" / "small-shop" / "catalogue.tsv").write_text("other\n")
    refused = call(home, "run", f"{STUDY} On small-shop.", "--researcher", "offline")
    assert refused.returncode == 1
    assert "has changed since it was added" in " ".join(refused.stdout.split())


def test_what_files_hold_is_shown_alone(home):
    shown = call(home, "data", "show", "catalogue.tsv", "--json")
    refused = call(home, "data", "show", "broken.csv")

    assert json.loads(shown.stdout)["users"] == 120
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (1, 1)
