"""The cases that judges are measured on are sound, and the measure tells judges apart."""

import pytest
from calibration import agreement, exhibits_of, read_cases

from agent_core.domain import Verdict
from agent_core.offline.researcher import OfflineResearcher

CASES = read_cases()


def test_there_are_enough_cases_half_of_them_met():
    assert len(CASES) >= 40
    assert sum(c.is_met for c in CASES) * 2 == len(CASES)


@pytest.mark.parametrize("case", [c for c in CASES if c.is_met], ids=lambda c: c.name)
def test_what_is_met_is_shown_and_its_twin_does_not_show_it(case, tmp_path):
    twin = CASES[CASES.index(case) + 1]

    assert exhibits_of(case.request(tmp_path / "met")).has(case.quote)
    assert not exhibits_of(twin.request(tmp_path / "unmet")).has(case.quote) or (
        twin.source != case.source
    )
    assert not twin.is_met


async def test_a_judge_that_knows_the_truth_agrees_everywhere(tmp_path):
    truth = {c.source: c for c in CASES}

    async def knowing(request):
        case = truth[request.node.script.source]
        return (Verdict(1, case.is_met, "known", case.quote, "truth"),)

    found = await agreement(knowing, CASES, tmp_path)

    assert (found.right, found.cases) == (len(CASES), len(CASES))


async def test_claims_without_evidence_convince_nobody(tmp_path):
    async def gullible(request):
        return (Verdict(1, True, "surely", request.open[0].text, "gullible"),)

    found = await agreement(gullible, CASES, tmp_path)

    assert found.met_by_mistake == ()
    assert len(found.unmet_by_mistake) == len(CASES) // 2


async def test_the_rules_claim_nothing_that_they_cannot_decide(tmp_path):
    found = await agreement(OfflineResearcher().judge, CASES, tmp_path)

    assert found.met_by_mistake == ()
