"""Malformed answers of every kind: no run ends because of one, nothing hangs, memory stays flat.

First every role is asked again and again by answers that are wrong in all the ways a model or a
gateway can be wrong; each must end in an answer or in a typed error. Then whole runs on a server
that answers badly now and then: all must finish with a report. Fails otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/fakes"))

from malformed import malformed
from model_requests import ROLES, ask
from model_runs import NODES, lab_on, run_through, small_scripts
from model_server import open_model_server
from pydantic import SecretStr

from agent_core.errors import AgentError
from agent_core.model.researcher import open_model_researcher
from agent_core.run.view import RunView
from agent_core.settings import AgentSettings, ModelSettings, PrivacySettings

PATIENCE_S = 15.0
"""No single question may take longer; deadlines are set to a second."""
MEMORY_MIB = 48.0
"""What memory may grow by after the first quarter: caches and the allocator's slack."""


def memory_mib() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


async def answers(count: int, seed: int) -> bool:
    """Ask `count` times and be answered badly; whether all went as it must."""
    rng, ends, begun = Random(seed), Counter[str](), 0.0
    settings = {"deadline_s": 1.0, "idle_s": 0.4, "max_output_tokens": 2000}
    async with open_model_server(lambda asked: malformed(asked, rng)) as server:
        model = ModelSettings(base_url=server.base_url, **settings)
        opened = open_model_researcher(
            model, AgentSettings(), PrivacySettings(), SecretStr("sk-test"), pause_s=0.01
        )
        async with opened as researcher:
            for number in range(count):
                if number == count // 4:
                    begun = memory_mib()
                researcher.endpoint.known.clear()
                server.asked.clear()
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await ask(researcher, ROLES[number % len(ROLES)])
                except (AgentError, TimeoutError) as error:
                    ends[type(error).__name__] += 1
                else:
                    ends["answered"] += 1
    grown = memory_mib() - begun
    print(f"{count} malformed answers: {dict(ends)}; memory {grown:+.0f} MiB since a quarter")
    return ends["TimeoutError"] == 0 and grown < MEMORY_MIB


async def runs(count: int, share: float, seed: int, folder: Path) -> bool:
    """Make whole runs; whether all finished with a report."""
    began, places = time.monotonic(), asyncio.Semaphore(8)
    async with lab_on(small_scripts(share, Random(seed)), folder / "data") as lab:

        async def one(number: int) -> RunView:
            async with places:
                return await run_through(lab, folder, number)

        views = await asyncio.gather(*(one(n) for n in range(count)))
    whole = [v for v in views if v.report is not None and len(v.nodes) == NODES]
    lost = sum(n.error is not None for v in views for n in v.nodes)
    calls = sum(v.usage.calls for v in views) / max(1, sum(len(v.nodes) for v in views))
    print(
        f"{share:.0%} malformed: {len(whole)} of {count} runs of {NODES} nodes finished with a "
        f"report in {time.monotonic() - began:.0f} s; {lost} nodes lost; {calls:.1f} calls a node"
    )
    for view in views:
        if view not in whole:
            print(f"    {view.status.value} after {len(view.nodes)} nodes: {view.reason[:200]}")
    return len(whole) == count


async def soak(options: argparse.Namespace, folder: Path) -> bool:
    """Do both."""
    is_good = await answers(options.answers, options.seed)
    return await runs(options.runs, options.share, options.seed, folder) and is_good


def main() -> int:
    """Parse the amounts and soak."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--answers", type=int, default=2000)
    options.add_argument("--runs", type=int, default=50)
    options.add_argument("--share", type=float, default=0.05, help="of answers, malformed")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="autoreclab-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        return 0 if asyncio.run(soak(chosen, folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
