import logging
from dataclasses import replace

import pytest
from model_answers import GOOD
from model_requests import CONTEXT, ROLES, ask, failed_with
from model_roles import answer_well
from model_server import Fail, Say

from agent_core.errors import AgentError
from agent_core.model.redaction import Redactor, shown_address

KEY = "sk-planted-secret-key-123456"
HEADER = "gateway-token-98765"
ORGANIZATION = "org-planted-4711"
PASSWORD = "pass-word-planted"
SECRETS = (KEY, HEADER, ORGANIZATION, PASSWORD)


@pytest.fixture
def secretive():
    return {"headers": {"X-Gateway": HEADER}, "organization": ORGANIZATION}


async def test_no_secret_is_in_any_request_body(talk, secretive):
    context = replace(CONTEXT, task=f"My key is {KEY}, please {HEADER}", notes=(PASSWORD,))
    async with talk(answer_well, **secretive) as it:
        for role in ROLES:
            await ask(it.researcher, role, context=context)

    assert len(it.server.asked) == len(ROLES)
    assert not any(s in a.prompt for a in it.server.asked for s in (KEY, HEADER))
    assert all(a.headers["x-gateway"] == HEADER for a in it.server.asked)
    assert all(a.headers["authorization"] == f"Bearer {KEY}" for a in it.server.asked)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
async def test_no_secret_is_in_errors_events_and_logs(talk, secretive, status, caplog):
    caplog.set_level(logging.DEBUG)
    echo = Fail(status, f"bad {KEY} with {HEADER} of {ORGANIZATION}")
    async with talk([echo], deadline_s=0.5, **secretive) as it:
        with pytest.raises(AgentError) as caught:
            await ask(it.researcher, "draft")

    shown = [str(caught.value), repr(caught.value), repr(it.ledger), repr(it.researcher.endpoint)]
    shown += [record.getMessage() + str(record.__dict__) for record in caplog.records]
    assert not any(secret in text for text in shown for secret in SECRETS)


async def test_credentials_in_the_address_are_not_told(talk):
    address = f"http://user:{PASSWORD}@127.0.0.1:9/v1?token={HEADER}"
    async with talk([Say("")], base_url=address, deadline_s=0.5) as it:
        with pytest.raises(AgentError) as caught:
            await ask(it.researcher, "draft")

    assert not any(secret in str(caught.value) for secret in SECRETS)
    assert "127.0.0.1:9" in str(caught.value)


async def test_rows_that_a_script_printed_are_not_sent(talk):
    rows = "196\t242\t3\t881250949\n186\t302\t3\t891717742\n"
    output = f"head of the data:\n{rows}Traceback (most recent call last):\nValueError: bad\n"
    async with talk([Say(GOOD["draft"])]) as it:
        await ask(it.researcher, "debug", node=failed_with(output))

    assert "881250949" not in it.server.asked[0].prompt
    assert "[2 lines of data left out]" in it.server.asked[0].prompt


async def test_rows_are_sent_where_the_settings_allow_it(talk):
    output = "196\t242\t3\t881250949\nTraceback (most recent call last):\nValueError: bad\n"
    async with talk([Say(GOOD["draft"])], rows=True) as it:
        await ask(it.researcher, "debug", node=failed_with(output))

    assert "881250949" in it.server.asked[0].prompt


def test_what_looks_like_a_key_is_removed_too():
    redact = Redactor(["hunter-2-secret"])

    text = redact("hunter-2-secret sk-proj-abcdef123456 Bearer abcdef123456 http://a:b@host/")

    assert text == "[removed] [removed] [removed] http://[removed]host/"
    assert "hunter" not in repr(redact)


def test_code_is_no_key():
    code = "from lenskit.basic import PopScorer  # the bearer of news"

    assert Redactor([])(code) == code


def test_an_address_is_shown_without_credentials():
    assert shown_address("https://u:p@host:8/v1?key=x") == "https://host:8/v1"
