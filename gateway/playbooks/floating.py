"""`float.poll`: every so often M-PESA is asked what our shortcodes hold; the answer comes by callback.

It comes up once a day and asks until its day is over; asked for by hand (`once`), it asks one time. Who looks after
the float is told when it falls below a mark, and when it is above it again, once each time.
"""

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.clock import Clock, local_date
from gateway.config import App
from gateway.errors import Rejected, Unavailable
from gateway.metrics import FLOAT
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Outbox
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Playbook, Work
from gateway.payouts import floats
from gateway.payouts.floats import Level, Question, level_of
from gateway.payouts.standing import Paying
from gateway.rails.callbacks import Callback
from gateway.rails.daraja_bodies import Fields
from gateway.rails.daraja_organisation import DarajaOrganisation
from gateway.rails.daraja_organisation_results import balances
from gateway.rails.organisation import Answers, Balances
from gateway.rails.steps import Addresses
from gateway.store.engine import Store

KIND = "float.poll"
LETTER = "float.mail"
PREFIX = "FP"
RESULT, TIMEOUT = "balance/result", "balance/timeout"
HOURS_MAX = 999

log = structlog.get_logger("float")


@dataclass(frozen=True, slots=True)
class Told:
    """Who looks after the float; empty: nobody. `language` is theirs."""

    email: str
    phone: str
    language: str


class AskStep:
    """The one step: a question per shortcode, each with a callback path of its own. It moves nothing."""

    name = "ask"

    def __init__(
        self, organisation: DarajaOrganisation, apps: Sequence[App], store: Store, addresses: Addresses, clock: Clock,
        *, every_ms: int,
    ) -> None:  # fmt: skip
        self._organisation = organisation
        self._apps = apps
        self._store = store
        self._addresses = addresses
        self._clock = clock
        self._every_ms = every_ms

    async def attempt(self, work: Work) -> Outcome:
        """A rail that is away is asked again at the next turn; until then an old balance counts as unknown."""
        if "once" not in work.intent and local_date(self._clock()).isoformat() > work.intent["day"]:
            return Done(reason="its day is over")
        for app in self._apps:
            await self._ask(app)
        return Done() if "once" in work.intent else Later(self._every_ms, "asks again")

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome

    async def _ask(self, app: App) -> None:
        async with self._store.begin() as connection:
            question = await floats.put_question(connection, app.shortcode, self._clock())
        at = [self._addresses.at(purpose, question.token) for purpose in (RESULT, TIMEOUT)]
        try:
            acknowledged = await self._organisation.ask_balance(app, Answers(*at))
        except (Unavailable, Rejected) as error:
            log.warning("float_not_asked", shortcode=app.shortcode, reason=str(error))
            async with self._store.begin() as connection:
                await floats.ended(connection, question, "failed", self._clock())
            return
        async with self._store.begin() as connection:
            await floats.acknowledged(connection, question, acknowledged.rail_id)


class FloatAnswers:
    """What comes back: kept with its time, and told to whoever looks after it where it crosses a mark."""

    def __init__(self, paying: Paying, outbox: Outbox, clock: Clock, told: Told) -> None:
        self._paying = paying
        self._outbox = outbox
        self._clock = clock
        self._told = told

    async def answered(self, connection: AsyncConnection, callback: Callback, body: Mapping[str, Any]) -> str:
        """Take a result; its verdict. Raises NotACallback for a body that is none."""
        fields = Fields.of(body)
        found = balances(fields)
        question = await floats.question_of(connection, callback.token, _rail_id(fields))
        if question is None:
            return "forged"
        if question.state == "answered":
            return "repeated"
        now = self._clock()
        await floats.ended(connection, question, "answered" if found else "failed", now)
        if found is None:
            return "nothing"
        return await self._kept(connection, question, found, now)

    async def late(self, connection: AsyncConnection, callback: Callback, body: Mapping[str, Any]) -> str:
        """M-PESA says that the question waited too long: nothing is known, and it is asked again in time."""
        question = await floats.question_of(connection, callback.token, _rail_id(Fields.of(body)))
        if question is None:
            return "forged"
        if question.state == "asked":
            await floats.ended(connection, question, "failed", self._clock())
        return "nothing"

    async def _kept(self, connection: AsyncConnection, question: Question, found: Balances, now: int) -> str:
        before = await self._paying.latest(connection)
        settings, account = self._paying.settings, found.account(self._paying.settings.account)
        if question.shortcode != self._paying.shortcode or account is None:
            await floats.kept(connection, question, found, {}, now)
            return "applied"
        if before is not None and before.asked_at >= question.asked_at:
            return "nothing"
        cents = account.available_cents
        level = level_of(cents, low_cents=settings.low * 100, critical_cents=settings.critical * 100)
        as_configured = replace(account, name=settings.account)
        accounts = tuple(as_configured if each is account else each for each in found.accounts)
        await floats.kept(connection, question, replace(found, accounts=accounts), {settings.account: level}, now)
        FLOAT.labels(question.shortcode).set(cents / 100)
        if level != (before.level if before else "ok"):
            log.warning("float_crossed", shortcode=question.shortcode, level=level)
            await self._tell(connection, question, cents, level, now)
        return "applied"

    async def _tell(self, connection: AsyncConnection, question: Question, cents: int, level: Level, now: int) -> None:
        """Once per crossing: its cause is the question that found it."""
        values: dict[str, Any] = {
            "shortcode": question.shortcode, "float": say.ksh(max(0, cents)), "at": say.clock(now),
        }  # fmt: skip
        if level != "ok":
            hours = await self._paying.hours_left(connection, cents, now)
            values["left"] = min(HOURS_MAX, math.floor(hours)) if hours is not None else HOURS_MAX
        cause = f"float:{question.id}:{level}"
        if self._told.phone:
            await self._outbox.tell(
                connection, cause, "", self._told.phone, f"float.{level}", values, self._told.language
            )
        if self._told.email and self._outbox.knows(LETTER):
            identity = str(uuid.uuid5(NAMESPACE, f"{cause}:mail"))
            intent = {"level": level, "values": values}
            letter = Operation(identity, LETTER, reference("ML", identity), "", intent)
            await self._outbox.put(connection, letter, is_ours=True)


def playbook(step: AskStep) -> Playbook:
    """Asked for by hand it waits for nothing."""
    return Playbook(
        kind=KIND,
        steps=(step,),
        lane=lambda _customer, intent: "" if "once" in intent else KIND,
        priority=8,
    )


def asked_now(day: str) -> Operation:
    """A question out of turn."""
    identity = str(uuid.uuid4())
    return Operation(identity, KIND, reference(PREFIX, identity), "", {"day": day, "once": True})


def _rail_id(fields: Fields) -> str:
    return fields.inner("Result").text("ConversationID")[:80]
