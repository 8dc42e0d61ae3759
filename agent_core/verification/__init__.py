"""The product's own training of what was reported, and the comparison of re-runs."""
