"""A winner is repeated and trained again beside what still runs; nothing of it is left behind."""

import asyncio
from types import SimpleNamespace

import pytest
from builders import OK, node_of

from agent_core.lab.confirmation import Confirmation
from sandbox.errors import SandboxUnavailable


class Failing:
    """A conclusion whose repetition cannot be executed while its training goes on."""

    def __init__(self):
        self.training = "not begun"

    async def confirm(self, experiment, executor, confirm):
        await asyncio.sleep(0)
        raise SandboxUnavailable("the sandbox is gone")

    async def retrain(self, experiment, executor):
        self.training = "begun"
        try:
            await asyncio.sleep(60)
        finally:
            self.training = "given up"


async def test_where_the_repetition_fails_no_training_goes_on():
    conclusion, recorder = Failing(), SimpleNamespace(view=SimpleNamespace(reruns=()))
    confirmation = Confirmation(recorder, conclusion, None, lambda: 1e6, retrains=True)
    node = node_of(1, value=1.0, execution=OK)

    confirmation.begin(node, None)
    with pytest.raises(SandboxUnavailable):
        await confirmation.news(node)

    assert conclusion.training == "given up"
