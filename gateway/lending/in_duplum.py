"""In duplum: after a loan has fallen into default, what is charged on it stops at the principal then owing.

Interest, penalties and fees count together: what is unpaid of them on that day, and what comes after it; the interest
still to come from the start, so that a penalty never takes the room that interest needs. So nobody ever owes more than
twice that principal: 2,000.00 with 160.00 of interest and three penalties of 50.00 unpaid has room for 1,690.00 more,
and stops at 4,000.00. A payment does not begin the count anew; a cure, when nothing is late any more, ends it.
"""

from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class InDuplum:
    """In force from a day on; a loan is in default once it is more than `days` late."""

    since: date
    days: int


@dataclass(frozen=True, slots=True)
class Default:
    """From which day, the principal that was owing then, and what counts against it: unpaid then, or charged since."""

    on: date
    principal_cents: int
    charged_cents: int

    @property
    def room_cents(self) -> int:
        """How much more may be charged."""
        return max(0, self.principal_cents - self.charged_cents)

    def charged(self, cents: int) -> "Default":
        return replace(self, charged_cents=self.charged_cents + cents)
