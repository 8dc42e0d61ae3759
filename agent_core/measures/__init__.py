"""Metrics, each with formula and source, recomputed from recommendation lists."""
