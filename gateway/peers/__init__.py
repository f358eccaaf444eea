"""Loans from person to person: who may be asked by whom, and what was agreed."""
