"""A carrier that carries nothing: what would be sent is one line in the log, without text, with the phone masked."""

import uuid

import structlog

from gateway.providers.contract import OutgoingSms, SentSms
from gateway.sending.parts import size_of
from menus.values import masked

log = structlog.get_logger("sms")


class LogOnly:
    """Speaks `SmsProvider.send_sms`."""

    name = "log"

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        size = size_of(message.text)
        log.info("not_sent", phone=masked(message.msisdn), alphabet=size.alphabet, parts=size.parts)
        return SentSms(f"log-{uuid.uuid4().hex[:12]}", "")
