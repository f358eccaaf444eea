"""Savings: interest, goals, and how much of them is free. Pure arithmetic first, thin storage around it."""
