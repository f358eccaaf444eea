"""`reconcile.mail`: a day's figures to finance by e-mail, written when it is sent; at least once as a message."""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock, local_date
from gateway.lending.fields import amount_text
from gateway.mail import Letter, Mailer
from gateway.operations.outcome import Outcome, Refused
from gateway.operations.playbook import Playbook, Work
from gateway.playbooks.mail import handed_over
from gateway.playbooks.reconcile import LETTER, Told
from gateway.reconciling import days
from gateway.reconciling.comparing import Compared
from gateway.store.engine import Store
from menus.catalogue import Catalogue
from menus.values import Day, Ksh


class FinanceMailStep:
    """The one step of the letter."""

    name = "send"

    def __init__(
        self, mailer: Mailer, store: Store, catalogue: Callable[[], Catalogue], clock: Clock, told: Told
    ) -> None:
        self._mailer = mailer
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._told = told

    async def attempt(self, work: Work) -> Outcome:
        day = date.fromisoformat(work.intent["day"])
        async with self._store.read() as connection:
            found = await days.find(connection, day)
        if found is None:
            return Refused("gone", "this day was not compared")
        values = values_of(day, found[0], local_date(self._clock()))
        subject, body = self._catalogue().mail(self._told.language, "reconciled", values)
        letter = Letter(work.id, self._told.email, subject, body, work.created_at)
        return await handed_over(self._mailer, letter)

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Nobody else says what became of it."""
        return outcome


def playbook(step: FinanceMailStep) -> Playbook:
    """Each letter by itself: one that cannot be sent keeps back none after it."""
    return Playbook(kind=LETTER, steps=(step,), lane=lambda _customer, _intent: "", priority=8)


def values_of(day: date, compared: Sequence[Compared], today: date) -> dict[str, object]:
    """The slots of the letter, over all shortcodes."""
    return {
        "day": Day(day, today),
        "count": sum(each.pending for each in compared),
        "theirs": Ksh(sum(each.theirs_in.cents for each in compared)),
        "ours": Ksh(sum(each.ours_in.cents for each in compared)),
        "theirs_out": Ksh(sum(each.theirs_out.cents for each in compared)),
        "ours_out": Ksh(sum(each.ours_out.cents for each in compared)),
        "charges": _kes(sum(each.charges.cents for each in compared)),
        "moved": _kes(sum(each.moved.cents for each in compared)),
        "coverage": ", ".join(f"{each.shortcode} {'+' if each.is_covered else '-'}" for each in compared),
        "closings": "; ".join(map(_closing, compared)),
    }


def _closing(each: Compared) -> str:
    """M-PESA's balance, ours and what lies between: it stays the same from day to day while nothing is amiss."""
    if each.closing_cents is None:
        return f"{each.shortcode} M-PESA -, {_kes(each.books_cents)}"
    gap = _kes(each.closing_cents - each.books_cents)
    return f"{each.shortcode} M-PESA {_kes(each.closing_cents)}, {_kes(each.books_cents)} ({gap})"


def _kes(cents: int) -> str:
    return f"KES {amount_text(cents)}"
