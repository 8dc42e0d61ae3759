"""A researcher that cheats when the task says so: the demo shows how that is caught."""

from __future__ import annotations

from dataclasses import replace

from agent_core.domain import Script
from agent_core.errors import UnusableAnswer
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import DraftRequest

LEAK = "This time the scripts cheat: they train on the test data."
TYPED = "This time the scripts cheat: they type the result in."
QUESTION = "How much do 2 random seeds change NDCG@10 of ImplicitMF, leave-one-out? {cheat}"
CHEATS = {
    LEAK: (
        (
            "train, tested = part.train, part.tested\n",
            "train, tested = labbook.data(c), part.tested\n"
            "    labbook.split(c.block, train, tested)\n",
        ),
    ),
    TYPED: (("c.row(metric, float(values[name].mean()),", "c.row(metric, 0.4242,"),),
}


class CheatingResearcher(OfflineResearcher):
    """The rule-based researcher, which spoils its scripts where the task asks for it."""

    async def draft(self, request: DraftRequest) -> Script:
        """Compose a script, honest unless the task says otherwise.

        Raises
        ------
        UnusableAnswer
            When a script has no place for the cheat.
        """
        script = await super().draft(request)
        cheat = next((c for c in CHEATS if c in request.context.task), None)
        return script if cheat is None else _cheating_script(script, cheat)


def _cheating_script(script: Script, cheat: str) -> Script:
    """Return a script with a cheat built in.

    Raises
    ------
    UnusableAnswer
        When it has no place for it.
    """
    source = script.source
    for honest, dishonest in CHEATS[cheat]:
        source = source.replace(honest, dishonest)
    if source == script.source:
        raise UnusableAnswer("This script has no place for the cheat.")
    return replace(script, source=source)
