"""How the data were read stands in the report; what was guessed of them before any number."""

from __future__ import annotations

import json
from dataclasses import replace

from results import comparison_evidence, dataset, inputs_of

from agent_core.domain import Choice, ReportDraft
from agent_core.report.caveats import alerts
from agent_core.report.methods_section import statements
from agent_core.report.writer import write_report

GUESS = "column 5 (venue) is taken as an item"
GUESSED = dataset(
    notes=("12 lines are left out: as asked",),
    doubts=(GUESS,),
    questions=(Choice(GUESS, ("column 5 is the item", "column 4 is the item")),),
)


def inputs_with(data, **view):
    evidence = replace(comparison_evidence(), datasets=(data,))
    return inputs_of(evidence, view=view)


def test_a_guess_that_nobody_confirmed_stands_before_any_number():
    assert any(GUESS in line for line in alerts(inputs_with(GUESSED)))
    assert not any("Guessed" in line for line in alerts(inputs_with(dataset())))


def test_methods_say_how_files_were_read_and_what_people_said_of_them():
    told = dict(statements(inputs_with(GUESSED, said=("the fifth column is the item",))))

    for part in ("12 lines are left out", GUESS, "the fifth column is the item"):
        assert part in told["Data read"]


def test_the_zip_has_all_that_is_known_of_the_data(tmp_path):
    write_report(inputs_with(GUESSED), ReportDraft(headline=""), tmp_path)

    (data,) = json.loads((tmp_path / "data.json").read_text())
    assert data["doubts"] == [GUESS]
    assert {c["holds"] for c in data["columns"]} == {"user", "item", "rating", "time"}
