import json

from model_requests import ask, node_with
from model_server import said

from agent_core.evidence.quotes import Exhibits
from agent_core.model.judging import files_piece


def verdicts(quote, *, is_met=True, number=2):
    part = {"requirement": number, "reason": "r", "quote": quote, "is_met": is_met}
    return said({"verdicts": [part]})


async def test_a_verdict_brings_its_quote(talk, tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("algorithm,ndcg\nImplicitMF,0.1551\n")
    async with talk([verdicts("ImplicitMF,0.1551")]) as it:
        (verdict,) = await ask(it.researcher, "judge", artifacts={"table.csv": file})

    assert (verdict.is_met, verdict.evidence) == (True, "ImplicitMF,0.1551")
    assert verdict.by == "gpt-5-mini"


def test_files_that_were_asked_for_come_first_and_hashes_not_at_all():
    run = json.dumps({"tables": {"shares": "shares of the variance"}, "data": "ab" * 32})
    files = {"a.csv": "x,1", "cells/1/cell.json": "{}", "run.json": run, "shares.csv": "seed,2"}

    told = files_piece(Exhibits("", "", files, tuple(files)))

    assert told.startswith("--- shares.csv (“shares of the variance”)\nseed,2\n--- a.csv")
    assert "cell.json" not in told
    assert "abab" not in told


async def test_rows_of_users_are_not_shown(talk, tmp_path):
    file = tmp_path / "0.csv"
    file.write_text("user-777,12\n")
    name = "split/0.test_rows.csv"
    async with talk([verdicts("user-777,12")]) as it:
        await ask(it.researcher, "judge", artifacts={name: file})

    assert "user-777" not in it.server.asked[0].prompt


async def test_verdicts_on_other_requirements_are_asked_for_again(talk):
    async with talk([verdicts("labbook.row", number=77), verdicts("labbook.row")]) as it:
        (verdict,) = await ask(it.researcher, "judge")

    assert verdict.requirement == 2
    assert "none about requirements 2" in it.server.asked[1].prompt


async def test_nothing_open_costs_no_call(talk):
    async with talk([verdicts("x")]) as it:
        assert await ask(it.researcher, "judge", open=()) == ()

    assert it.server.asked == []


async def test_a_missing_artifact_is_no_trouble(talk, tmp_path):
    async with talk([verdicts("labbook.row")]) as it:
        artifacts = {"gone.csv": tmp_path / "gone.csv"}
        (verdict,) = await ask(it.researcher, "judge", artifacts=artifacts, node=node_with())

    assert verdict.is_met
    assert "gone.csv" in json.dumps(it.server.asked[0].body)
