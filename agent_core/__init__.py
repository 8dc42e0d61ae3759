"""The researcher's work: plans, scripts, search, judging, reports; knows no Slack."""
