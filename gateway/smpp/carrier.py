"""SMS through a link, as one of the carriers: what the centre's answer means for the message."""

import itertools
import random

from gateway.config import SmppLink
from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, SentSms
from gateway.smpp.link import Link
from gateway.smpp.receipts import answered_as
from gateway.smpp.texts import submits
from gateway.smpp.wire import LATER, OF_THE_PHONE, OF_THE_SENDER, OK, THROTTLED, Submit, Submitted


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
                last = await self._link.submit(part)
                _demand(self.name, last)
            except (Rejected, Unavailable) as error:
                if number:
                    raise Uncertain(f"{self.name}: {number} of {len(parts)} parts have left") from error
                raise
        return SentSms(answered_as(last.message_id, its.report_ids), "", envelope.sender)


def _demand(name: str, answer: Submitted) -> None:
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
