"""Scheduled payments: what customers have agreed to pay out of their wallets by itself, and what became of it."""
