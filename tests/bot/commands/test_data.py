"""Files and folders on the command line, and what the demo asks of a real file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from read_files import read_file

from agent_core.data.description import as_values
from agent_core.domain import Estimand, Packages, RunId
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest
from agent_core.rules.accounting import unaccounted
from bot.commands.data import MOST_FILES, files_in
from bot.commands.demo_question import question_about

PAIRS = [(u, i) for u in range(1, 20) for i in range(1, 6)]


def test_a_folder_is_the_files_in_it_without_hidden_ones(tmp_path):
    for name in ("ratings.csv", "more/movies.csv", ".hidden", "__MACOSX/ratings.csv", ".git/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    assert [p.name for p in files_in([tmp_path])] == ["movies.csv", "ratings.csv"]


@pytest.mark.parametrize("count", [0, MOST_FILES + 1])
def test_a_folder_of_nothing_or_too_much_is_refused(tmp_path, capsys, count):
    for n in range(count):
        (tmp_path / f"{n}.csv").write_text("x")

    with pytest.raises(typer.Exit) as refused:
        files_in([tmp_path])
    assert refused.value.exit_code == 2
    assert "Name those that are the data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "row", "has_threshold", "is_timed"),
    [
        ("user,item", "{u},{i}", False, False),
        ("user,item,rating", "{u},{i},{r}", True, False),
        ("user,item,timestamp", "{u},{i},{t}", False, True),
        ("user,item,rating,timestamp", "{u},{i},{r},{t}", True, True),
    ],
)
async def test_the_demo_asks_what_the_data_can_answer(
    tmp_path, header, row, has_threshold, is_timed
):
    rows = (row.format(u=u, i=i, r=1 + (u + i) % 5, t=1_500_000_000 + u * i) for u, i in PAIRS)
    dataset = read_file(tmp_path, "\n".join((header, *rows)) + "\n").dataset

    question = question_about(dataset)

    context = Context(RunId("r"), question, (dataset,), Packages("3.11", {}))
    plan = await OfflineResearcher().plan(PlanRequest(context))
    assert {a.name for a in plan.algorithms} == {"ItemKNN", "ImplicitMF", "Popularity"}
    assert [q.kind for q in plan.questions] == [Estimand.DIFFERENCE, Estimand.INTERACTION]
    assert unaccounted(question, plan, (dataset,)) == ()
    assert ("at least 4" in question) == has_threshold
    assert ("newest" in question) == is_timed


def test_the_keys_of_a_dataset_are_documented(tmp_path):
    content = "user,item\n" + "".join(f"{u},{i}\n" for u, i in PAIRS)
    values = as_values(read_file(tmp_path, content).dataset)
    text = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    table = text.partition("## The JSON of a dataset")[2]

    keys = [cell for line in table.splitlines() for cell in line.split("|")[1:2]]
    assert set(re.findall(r"`(\w+)`", " ".join(keys))) == set(values)
