"""Checks of the results that a script delivered."""
