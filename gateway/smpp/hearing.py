"""What comes in over a link: reports of delivery, what people write, and sessions on the phone.

A message is acknowledged once it is kept. While the database is away that is on disk, in the order it came; what may
hold a PIN never goes there, so the centre is asked to send it again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import structlog

from gateway.clock import Clock
from gateway.config import SmppLink
from gateway.conversation import Conversation
from gateway.endings import Endings
from gateway.errors import NotACallback, NyotaError, Unavailable, Uncertain
from gateway.inbound import Ended
from gateway.providers.contract import Delivery, IncomingSms, phone_of
from gateway.smpp.link import Link
from gateway.smpp.receipts import delivery_of
from gateway.smpp.texts import heard, mark_of
from gateway.smpp.ussd import hop_of, screen_of
from gateway.smpp.wire import NOT_NOW, OK, Deliver
from gateway.spool import Spool

REPORT, MESSAGE = "report", "message"

log = structlog.get_logger("smpp")


@dataclass(frozen=True, slots=True)
class Heard:
    """A report or a message as it was read, to be kept later. `received_at` is in milliseconds."""

    purpose: str
    link: str
    content: Mapping[str, Any]
    received_at: int


class Inbox(Protocol):
    async def received(self, sms: IncomingSms, at: int | None = None) -> None: ...
    def may_wait(self, sms: IncomingSms) -> bool: ...


class Reports(Protocol):
    async def keep(self, provider: str, report: Delivery) -> None: ...


@dataclass(frozen=True, slots=True)
class Ears:
    """What every link hears with."""

    inbox: Inbox
    reports: Reports
    spool: Spool[Heard]
    clock: Clock
    codes: tuple[str, ...]


class Hearing:
    """Reads one link for as long as it runs. Whatever one message does, the next is heard."""

    def __init__(self, link: Link, settings: SmppLink, ears: Ears) -> None:
        self._link = link
        self._settings = settings
        self._ears = ears

    async def run(self, conversation: Conversation, endings: Endings) -> None:
        async def take(message: Deliver) -> int:
            return await self.taken(message, conversation, endings)

        await self._link.run(take)

    async def taken(self, message: Deliver, conversation: Conversation, endings: Endings) -> int:
        """What it is acknowledged with. What nobody understands is taken: sent again it would be the same."""
        try:
            if message.is_ussd:
                await self._session(message, conversation, endings)
                return OK
            return await self._kept(self._read(message))
        except NotACallback as error:
            log.warning("not_understood", link=self._link.name, reason=str(error))
            return OK
        except NyotaError as error:
            log.warning("not_handled", link=self._link.name, reason=str(error)[:200])
        except Exception:  # one broken message must not end the link
            log.exception("message_broken", link=self._link.name)
        return NOT_NOW

    def _read(self, message: Deliver) -> Heard:
        """Raises NotACallback."""
        if message.is_receipt:
            purpose, content = REPORT, asdict(delivery_of(message, self._settings.report_ids))
        else:
            purpose, content = MESSAGE, asdict(self._written(message))
        return Heard(purpose, self._link.name, content, self._ears.clock())

    def _written(self, message: Deliver) -> IncomingSms:
        part = heard(message, self._settings.alphabet)
        return IncomingSms(
            self._link.name, "", phone_of({"source_addr": message.sender}, "source_addr"), message.to, part.text,
            joined=part.reference, part=part.number, parts=part.total, mark=mark_of(message),
        )  # fmt: skip

    async def _kept(self, item: Heard) -> int:
        """Behind what waits already, so that the order stays. Raises OSError when the disk cannot take it either."""
        if not self._ears.spool.is_waiting:
            try:
                await kept(self._ears, item)
            except (Unavailable, Uncertain) as outage:
                log.warning("not_kept", link=self._link.name, reason=str(outage)[:200])
            except Exception:  # ours to mend: it waits on disk for a person
                log.exception("message_broken", link=self._link.name)
            else:
                return OK
        if item.purpose == MESSAGE and not self._ears.inbox.may_wait(IncomingSms(**item.content)):
            return NOT_NOW
        await self._ears.spool.put(item)
        return OK

    async def _session(self, message: Deliver, conversation: Conversation, endings: Endings) -> None:
        """The last screen is not waited for: nobody sees what becomes of it."""
        if not self._settings.ussd:
            raise NotACallback("sessions are not open on this link")
        hop = hop_of(self._link.name, message, self._ears.codes, self._settings.alphabet)
        if isinstance(hop, Ended):
            await endings.noted(hop)
        elif hop is not None:
            reply = await conversation.answer(hop)
            shown = await self._link.submit(screen_of(message, reply, self._settings.alphabet))
            if shown.status != OK:
                log.warning("not_shown", link=self._link.name, status=f"{shown.status:#x}")


async def kept(ears: Ears, item: Heard) -> None:
    """Keeping it twice is keeping it once. Raises Unavailable or Uncertain."""
    if item.purpose == REPORT:
        await ears.reports.keep(item.link, Delivery(**item.content))
    else:
        await ears.inbox.received(IncomingSms(**item.content), item.received_at)
