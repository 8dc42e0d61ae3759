"""Inference over users, seeds, folds and splits, and the facts a report may state."""
