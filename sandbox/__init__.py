"""Runs untrusted Python in isolation; knows neither agent nor Slack."""
