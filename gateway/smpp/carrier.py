"""SMS through a link, as one of the carriers: what the centre's answer means for the message."""

import asyncio
import itertools
import random
from collections.abc import Sequence

from gateway.config import SmppLink
from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, SentSms
from gateway.smpp.link import Link
from gateway.smpp.receipts import answered_as
from gateway.smpp.texts import submits
from gateway.smpp.wire import LATER, OF_THE_PHONE, OF_THE_SENDER, OK, THROTTLED, Submit, Submitted

AGAIN_AFTER = (0.1, 0.3, 1.0, 3.0)
"""Seconds before a part is offered again; a lost link is back by then too."""


class SmppCarrier:
    """Speaks `send_sms`. The report on a text in parts is that on its last part."""

    def __init__(self, link: Link, settings: SmppLink) -> None:
        self.name = link.name
        self._link = link
        self._settings = settings
        self._references = itertools.count(random.randrange(0x10000))

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        """Raises Unavailable, Throttled and Rejected while nothing has left, Uncertain from then on."""
        its = self._settings
        envelope = Submit(message.msisdn.removeprefix("+"), message.sender or its.sender)
        parts = submits(envelope, message.text, reference=next(self._references), long=its.long, default=its.alphabet)
        last = Submitted(OK, "")
        for number, part in enumerate(parts):
            try:
                last = await self._submitted(part, AGAIN_AFTER if number else ())
            except (Rejected, Unavailable) as error:
                if number:
                    raise Uncertain(f"{self.name}: {number} of {len(parts)} parts have left") from error
                raise
        return SentSms(answered_as(last.message_id, its.report_ids), "", envelope.sender)

    async def _submitted(self, part: Submit, waits: Sequence[float]) -> Submitted:
        """Once those before it have left, a part that the centre puts off is offered again: given up, the whole text
        would be in doubt, and a receipt would come twice."""
        for wait in waits:
            try:
                return _demanded(self.name, await self._link.submit(part))
            except Unavailable:
                await asyncio.sleep(wait)
        return _demanded(self.name, await self._link.submit(part))


def _demanded(name: str, answer: Submitted) -> Submitted:
    """SMPP 3.4, 5.1.3. A status that says nothing of who is to blame is the message's own."""
    status = answer.status
    if status in THROTTLED:
        raise Throttled(f"{name}: too fast")
    if status in LATER:
        raise Unavailable(f"{name}: refused for now", code=f"{status:#x}")
    if status in OF_THE_PHONE:
        raise Rejected(f"{name}: not a phone it carries to", f"{status:#x}")
    if status in OF_THE_SENDER:
        raise Rejected(f"{name}: the sender is not accepted", "sender")
    if status != OK:
        raise Rejected(f"{name}: refused with {status:#x}", f"{status:#x}")
    return answer
