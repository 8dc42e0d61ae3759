"""What report and answers may say: only what the record shows."""
