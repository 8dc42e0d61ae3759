"""What arrives and what is posted: on disk first, so that a crash loses and doubles nothing."""
