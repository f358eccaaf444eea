"""Double-entry books: accounts, journals that sum to zero or do not exist, balances provable from them."""
