"""`mail.send`: write a letter in the customer's language and hand it over, at least once as a message.

A letter and what is attached to it are made anew at each try: a code's digits and what has moved are in no queue.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.codes import Codes
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import Clock, local, local_date
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.mail import Attachment, Letter, Mailer
from gateway.operations.outcome import Done, Later, Outcome, Refused, Retry
from gateway.operations.playbook import Playbook, Work
from gateway.papers import receipt, records
from gateway.papers.days import Days
from gateway.papers.desk import Desk, File
from gateway.papers.reader import TooManyLines
from gateway.playbooks.unhurried_mail import PRIORITY, Unhurried
from gateway.sending.turnstile import Turnstile
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from menus.catalogue import Catalogue
from menus.values import Clock as ClockTime
from menus.values import Day, FirstName, Ksh

KIND = "mail.send"
UNWANTED = "unwanted"
SOON = 4


async def handed_over(mailer: Mailer, letter: Letter) -> Outcome:
    """Done once the server has it. Without its answer it is tried again: a letter twice is better than none."""
    try:
        await mailer.send(letter)
    except Unavailable as error:
        return Retry(str(error), error.evidence, is_outage=True)
    except Uncertain as error:
        return Retry(f"at least once: {error}", error.evidence)
    except Rejected as error:
        return Refused(error.code, str(error))
    return Done()


class MailStep:
    """The one step of a letter."""

    name = "send"

    def __init__(
        self, mailer: Mailer, asked: Turnstile, unhurried: Unhurried, store: Store, books: Books, codes: Codes,
        desk: Desk, catalogue: Callable[[], Catalogue], clock: Clock,
    ) -> None:  # fmt: skip
        """`asked` is the turnstile of codes and statements, so that no receipt is in their way."""
        self._mailer = mailer
        self._asked = asked
        self._unhurried = unhurried
        self._store = store
        self._books = books
        self._codes = codes
        self._desk = desk
        self._catalogue = catalogue
        self._clock = clock

    async def attempt(self, work: Work) -> Outcome:
        """A code or a statement goes at once: somebody waits for it. Even they leave hands free for all else."""
        if "receipt" in work.intent:
            return await self._unhurried.sent(work, self._answered)
        with self._asked.one() as has_room:
            if not has_room:
                return Later(self._asked.wait_ms(work.created_at), "as fast as the mail server takes it")
            answered = await self._answered(work)
            return await handed_over(self._mailer, answered) if isinstance(answered, Letter) else answered

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Nobody else says what became of it."""
        return outcome

    async def _answered(self, work: Work) -> Letter | Outcome:
        try:
            letter = await self._written(work)
        except TooManyLines as error:
            return Refused("too_long", str(error))
        return letter or Refused("expired", "the code in it is good no more, or there is nothing to tell")

    async def _written(self, work: Work) -> Letter | Refused | None:
        if "code" in work.intent:
            return await self._code(work)
        if "receipt" in work.intent:
            return await self._receipt(work)
        return await self._statement(work)

    async def _code(self, work: Work) -> Letter | None:
        async with self._store.read() as connection:
            person = await customers.get(connection, work.customer_id)
        values = {
            "first_name": FirstName(person.name),
            "code": "{code}",
            "by": ClockTime(local(work.intent["by"])),
        }
        subject, body = self._catalogue().mail(person.language, "code", values)
        filled = await self._codes.filled(work.intent["code"], f"{subject}\0{body}")
        if filled is None:
            return None
        subject, body = filled.split("\0")
        return Letter(work.id, work.intent["to"], subject, body, work.created_at)

    async def _statement(self, work: Work) -> Letter | Refused:
        days = Days(*(date.fromisoformat(work.intent[key]) for key in ("since", "until")))
        keys = (chart.wallet(work.customer_id), chart.savings(work.customer_id))
        async with self._store.read() as connection:
            person = await customers.get(connection, work.customer_id)
            if not _is_theirs(person, work.intent["to"]):
                return Refused(UNWANTED, "it is not their address any more")
            balances = await self._books.balances(connection, keys)
        today = local_date(self._clock())
        values = {
            "first_name": FirstName(person.name),
            "since": Day(days.since, today),
            "until": Day(days.until, today),
            "wallet": Ksh(balances[keys[0]].available_cents),
            "savings": Ksh(balances[keys[1]].available_cents),
        }
        subject, body = self._catalogue().mail(person.language, "statement", values)
        file = await self._desk.whole(person, days, "mail")
        return Letter(work.id, work.intent["to"], subject, body, work.created_at, (_attached(file),))

    async def _receipt(self, work: Work) -> Letter | Refused | None:
        """Of what an operation has moved for the customer by now, if they still want it, and there."""
        async with self._store.read() as connection:
            person = await customers.get(connection, work.customer_id)
            wishes = await records.wishes_of(connection, person.id)
            if not wishes.receipts or not _is_theirs(person, work.intent["to"]):
                return Refused(UNWANTED, "they want no receipts at this address any more")
            found = await receipt.of_operation(connection, work.intent["receipt"], work.customer_id)
        if found is None:
            return None
        values = {
            "first_name": FirstName(person.name),
            "what": self._desk.voice(person.language)(f"event.{found.event}"),
            "amount": Ksh(found.amount_cents),
            "reference": found.reference,
            "at": ClockTime(local(found.at)),
        }
        subject, body = self._catalogue().mail(person.language, "receipt", values)
        file = await self._desk.receipt(person, found, "mail")
        return Letter(work.id, work.intent["to"], subject, body, work.created_at, (_attached(file),))


def _is_theirs(person: Customer, address: str) -> bool:
    """Still: a letter may have waited for days while the mail server was away."""
    return bool(person.email == address and person.email_verified_at is not None)


def _attached(file: File) -> Attachment:
    return Attachment(file.name, file.mime, file.content)


def playbook(step: MailStep) -> Playbook:
    return Playbook(kind=KIND, steps=(step,), lane=_lane, rank=lambda intent: PRIORITY if "receipt" in intent else SOON)


def _lane(_: str, intent: Mapping[str, Any]) -> str:
    """No code waits behind a receipt."""
    return f"mail:receipt:{intent['to']}" if "receipt" in intent else f"mail:{intent['to']}"
