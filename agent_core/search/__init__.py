"""The tree search: its loop, its policies, and how a node is scored."""
