"""One run: its log, view, tree, rounds and budget."""
