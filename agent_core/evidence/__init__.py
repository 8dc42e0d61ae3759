"""What a script delivered: parsed, traced, recomputed, quotable."""
