"""Slack, the command line, and the wiring of everything below."""
