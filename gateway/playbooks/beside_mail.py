"""`mail.beside`: what somebody is told by SMS, by e-mail too: the same words, a reference and the time.

Reminders go to whoever has chosen so, campaigns to whoever has confirmed an address; see `docs/messages.md`. Codes,
links and whatever else is told by SMS never take this way. A letter is an operation of its own in a lane of its own:
neither waits for the other. Whom it goes to, and whether they still want it, is looked up when it leaves.

A mail server keeps no key that makes a repeat harmless: after a hand-over whose answer is missing a letter is handed
over again, under the same Message-ID. It may come twice and is not lost, until it is given up for its age.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.campaigns import letters
from gateway.clock import MINUTE_MS, Clock, local, local_date
from gateway.mail import Letter
from gateway.notices.values import typed
from gateway.operations.outbox import NAMESPACE, Outbox, unspoken
from gateway.operations.outcome import Later, Outcome, Park, Refused
from gateway.operations.playbook import Playbook, Work
from gateway.papers import records
from gateway.papers.records import Wishes
from gateway.papers.unsubscribing import Unsubscribing
from gateway.playbooks.message import IsMoot
from gateway.playbooks.unhurried_mail import PRIORITY, Unhurried
from gateway.sending.quiet import Quiet
from gateway.sending.ranks import manner_of, rank_of
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.texting import stops
from menus.catalogue import Catalogue
from menus.values import Clock as ClockTime

KIND = "mail.beside"
UNWANTED = "they want no letter of this kind"
HELD_MS = MINUTE_MS
HOMELESS = "there is no confirmed address"


class Beside:
    """Queues the letter beside an SMS that has just been queued, in the same unit of work."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def told(self, connection: AsyncConnection, message: Operation) -> None:
        """Of all that people are told one by one only reminders: receipts follow the books."""
        if rank_of(message.intent["template"]) != "reminder" or not message.customer:
            return
        if not (await records.wishes_of(connection, message.customer)).reminders:
            return
        if await customers.has_verified_email(connection, message.customer):
            intent = {name: message.intent[name] for name in _SAID if name in message.intent}
            await self._outbox.put(connection, letter(f"{message.id}:mail", message.customer, intent), is_ours=True)


_SAID = ("template", "values", "language", "about")


def letter(cause: str, customer_id: str, intent: Mapping[str, Any]) -> Operation:
    """A letter, once per `cause`."""
    identity = str(uuid.uuid5(NAMESPACE, f"{cause}:{KIND}"))
    return Operation(identity, KIND, unspoken("ML", identity), customer_id, intent)


class BesideStep:
    """The one step."""

    name = "send"

    def __init__(
        self, unhurried: Unhurried, store: Store, catalogue: Callable[[], Catalogue], clock: Clock,
        unsubscribing: Unsubscribing, quiet: Quiet, is_moot: IsMoot,
    ) -> None:  # fmt: skip
        self._unhurried = unhurried
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._unsubscribing = unsubscribing
        self._quiet = quiet
        self._is_moot = is_moot

    async def attempt(self, work: Work) -> Outcome:
        if silence := self._quiet.ends_after(local(self._clock())):
            return Later(round(silence.total_seconds() * 1000), "not at this hour")
        return await self._unhurried.sent(work, self._written, manner_of(work.intent["template"]).expires_ms)

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Nobody else says what became of it."""
        return outcome

    async def _written(self, work: Work) -> Letter | Outcome:
        about, now = work.intent.get("about"), self._clock()
        async with self._store.read() as connection:
            person = await customers.get(connection, work.customer_id)
            wishes = await records.wishes_of(connection, person.id)
            is_stopped = await stops.is_stopped(connection, person.msisdn)
            if about is not None and await self._is_moot(connection, about, now):
                return Refused("moot", "what it was about is over")
            if "campaign" in work.intent and await letters.is_held(connection, work.intent["campaign"]):
                return Later(HELD_MS, "people hold its campaign")
        if hindrance := hindrance_of(work.intent, person, wishes, is_stopped=is_stopped):
            return Refused(letters.UNWANTED, hindrance)
        try:
            return self._worded(work, person, now)
        except (LookupError, TypeError, ValueError) as error:
            return Park(f"{type(error).__name__}: there are no words for {work.intent['template']}")

    def _worded(self, work: Work, person: Customer, now: int) -> Letter:
        """Raises LookupError, TypeError or ValueError when the words of the message or of the letter cannot be said."""
        catalogue, intent = self._catalogue(), work.intent
        language = intent["language"] or person.language
        said = catalogue.message(language, intent["template"], typed(intent["values"], local_date(now)))
        values = {"said": said, "reference": work.reference, "at": ClockTime(local(work.created_at))}
        purpose = intent.get("purpose", "reminder")
        link = self._unsubscribing.link(person.id, now) if "campaign" in intent else ""
        if link:
            values["link"] = link
        subject, body = catalogue.mail(language, purpose, values)
        return Letter(work.id, person.email, subject, body, work.created_at, unsubscribe=link)


def hindrance_of(intent: Mapping[str, Any], person: Customer, wishes: Wishes, *, is_stopped: bool) -> str:
    """Why this person gets no such letter, as of now; empty: they do. Pure."""
    if not person.email or person.email_verified_at is None or person.state == "closed":
        return HOMELESS
    if "campaign" not in intent:
        return "" if wishes.reminders and not is_stopped else UNWANTED
    is_wanted = person.offers if intent["purpose"] == "offer" else not is_stopped
    return "" if is_wanted and not wishes.no_campaigns else UNWANTED


def lane_of(customer_id: str, intent: Mapping[str, Any]) -> str:
    """Letters of one rank to one person keep their order; an SMS is in none of these lanes."""
    return f"{KIND}:{rank_of(intent['template'])}:{customer_id}"


def playbook(step: BesideStep) -> Playbook:
    return Playbook(kind=KIND, steps=(step,), lane=lane_of, priority=PRIORITY)
