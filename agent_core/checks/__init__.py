"""Deterministic findings about an execution: one module per subject."""
