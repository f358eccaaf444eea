"""Every error the gateway raises on purpose.

NyotaError
├── Misconfigured     ours: stop at start-up, naming the key
├── Unavailable       nothing happened, try again later
│   └── Throttled     nothing happened, and we were told to slow down
├── Rejected          a final answer: tell the customer
├── Uncertain         it may have happened: ask by reference, never send again blindly
├── NotACallback      a request that is no callback at all: a 4xx and one log line
└── BrokenInvariant   something that cannot be: the operation is parked, a person looks

Adapters translate every foreign exception at their edge with `raise ... from error`.
"""


class NyotaError(Exception):
    """The root. `evidence` is what to keep beside the message for whoever looks later; nothing secret."""

    def __init__(self, message: str, **evidence: object) -> None:
        super().__init__(message)
        self.evidence = evidence


class Misconfigured(NyotaError):
    """A setting is missing, unknown or nonsense; the message names its key."""


class Unavailable(NyotaError):
    """Provably nothing happened: the other side was not reached or said that it did nothing."""


class Throttled(Unavailable):
    """Provably nothing happened because we were too fast."""


class Rejected(NyotaError):
    """A final refusal. `code` is the other side's own code."""

    def __init__(self, message: str, code: str, **evidence: object) -> None:
        super().__init__(message, **evidence)
        self.code = code


class Uncertain(NyotaError):
    """The request may have been carried out. Only asking settles it."""


class NotACallback(NyotaError):
    """The request is not one this provider makes: wrong method, type, token, or no phone or session."""


class BrokenInvariant(NyotaError):
    """A promise of our own code does not hold."""
