"""What to tell whom, in which language, with plain values that survive in the queue."""
