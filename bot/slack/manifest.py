"""The manifest that a Slack app is made from, as data."""

from __future__ import annotations

from typing import Any

NEEDED_SCOPES = {
    "app_mentions:read": "to hear mentions",
    "channels:history": "to read replies in public channels",
    "chat:write": "to post",
    "files:read": "to read attached datasets",
    "files:write": "to upload plots and results",
}
"""Without these the bot does not start."""
USEFUL_SCOPES = {
    "groups:history": "to read replies in private channels",
    "im:history": "to take tasks in direct messages",
    "mpim:history": "to take tasks in group messages",
    "reactions:write": "to show at once that a mention was seen",
    "users:read": "to tell guests from members",
    "channels:join": "to upload where the bot is no member yet",
    "commands": "for /autoreclab",
}
EVENTS = (
    "agent_session_stopped",
    "agent_session_title_changed",
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)
DESCRIPTION = (
    "Plans, runs and checks recommender-systems experiments: a question with a dataset in, a "
    "report with plots and code out."
)


def app_manifest(name: str = "AutoRecLab") -> dict[str, Any]:
    """Return the manifest, as api.slack.com/apps takes it (Create New App, From a manifest)."""
    return {
        "display_information": {
            "name": name,
            "description": "Recommender-systems experiments, planned, run and checked",
            "long_description": f"{DESCRIPTION} Mention it with a question and a dataset; reply "
            "to change its plan; press Start. It executes every script in a sandbox without "
            "network and recomputes the reported metrics.",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "agent_view": {"agent_description": DESCRIPTION},
            "slash_commands": [
                {
                    "command": "/autoreclab",
                    "description": "My tasks, or help",
                    "usage_hint": "list | help",
                    "should_escape": True,
                }
            ],
        },
        "oauth_config": {
            "scopes": {"bot": sorted((*NEEDED_SCOPES, *USEFUL_SCOPES, "assistant:write"))}
        },
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }
