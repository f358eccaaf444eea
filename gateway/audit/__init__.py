"""Seals over the books and their evidence, under a key that the database does not hold."""
