"""The Web API methods that a bot like ours calls, by subject."""
