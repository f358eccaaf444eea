"""What is done for each kind of operation, one file per subject."""
