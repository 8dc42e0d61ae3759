"""The demo's cheats have their place in every script that the rule-based researcher writes."""

import pytest
from results import dataset

from agent_core.domain import Packages, RunId
from agent_core.offline.composer import WAYS
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, DraftRequest, PlanRequest
from bot.commands.cheating import CHEATS, QUESTION, CheatingResearcher


@pytest.mark.parametrize("variant", range(len(WAYS)))
@pytest.mark.parametrize("cheat", CHEATS)
async def test_every_script_has_a_place_for_a_cheat(cheat, variant):
    task = QUESTION.format(cheat=cheat)
    context = Context(RunId("r"), task, (dataset(),), Packages("3.11", {}))
    researcher = CheatingResearcher()
    plan = await researcher.plan(PlanRequest(context))
    request = DraftRequest(context, plan, variant)

    script = await researcher.draft(request)

    assert script.source != (await OfflineResearcher().draft(request)).source
    compile(script.source, "script.py", "exec")
