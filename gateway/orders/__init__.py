"""Standing orders: a customer's own M-PESA pays us again and again, once they have agreed with their PIN."""
