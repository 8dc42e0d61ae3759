"""The token is shown to Slack's hosts only."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.slack.connection import api_address, web_client
from bot.slack.downloads import Downloads
from bot.slack.settings import Credentials


@pytest.mark.parametrize(
    ("api_url", "url", "is_trusted"),
    [
        ("", "https://files.slack.com/x", True),
        ("", "https://evil-slack.com/x", False),
        ("", "https://slack.com.evil.org/x", False),
        ("", "http://files.slack.com/x", False),
        ("", "https://user@slack.com:443/x", True),
        ("http://127.0.0.1:9/api", "http://127.0.0.1:9/files/x", True),
        ("http://127.0.0.1:9/api", "http://localhost:9/files/x", True),
        ("http://127.0.0.1:9/api", "http://127.0.0.1:10/files/x", False),
        ("http://127.0.0.1:9/api", "https://files.slack.com/x", False),
        ("", "http://127.0.0.1:9/x", False),
    ],
)
def test_the_token_goes_to_known_hosts_only(tmp_path, api_url, url, is_trusted):
    given = Credentials(SecretStr("xoxb-1"), SecretStr("xapp-1"), api_url)
    downloads = Downloads(web_client(given), given.bot_token, api_address(given), tmp_path)

    assert downloads.is_trusted(url) is is_trusted
