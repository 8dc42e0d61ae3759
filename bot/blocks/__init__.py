"""Messages and modals as Block Kit: pure functions of domain values."""
