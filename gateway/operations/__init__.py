"""The durable queue: intentions accepted in one transaction, worked off in order, settled by evidence."""
