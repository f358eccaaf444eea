"""Statements and receipts for customers: what is on them, how they are written out, and the links that lead to them."""
