"""What screens may know, read from local rows: one module per subject, each named as what it is about."""
