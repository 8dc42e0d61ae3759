"""Listeners of Slack's events, buttons, modals and command; `events` is where all enters."""
