from pathlib import Path

import pytest
from model_answers import GOOD
from model_requests import CONTEXT, ROLES, ask
from model_roles import answer_well
from model_server import Say, open_model_server
from pydantic import SecretStr

from agent_core.model.researcher import open_model_researcher
from agent_core.settings import AgentSettings, ModelSettings, PrivacySettings
from benchmarks.prompts.rehearsal import read_conversation, rehearse

KEY = "sk-planted-secret-key-123456"
RECORDED = Path(__file__).parents[3] / "benchmarks" / "prompts" / "recorded"


@pytest.fixture
async def recorded(tmp_path):
    async with open_model_server(answer_well) as server:
        settings = ModelSettings(base_url=server.base_url)
        async with open_model_researcher(
            settings, AgentSettings(), PrivacySettings(), SecretStr(KEY), record=tmp_path
        ) as researcher:
            for role in ROLES:
                await ask(researcher, role)
            server.play = lambda _: Say(f"{GOOD['draft']}\n# {KEY} is the key")
            await ask(researcher, "draft")
    return sorted(tmp_path.glob("*.json"))


async def test_conversations_are_kept_without_secrets(recorded):
    assert len(recorded) == len(ROLES) + 1
    assert not any(KEY in path.read_text() for path in recorded)
    first = read_conversation(next(p for p in recorded if p.stem.startswith("plan-")))
    assert first.request.context == CONTEXT
    assert first.said == (GOOD["plan"],)


async def test_a_recorded_conversation_plays_again_without_a_difference(recorded):
    results = await rehearse(recorded)

    assert all(r.is_usable and r.difference() == [] for r in results)


async def test_the_conversations_of_the_repository_still_read():
    results = await rehearse(sorted(RECORDED.glob("*.json")))

    assert {r.then.role for r in results} == set(ROLES)
    assert all(r.is_usable for r in results), [r.faults for r in results]
    assert all(r.now.size < 25_000 for r in results)
