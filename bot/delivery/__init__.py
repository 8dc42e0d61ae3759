"""What arrives and what is posted: kept on disk first, so that a crash loses and doubles nothing."""
