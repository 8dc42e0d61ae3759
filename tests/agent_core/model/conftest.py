"""A researcher on a scripted server, and a meter that keeps what it is told."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from model_server import open_model_server
from pydantic import SecretStr

from agent_core.model.researcher import open_model_researcher
from agent_core.settings import AgentSettings, ModelSettings, PrivacySettings

KEY = "sk-planted-secret-key-123456"


@dataclass
class Ledger:
    """A meter without a cap."""

    reserved: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    outages: list = field(default_factory=list)
    refuse: Exception | None = None

    def reserve(self, worst, *, is_reserve=False):
        if self.refuse:
            raise self.refuse
        self.reserved.append((worst, is_reserve))

    def settle(self, worst, call):
        self.calls.append(call)

    def outage(self, outage):
        self.outages.append(outage)

    @property
    def outcomes(self):
        return [call.outcome for call in self.calls]


@dataclass
class Talk:
    researcher: object
    server: object
    ledger: Ledger


@pytest.fixture
def talk():
    """Open a researcher and the server that plays its model."""

    @asynccontextmanager
    async def opened(play, *, server=(), agent=None, rows=False, lookup=None, meter=None, **more):
        ledger = meter or Ledger()
        settings = {"deadline_s": 5.0, "idle_s": 1.0} | more
        async with open_model_server(play, **dict(server)) as model:
            settings = {"base_url": model.base_url} | settings
            async with (
                open_model_researcher(
                    ModelSettings(**settings),
                    agent or AgentSettings(),
                    PrivacySettings(share_rows=rows),
                    SecretStr(KEY),
                    lookup,
                    pause_s=0.01,
                ) as researcher,
                researcher.open_metered_view(ledger) as view,
            ):
                yield Talk(view, model, ledger)

    return opened
