"""The local workspace: Slack's protocols on loopback, and its web page."""
