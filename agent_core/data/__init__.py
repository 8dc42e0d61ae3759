"""Datasets: reading, profile, roles of columns, and the synthetic catalogue."""
