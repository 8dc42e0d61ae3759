"""How far judges agree with known truth, on the cases of calibration.toml.

    python benchmarks/judge_calibration.py  the rules, two bad judges; a model if a key is set
    python benchmarks/judge_calibration.py --model M  that model, at OPENAI_BASE_URL

Quotes are looked for as in a run, so that a claim without evidence counts as not met.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))

from calibration import agreement, read_cases

from agent_core.domain import Verdict
from agent_core.model.researcher import open_model_researcher
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import JudgeRequest
from agent_core.settings import AgentSettings, PrivacySettings
from bot.settings import Secrets, load_settings

Judge = Callable[[JudgeRequest], Awaitable[tuple[Verdict, ...]]]
LINE = (
    "{judge:36}{right:>3} of {cases} ({low:.0%} to {high:.0%}), "
    "met by mistake {met}, not met by mistake {unmet}"
)


async def believes_the_wish(request: JudgeRequest) -> tuple[Verdict, ...]:
    """Claim that all is met and quote the requirement."""
    return (Verdict(1, True, "surely", request.open[0].text, "wish"),)


async def believes_the_script(request: JudgeRequest) -> tuple[Verdict, ...]:
    """Claim that all is met and quote the longest line of the source."""
    quote = max(request.node.script.source.splitlines(), key=len)
    return (Verdict(1, True, "surely", quote, "script"),)


async def show(name: str, judge: Judge) -> None:
    """Print one judge's agreement with its 95 % interval (Wilson)."""
    with tempfile.TemporaryDirectory(prefix="autoreclab-calibration-") as folder:
        found = await agreement(judge, read_cases(), Path(folder))
    ends = binomtest(found.right, found.cases).proportion_ci(method="wilson")
    counts = {"met": len(found.met_by_mistake), "unmet": len(found.unmet_by_mistake)}
    shown = LINE.format(
        judge=name, right=found.right, cases=found.cases, low=ends.low, high=ends.high, **counts
    )
    print(shown)
    for kind, names in (("met", found.met_by_mistake), ("not met", found.unmet_by_mistake)):
        if names and "claims" not in name and "rules" not in name:
            print(f"    {kind} by mistake: {', '.join(names)}")


async def measure(model: str) -> None:
    """Measure the judges that are there."""
    await show("rules, no AI model", OfflineResearcher().judge)
    await show("claims all, quotes the requirement", believes_the_wish)
    await show("claims all, quotes the source", believes_the_script)
    secrets, settings = Secrets(), load_settings(None)
    if not secrets.openai_api_key.get_secret_value():
        print("no AI model is measured: OPENAI_API_KEY is not set")
        return
    agent = AgentSettings.model_validate({"code": {"model": model}}) if model else settings.agent
    endpoint = settings.model.model_copy(
        update={"base_url": secrets.openai_base_url or settings.model.base_url}
    )
    opened = open_model_researcher(endpoint, agent, PrivacySettings(), secrets.openai_api_key)
    async with opened as researcher:
        await show(agent.judge.model or agent.code.model, researcher.judge)


def main() -> int:
    """Print a line a judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="", help="model to measure as the judge")
    asyncio.run(measure(options.parse_args().model))
    return 0


if __name__ == "__main__":
    sys.exit(main())
