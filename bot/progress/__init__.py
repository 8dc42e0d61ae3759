"""Follows runs: what their logs bring into threads and onto cards."""
