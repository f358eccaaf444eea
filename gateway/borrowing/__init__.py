"""Who may borrow how much, and why: score, limits, what stands against somebody, duties, collateral."""
