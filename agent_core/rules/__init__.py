"""Data and split rules: read from words once, told in a line, and opened from old logs."""
