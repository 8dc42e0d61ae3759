"""Confirms a winner beside the drafts that still run: repeats it, and trains its algorithms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from agent_core.domain import Node, NodeId
from agent_core.execution.executor import Executor
from agent_core.execution.experiment import Experiment
from agent_core.lab.conclusion import Conclusion
from agent_core.run.recorder import Recorder
from agent_core.verification.confirming import Confirm
from sandbox.errors import SandboxError

log = logging.getLogger(__name__)

FACTOR = 2.0
"""A winner is confirmed when this many times its duration is left of the budget."""


class Confirmation:
    """What confirms the winners of one search; each is confirmed once."""

    def __init__(
        self,
        recorder: Recorder,
        conclusion: Conclusion,
        executor: Executor,
        remaining_s: Callable[[], float],
        *,
        retrains: bool,
        confirm: Confirm = "sample",
    ) -> None:
        self.recorder = recorder
        self.conclusion = conclusion
        self.executor = executor
        self.remaining_s = remaining_s
        self.retrains = retrains
        self.confirms = confirm
        self.doing: dict[NodeId, asyncio.Task[bool]] = {}
        self.told: set[NodeId] = set()

    def begin(self, node: Node, experiment: Experiment) -> None:
        """Begin to confirm a script, where the time budget allows; idempotent."""
        if node.id in self.doing or node.execution is None:
            return
        if node.execution.duration_s * FACTOR < self.remaining_s():
            work = self.confirm(node, experiment)
            self.doing[node.id] = asyncio.create_task(work, name=f"confirm {node.id}")

    async def news(self, node: Node) -> bool:
        """Wait for the confirmation of a script; whether its checks have more to look at, once."""
        work = self.doing.get(node.id)
        if work is None or node.id in self.told:
            return False
        has_news = await asyncio.shield(work)
        self.told.add(node.id)
        return has_news

    async def confirm(self, node: Node, experiment: Experiment) -> bool:
        """Repeat a satisfactory script, and train its algorithms; where one fails both end."""
        repeated = asyncio.create_task(self.repeat(node, experiment))
        trained = asyncio.create_task(self.retrain(experiment))
        try:
            await asyncio.gather(repeated, trained)
        finally:
            repeated.cancel()
            trained.cancel()
            await asyncio.gather(repeated, trained, return_exceptions=True)
        return trained.result() or repeated.result()

    async def repeat(self, node: Node, experiment: Experiment) -> bool:
        """Execute a satisfactory script again and log how it compares, once.

        Returns whether its checks have more to look at.
        """
        if node.is_satisfactory and all(r.node != node.id for r in self.recorder.view.reruns):
            rerun = await self.conclusion.confirm(experiment, self.executor, self.confirms)
            await self.recorder.add(rerun)
        return self.conclusion.has_unseen_independence(node)

    async def retrain(self, experiment: Experiment) -> bool:
        """Train what a script recorded; a failure of the machinery says nothing about it."""
        if not self.retrains:
            return False
        try:
            return await self.conclusion.retrain(experiment, self.executor)
        except SandboxError as error:
            log.warning("could not train again", exc_info=error)
            return False

    async def leave(self) -> None:
        """Give up what is still under way."""
        for work in self.doing.values():
            work.cancel()
        await asyncio.gather(*self.doing.values(), return_exceptions=True)
