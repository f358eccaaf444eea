"""`sms.send`: write the text in the customer's language, hand it to the provider, keep what became of it.

No carrier has a key that makes a repeat harmless. A receipt is therefore sent at least once: after a crash or a
time-out between handing over and noting it, it may come twice, never not at all. A code or a reminder is not sent
again in doubt: see `gateway.sending.ranks`.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.codes import Codes
from gateway.clock import Clock, local, local_date
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.notices.values import typed
from gateway.operations.outcome import Done, Later, Outcome, Refused, Retry
from gateway.operations.playbook import Playbook, Work
from gateway.papers.links import Links
from gateway.providers.contract import OutgoingSms
from gateway.sending.carriers import Carriers, Slow
from gateway.sending.parts import size_of
from gateway.sending.quiet import Quiet
from gateway.sending.ranks import lane_of, manner_of
from gateway.store import customers, messages
from gateway.store.engine import Store
from menus.catalogue import Catalogue
from menus.gsm import to_gsm

NEVER = Quiet(time(), time())
IN_DOUBT = "uncertain"

IsMoot = Callable[[AsyncConnection, Mapping[str, Any], int], Awaitable[bool]]
"""Whether a message that waited has nothing to say any more: what it is about, and the moment in ms."""


class SendStep:
    """The one step of a message."""

    name = "send"

    def __init__(
        self, carriers: Carriers, store: Store, catalogue: Callable[[], Catalogue], clock: Clock,
        codes: Codes | None = None, links: Links | None = None, quiet: Quiet = NEVER,
        is_moot: IsMoot | None = None,
    ) -> None:  # fmt: skip
        self._is_moot = is_moot
        self._codes = codes
        self._links = links
        self._quiet = quiet
        self._carriers = carriers
        self._store = store
        self._catalogue = catalogue
        self._clock = clock

    async def attempt(self, work: Work) -> Outcome:
        manner, now = manner_of(work.intent["template"]), self._clock()
        if now - work.created_at > manner.expires_ms:
            return Refused("expired", "too late to be of use")
        if manner.keeps_quiet and (silence := self._quiet.ends_after(local(now))):
            return Later(round(silence.total_seconds() * 1000), "not at this hour")
        if await self._has_nothing_to_say(work, now):
            return Refused("moot", "what it was about is over")
        text = await self._with_secret(work, await self._written(work))
        if text is None:
            return Refused("expired", "the code or link in it is good no more")
        try:
            handed = await self._carriers.hand_over(OutgoingSms(work.intent["to"], text))
        except Unavailable as error:
            return Retry(str(error), error.evidence, is_outage=True)
        except Uncertain as error:
            if not manner.is_repeated:
                return Refused(IN_DOUBT, f"not sent again: {error}", error.evidence)
            return Retry(f"at least once: {error}", error.evidence)
        except Rejected as error:
            return Refused(error.code, str(error))
        if isinstance(handed, Slow):
            return Later(handed.wait_ms, "as fast as the carriers take it")
        return Done({"provider": handed.carrier, "provider_id": handed.sent.provider_id, "cost": handed.sent.cost})

    async def _has_nothing_to_say(self, work: Work, now: int) -> bool:
        about = work.intent.get("about")
        if about is None or self._is_moot is None:
            return False
        async with self._store.begin() as connection:
            return await self._is_moot(connection, about, now)

    async def _with_secret(self, work: Work, text: str) -> str | None:
        """What leaves us: a one-time code or a link is in no text that is kept."""
        code_id, link_id = work.intent.get("code"), work.intent.get("link")
        if link_id is not None and self._links is not None:
            return await self._links.filled(link_id, text)
        if code_id is None or self._codes is None:
            return text
        return await self._codes.filled(code_id, text)

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Keep what became of the message beside the operation."""
        values: dict[str, object] = {"updated_at": now}
        if isinstance(outcome, Done):
            values |= {**outcome.data, "state": "sent"}
        elif isinstance(outcome, Refused):
            values |= {"state": "uncertain" if outcome.code == IN_DOUBT else "failed", "reason": outcome.reason[:80]}
        await messages.noted(connection, work.id, **values)
        if isinstance(outcome, Done) and outcome.data["provider_id"]:
            provider, identity = str(outcome.data["provider"]), str(outcome.data["provider_id"])
            await messages.catch_up(connection, provider, identity, now)
        return outcome

    async def _written(self, work: Work) -> str:
        """The text, written once and kept: a second try says the same."""
        async with self._store.begin() as connection:
            text = await messages.text_of(connection, work.id)
            if text is not None:
                return text
            language = work.intent["language"] or await _language(connection, work.customer_id)
            now = self._clock()
            values = typed(work.intent["values"], local_date(now))
            text = to_gsm(self._catalogue().message(language, work.intent["template"], values))
            await messages.written(
                connection,
                id=work.id,
                customer_id=work.customer_id or None,
                msisdn=work.intent["to"],
                template=work.intent["template"],
                language=language,
                text=text,
                parts=size_of(text).parts,
                created_at=now,
                updated_at=now,
            )
        return text


def playbook(send: SendStep) -> Playbook:
    return Playbook(
        kind="sms.send",
        steps=(send,),
        lane=lambda _, intent: lane_of(intent["template"], intent["to"]),
        rank=lambda intent: manner_of(intent["template"]).priority,
    )


async def _language(connection: AsyncConnection, customer_id: str) -> str:
    customer = await customers.find(connection, customer_id)
    return str(customer.language) if customer else ""
