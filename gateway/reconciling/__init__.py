"""Statements against our books: lines kept once, compared, and what does not agree named until it is settled."""
