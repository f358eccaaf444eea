"""What the books refuse.

NyotaError
├── Rejected
│   └── Overdraft         an account would give more than it has available; nothing was written
└── BrokenInvariant
    ├── Unbalanced        lines that are no entry: fewer than two, a zero, or a sum that is not zero
    ├── UnknownAccount    a key that the chart does not know
    ├── KeyReused         the same operation and step, with other content
    └── HoldResolved      a hold that was posted or voided already, by another step

After an Overdraft the unit of work can go on and commit something else; after a BrokenInvariant let it be
undone.
"""

from gateway.errors import BrokenInvariant, Rejected


class Overdraft(Rejected):
    """`account_key` has not enough available."""

    def __init__(self, account_key: str) -> None:
        super().__init__(f"not enough on {account_key}", "overdraft", account=account_key)
        self.account_key = account_key


class Unbalanced(BrokenInvariant):
    """The lines do not make an entry."""


class UnknownAccount(BrokenInvariant):
    """No account of this key is in the chart."""


class KeyReused(BrokenInvariant):
    """Another journal carries this operation and step: the same intention cannot mean two things."""


class HoldResolved(BrokenInvariant):
    """The hold ended another way before. `phase` says which: posted or voided."""

    def __init__(self, hold_id: str, phase: str) -> None:
        super().__init__(f"the hold was {phase} already", hold=hold_id, phase=phase)
        self.phase = phase
