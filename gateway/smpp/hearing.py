"""What comes in over a link: reports of delivery, what people write, and sessions on the phone."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

import structlog

from gateway.clock import Clock
from gateway.config import SmppLink
from gateway.conversation import Conversation
from gateway.endings import Endings
from gateway.errors import NotACallback, NyotaError, Unavailable, Uncertain
from gateway.inbound import Ended
from gateway.providers.contract import IncomingSms, phone_of
from gateway.smpp.link import Link
from gateway.smpp.receipts import delivery_of
from gateway.smpp.texts import heard
from gateway.smpp.ussd import hop_of, screen_of
from gateway.smpp.wire import OK, Deliver
from gateway.store import messages
from gateway.store.engine import Store

AT_ONCE = 500
"""Messages in hand; while there are so many the centre has to wait."""
FIRST_WAIT_SECONDS, WAIT_SECONDS_MAX = 0.5, 64.0
"""The centre has its acknowledgement already: what cannot be kept now is tried again for two minutes."""

log = structlog.get_logger("smpp")


class Inbox(Protocol):
    async def received(self, sms: IncomingSms) -> None: ...


class Hearing:
    """Reads one link for as long as it runs. Whatever one message does, the next is heard."""

    def __init__(
        self, link: Link, settings: SmppLink, codes: tuple[str, ...], inbox: Inbox, store: Store, clock: Clock
    ) -> None:
        self._link = link
        self._settings = settings
        self._codes = codes
        self._inbox = inbox
        self._store = store
        self._clock = clock

    async def run(self, conversation: Conversation, endings: Endings) -> None:
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group, aclosing(self._link.heard()) as heard:
            async for message in heard:
                await room.acquire()
                task = group.create_task(self._handled(message, conversation, endings))
                task.add_done_callback(lambda _: room.release())

    async def _handled(self, message: Deliver, conversation: Conversation, endings: Endings) -> None:
        try:
            if message.is_ussd:
                await self._session(message, conversation, endings)
            elif message.is_receipt:
                await self._kept(lambda: self._report(message))
            else:
                await self._kept(lambda: self._message(message))
        except NotACallback as error:
            log.warning("not_understood", link=self._link.name, reason=str(error))
        except NyotaError as error:
            log.warning("not_handled", link=self._link.name, reason=str(error)[:200])
        except Exception:  # one broken message must not end the link
            log.exception("message_broken", link=self._link.name)

    async def _session(self, message: Deliver, conversation: Conversation, endings: Endings) -> None:
        """The last screen is not waited for: nobody sees what becomes of it."""
        if not self._settings.ussd:
            raise NotACallback("sessions are not open on this link")
        hop = hop_of(self._link.name, message, self._codes, self._settings.alphabet)
        if isinstance(hop, Ended):
            await endings.noted(hop)
        elif hop is not None:
            reply = await conversation.answer(hop)
            shown = await self._link.submit(screen_of(message, reply, self._settings.alphabet))
            if shown.status != OK:
                log.warning("not_shown", link=self._link.name, status=f"{shown.status:#x}")

    async def _report(self, message: Deliver) -> None:
        report = delivery_of(message, self._settings.report_ids)
        async with self._store.begin() as connection:
            await messages.reported(connection, self._link.name, report, self._clock())

    async def _message(self, message: Deliver) -> None:
        msisdn = phone_of({"source_addr": message.sender}, "source_addr")
        part = heard(message, self._settings.alphabet)
        sms = IncomingSms(
            self._link.name, "", msisdn, message.to, part.text,
            joined=part.reference, part=part.number, parts=part.total,
        )  # fmt: skip
        await self._inbox.received(sms)

    async def _kept(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Keeping it twice is keeping it once. Raises Unavailable or Uncertain when it could not be for too long."""
        wait = FIRST_WAIT_SECONDS
        while True:
            try:
                await keep()
            except (Unavailable, Uncertain):
                if wait > WAIT_SECONDS_MAX:
                    raise
            else:
                return
            await asyncio.sleep(wait)
            wait *= 2
