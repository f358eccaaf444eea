"""`float.mail`: whoever looks after the float is told by e-mail that it crossed a mark; at least once, as a message."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import local_date
from gateway.mail import Letter, Mailer
from gateway.notices.values import typed
from gateway.operations.outcome import Outcome
from gateway.operations.playbook import Playbook, Work
from gateway.playbooks.floating import LETTER, Told
from gateway.playbooks.mail import handed_over
from menus.catalogue import Catalogue


class FloatMailStep:
    """The one step of the letter."""

    name = "send"

    def __init__(self, mailer: Mailer, catalogue: Callable[[], Catalogue], told: Told) -> None:
        self._mailer = mailer
        self._catalogue = catalogue
        self._told = told

    async def attempt(self, work: Work) -> Outcome:
        values = typed(work.intent["values"], local_date(work.created_at))
        subject, body = self._catalogue().mail(self._told.language, f"float_{work.intent['level']}", values)
        return await handed_over(self._mailer, Letter(work.id, self._told.email, subject, body, work.created_at))

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Nobody else says what became of it."""
        return outcome


def playbook(step: FloatMailStep) -> Playbook:
    return Playbook(kind=LETTER, steps=(step,), lane=lambda _customer, _intent: LETTER, priority=4)
