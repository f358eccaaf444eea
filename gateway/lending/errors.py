"""What the lending core says when it will not price a loan.

ValueError
  InvalidTerms       a value is malformed, contradictory or out of range
  UnsupportedTerms   well formed, but a kind of loan this engine does not know

Both messages begin with the name of the field they are about.
"""


class InvalidTerms(ValueError):
    """The terms contradict themselves or a value cannot be read; nothing was priced."""


class UnsupportedTerms(ValueError):
    """The terms ask for something this engine does not do; nothing was priced."""
