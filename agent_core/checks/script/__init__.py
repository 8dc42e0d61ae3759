"""Checks that read a script's source."""
