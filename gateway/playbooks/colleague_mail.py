"""A letter to whoever looks after something of ours: its sentence by name, its figures in the intent; at least once."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import local_date
from gateway.mail import Letter, Mailer
from gateway.notices.values import typed
from gateway.operations.outcome import Outcome
from gateway.operations.playbook import Playbook, Work
from gateway.playbooks.mail import handed_over
from menus.catalogue import Catalogue


class ColleagueMailStep:
    """The one step. `named` gives the sentence's name of an operation."""

    name = "send"

    def __init__(
        self, mailer: Mailer, catalogue: Callable[[], Catalogue], email: str, language: str,
        named: Callable[[Work], str],
    ) -> None:  # fmt: skip
        self._mailer = mailer
        self._catalogue = catalogue
        self._email = email
        self._language = language
        self._named = named

    async def attempt(self, work: Work) -> Outcome:
        values = typed(work.intent["values"], local_date(work.created_at))
        subject, body = self._catalogue().mail(self._language, self._named(work), values)
        return await handed_over(self._mailer, Letter(work.id, self._email, subject, body, work.created_at))

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Nobody else says what became of it."""
        return outcome

    def playbook(self, kind: str) -> Playbook:
        """Each letter by itself: one that cannot be sent keeps back none after it."""
        return Playbook(kind=kind, steps=(self,), lane=lambda _customer, _intent: "", priority=4)
