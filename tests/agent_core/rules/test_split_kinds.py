"""A split kind is known wherever one is planned, shown, written, judged and told."""

from agent_core.checks.split.split_kinds import JUDGES
from agent_core.data.parts import SPLITS
from agent_core.domain import SplitKind
from agent_core.model.answer_part import strict_schema
from agent_core.model.plan_answer import SplitPart
from agent_core.report.texts import TEXTS

KNOWN = set(SplitKind) - {SplitKind.OTHER}


def test_every_kind_is_judged_by_its_rows():
    assert set(JUDGES) == KNOWN


def test_every_kind_can_be_planned_and_written():
    planned = strict_schema(SplitPart)["properties"]["kind"]["enum"]
    assert set(planned) == set(SplitKind)
    assert set(SPLITS) == KNOWN


def test_methods_tell_of_every_kind_whether_it_leaks():
    assert set(TEXTS["leaks"]) == set(SplitKind)
