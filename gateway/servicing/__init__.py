"""What happens to a loan after its pay-out: promises to pay, and acts of staff."""
