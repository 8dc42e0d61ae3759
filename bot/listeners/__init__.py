"""Handlers of Slack's events, actions and views: parse, call the lab, reply."""
