"""Answers to the typed questions of a plan, computed from what the cells of its design left."""
