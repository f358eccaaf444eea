"""`sms.in`: what somebody wrote is answered by SMS, once.

The walk and everything that is read for it come first, without a lock; what follows is stored with the outcome of the
step. All that is said leaves from the short code that was written to, where it is one of ours.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, Session
from gateway.accounts.codes import PLACEHOLDER
from gateway.clock import local_date
from gateway.errors import Rejected
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, unspoken
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Playbook, Work
from gateway.store import customers
from gateway.texting import requests, stops
from gateway.texting.deciding import Decider
from gateway.texting.hands import Hands, Letter
from gateway.texting.inbox import KIND, PURPOSE
from gateway.texting.joining import Joining
from gateway.texting.say import Say
from gateway.texting.short_codes import Desk

HandsOf = Callable[[str], Hands]
"""What answers, where the organisation is called something; empty: as everywhere."""


@dataclass(slots=True)
class Writing:
    """One answer on its way: in whose unit of work, and from which desk it leaves. A link goes with its first SMS."""

    connection: AsyncConnection
    work: Work
    now: int
    desk: Desk
    count: int = 0

    @property
    def leaves(self) -> Mapping[str, Any]:
        return self.desk.fields(is_first=not self.count)


class AnswerStep:
    """The one step."""

    name = "answer"

    def __init__(self, hands_of: HandsOf) -> None:
        self._hands_of = hands_of
        self._hands = hands_of("")

    async def attempt(self, work: Work) -> Outcome:
        """Decide, and do nothing yet but a yes that moves money."""
        decider = Decider(self._hands_of(self._desk(work).name))
        return Done((await decider.answer(Letter(work.id, work.intent))).plain())

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Say and do it in the unit of work that ends the step."""
        if isinstance(outcome, Done):
            about = outcome.data["about"]
            writing = Writing(connection, work, now, self._desk(work))
            match outcome.data["does"]:
                case "ask":
                    await self._ask(writing, about)
                case "join":
                    await self._join(writing, about)
                case "language":
                    await customers.changed(connection, work.customer_id, language=about["language"])
                case "stop":
                    await stops.stopped(connection, work.intent["msisdn"], stops.WORD, now)
                case "start":
                    await stops.started(connection, work.intent["msisdn"])
            for number, each in enumerate(outcome.data["says"]):
                await self._tell(writing, f"{work.id}:{number}", each)
        return outcome

    def _desk(self, work: Work) -> Desk:
        return self._hands.short_codes.of(work.intent, work.created_at)

    async def _join(self, writing: Writing, about: dict[str, Any]) -> None:
        hands = self._hands_of(writing.desk.name)
        instead = await Joining(hands).issued(writing.connection, writing.work, about, writing.leaves)
        if instead is not None:
            await self._tell(writing, f"{writing.work.id}:enough", instead.plain())

    async def _ask(self, writing: Writing, about: Mapping[str, Any]) -> None:
        """Keep the conversation before its yes, and send the code for just that."""
        connection, work = writing.connection, writing.work
        hands, line = self._hands, work.intent["msisdn"]
        session = msgspec.convert(about["session"], Session)
        content, settings = {"bound": about["bound"]}, hands.settings
        try:
            code = await hands.codes.issued(
                connection, session.customer, PURPOSE, content, minutes=settings.code_minutes,
                a_day=settings.codes_a_day,
            )  # fmt: skip
        except Rejected:
            await self._tell(writing, f"{work.id}:enough", Say("texting.enough").plain())
            return
        await requests.kept(
            connection, session, msisdn=line, code_id=code.id, answer=about["answer"], bound=about["bound"],
            amount_cents=about["amount_cents"], expires_at=code.expires_at, created_at=writing.now,
        )  # fmt: skip
        for number, words in enumerate(about["before"]):
            first = Say("texting.first", {"said": words})
            await self._tell(writing, f"{work.id}:first:{number}", first.plain())
        values = {"code": PLACEHOLDER, "by": say.clock(code.expires_at)}
        values |= {"what": about["question"]} if about["question"] else {}
        template = "texting.otp" if about["question"] else "texting.otp_short"
        intent = {"template": template, "to": line, "values": values, "language": "", "code": code.id, **writing.leaves}
        await hands.outbox.put(connection, _message(code.id, session.customer, intent), is_ours=True)

    async def _tell(self, writing: Writing, cause: str, said: Sequence[Any]) -> None:
        template, values, language, daily = said
        work, line = writing.work, writing.work.intent["msisdn"]
        if daily:
            cause = f"{template}:{line}:{local_date(writing.now).isoformat()}"
        if not language and not work.customer_id:
            language = writing.desk.language or self._hands.menus.catalogue.default_language
        writing.count += await self._hands.outbox.tell(
            writing.connection, cause, work.customer_id, line, template, values, language, leaves=writing.leaves
        )


def playbook(step: AnswerStep) -> Playbook:
    """Each message by itself: one that a person has to look at holds up no other."""
    return Playbook(kind=KIND, steps=(step,), lane=lambda _customer, _intent: "", priority=1)


def _message(cause: str, customer_id: str, intent: Mapping[str, Any]) -> Operation:
    identity = str(uuid.uuid5(NAMESPACE, f"{cause}:sms"))
    return Operation(identity, "sms.send", unspoken("SM", identity), customer_id, intent)
