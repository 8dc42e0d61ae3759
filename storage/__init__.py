"""SQLite and content-addressed files; knows nobody."""
