"""Checks of data and split: what was held out, how, and from which rows."""
