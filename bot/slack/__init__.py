"""Slack as the bot sees it: its payloads as values, and the calls of its Web API."""
