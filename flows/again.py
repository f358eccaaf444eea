"""Money that went out the same a while ago: what is asked for again is asked about first."""

from collections.abc import Callable, Mapping
from typing import Any

from flows.kit import View
from flows.known import PaidOut


class Again:
    """Of one kind of operation; `cents` is what would go out now."""

    def __init__(self, kind: str, cents: Callable[[View], int]) -> None:
        self._kind = kind
        self._cents = cents

    def before(self, view: View) -> PaidOut | None:
        found: PaidOut | None = view.fact("paid_out", self._kind, self._cents(view))
        return found

    def was_paid(self, view: View) -> bool:
        return self.before(view) is not None

    def bind(self, view: View) -> Mapping[str, Any]:
        """What the customer is shown, and says yes to."""
        before = self.before(view)
        return {"again": before.reference} if before else {}
