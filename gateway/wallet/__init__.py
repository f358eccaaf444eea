"""The wallet's own rows and rules: limits by tier, money for phones without an account, identity."""
