"""`audit.mail`: once a day the newest seal goes by e-mail to somebody who has no access to the database."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import heads
from gateway.audit.sealer import Sealer
from gateway.clock import Clock, local_date
from gateway.mail import Letter, Mailer
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Playbook, Work
from gateway.playbooks.mail import handed_over
from menus.catalogue import Catalogue
from menus.values import Day

KIND = "audit.mail"


class SealMailStep:
    """The one step of the letter."""

    name = "send"

    def __init__(
        self, mailer: Mailer, sealer: Sealer, catalogue: Callable[[], Catalogue], clock: Clock, address: str
    ) -> None:
        self._mailer = mailer
        self._sealer = sealer
        self._catalogue = catalogue
        self._clock = clock
        self._address = address

    async def attempt(self, work: Work) -> Outcome:
        """The first hour of a day brings the seals of the day before."""
        newest = await self._sealer.newest()
        if newest is None:
            return Done(reason="nothing is sealed yet")
        head, at = newest
        values = {
            "day": Day(date.fromisoformat(work.intent["day"]) - timedelta(days=1), local_date(self._clock())),
            "seal": f"{head.seal} {head.mark}",
            "through": ", ".join(f"{name} {last}" for name, last in sorted(head.through.items())),
            "line": heads.line_of(head, at),
        }
        catalogue = self._catalogue()
        subject, body = catalogue.mail(catalogue.default_language, "sealed", values)
        return await handed_over(self._mailer, Letter(work.id, self._address, subject, body, work.created_at))

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Nobody else says what became of it."""
        return outcome


def playbook(step: SealMailStep) -> Playbook:
    return Playbook(kind=KIND, steps=(step,), lane=lambda _customer, _intent: KIND, priority=9)
