"""Servers that Nyota brings itself: a Valkey beside the data, and the lock that allows one run on it."""
