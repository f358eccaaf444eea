"""`sms.in`: what somebody wrote is answered by SMS, once.

The walk and everything that is read for it come first, without a lock; what follows is stored with the outcome of the
step.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, Session
from gateway.accounts.codes import PLACEHOLDER
from gateway.clock import local_date
from gateway.errors import Rejected
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Playbook, Work
from gateway.store import customers
from gateway.texting import requests, stops
from gateway.texting.deciding import Decider
from gateway.texting.hands import Hands, Letter
from gateway.texting.inbox import KIND, PURPOSE
from gateway.texting.joining import Joining
from gateway.texting.say import Say


class AnswerStep:
    """The one step."""

    name = "answer"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._decider = Decider(hands)
        self._joining = Joining(hands)

    async def attempt(self, work: Work) -> Outcome:
        """Decide, and do nothing yet but a yes that moves money."""
        return Done((await self._decider.answer(Letter(work.id, work.intent))).plain())

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Say and do it in the unit of work that ends the step."""
        if isinstance(outcome, Done):
            about = outcome.data["about"]
            match outcome.data["does"]:
                case "ask":
                    await self._ask(connection, work, about, now)
                case "join":
                    if (instead := await self._joining.issued(connection, work, about)) is not None:
                        await self._tell(connection, work, f"{work.id}:enough", instead.plain(), now)
                case "language":
                    await customers.changed(connection, work.customer_id, language=about["language"])
                case "stop":
                    await stops.stopped(connection, work.intent["msisdn"], "word", now)
                case "start":
                    await stops.started(connection, work.intent["msisdn"])
            for number, each in enumerate(outcome.data["says"]):
                await self._tell(connection, work, f"{work.id}:{number}", each, now)
        return outcome

    async def _ask(self, connection: AsyncConnection, work: Work, about: Mapping[str, Any], now: int) -> None:
        """Keep the conversation before its yes, and send the code for just that."""
        hands, line = self._hands, work.intent["msisdn"]
        session = msgspec.convert(about["session"], Session)
        content, settings = {"bound": about["bound"]}, hands.settings
        try:
            code = await hands.codes.issued(
                connection, session.customer, PURPOSE, content, minutes=settings.code_minutes,
                a_day=settings.codes_a_day,
            )  # fmt: skip
        except Rejected:
            await self._tell(connection, work, f"{work.id}:enough", Say("texting.enough").plain(), now)
            return
        await requests.kept(
            connection, session, msisdn=line, code_id=code.id, answer=about["answer"], bound=about["bound"],
            amount_cents=about["amount_cents"], expires_at=code.expires_at, created_at=now,
        )  # fmt: skip
        for number, words in enumerate(about["before"]):
            first = Say("texting.first", {"said": words})
            await self._tell(connection, work, f"{work.id}:first:{number}", first.plain(), now)
        values = {"code": PLACEHOLDER, "by": say.clock(code.expires_at)}
        values |= {"what": about["question"]} if about["question"] else {}
        template = "texting.otp" if about["question"] else "texting.otp_short"
        intent = {"template": template, "to": line, "values": values, "language": "", "code": code.id}
        await hands.outbox.put(connection, _message(code.id, session.customer, intent), is_ours=True)

    async def _tell(self, connection: AsyncConnection, work: Work, cause: str, said: Sequence[Any], now: int) -> None:
        template, values, language, daily = said
        line = work.intent["msisdn"]
        if daily:
            cause = f"{template}:{line}:{local_date(now).isoformat()}"
        language = language or ("" if work.customer_id else self._hands.menus.catalogue.default_language)
        await self._hands.outbox.tell(connection, cause, work.customer_id, line, template, values, language)


def playbook(step: AnswerStep) -> Playbook:
    """Each message by itself: one that a person has to look at holds up no other."""
    return Playbook(kind=KIND, steps=(step,), lane=lambda _customer, _intent: "", priority=1)


def _message(cause: str, customer_id: str, intent: Mapping[str, Any]) -> Operation:
    identity = str(uuid.uuid5(NAMESPACE, f"{cause}:sms"))
    return Operation(identity, "sms.send", f"SM{identity.replace('-', '')[:14].upper()}", customer_id, intent)
