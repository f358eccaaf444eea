"""What Africa's Talking answers to a request to send, as fates: one per recipient.

    {"SMSMessageData": {"Message": "Sent to 1/1 Total Cost: KES 0.8000", "Recipients": [
        {"statusCode": 101, "number": "+254711000001", "cost": "KES 0.8000", "messageId": "ATXid_1"}]}}

It is 201 with an empty list for a refusal of everybody, a code per recipient, and text instead of a mapping when the
content type carries a charset. Codes: section 4.2 of the provider's reference.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flows.text import msisdn as kenyan
from gateway.errors import NyotaError, Rejected, Throttled, Uncertain
from gateway.providers.contract import COST_CHARACTERS_MAX, SENT_ID_CHARACTERS_MAX, SentSms, storable

SENT_CODES = frozenset({100, 101, 102})
AGAIN_CODES = frozenset({405, 500, 501, 502})
NOT_UNDERSTOOD = "the answer could not be understood"


class Recipient(msgspec.Struct, rename="camel"):
    status_code: int
    number: str = ""
    status: str = ""
    message_id: str = ""
    cost: str = ""


class _Told(msgspec.Struct):
    message: str = msgspec.field(name="Message", default="")
    recipients: list[Recipient] | None = msgspec.field(name="Recipients", default=None)


class _Answer(msgspec.Struct):
    told: _Told = msgspec.field(name="SMSMessageData")


def fate_of_one(answer: Any) -> SentSms:
    """The one recipient's fate, whatever its number is written like. Raises what became of it otherwise."""
    fate = _fate(_accepted(answer)[0])
    if isinstance(fate, NyotaError):
        raise fate
    return fate


def fates(answer: Any, numbers: Sequence[str]) -> Mapping[str, SentSms | NyotaError]:
    """Everybody's fate, whatever their numbers are written like. Whoever the answer does not name may have got it.
    Raises Rejected when nobody was accepted."""
    named = {kenyan(recipient.number) or recipient.number: _fate(recipient) for recipient in _accepted(answer)}
    return {number: named.get(number) or Uncertain(NOT_UNDERSTOOD) for number in numbers}


def refusal(body: str) -> Exception:
    """What an answer means that is no JSON at all."""
    if "authentication is invalid" in body.lower():
        return Rejected("the credentials are not accepted", "401")
    return Uncertain(NOT_UNDERSTOOD)


def _accepted(answer: Any) -> Sequence[Recipient]:
    told = _understood(answer).told
    if not told.recipients:
        raise Rejected("nobody was accepted", storable(told.message, 40))
    return told.recipients


def _fate(recipient: Recipient) -> SentSms | NyotaError:
    code, status = recipient.status_code, storable(recipient.status, 40)
    if code in SENT_CODES:
        known_as = storable(recipient.message_id, SENT_ID_CHARACTERS_MAX)
        return SentSms(known_as, storable(recipient.cost, COST_CHARACTERS_MAX))
    if code in AGAIN_CODES:
        return Throttled(f"refused for now: {status}", code=code)
    return Rejected(f"refused: {status}", str(code))


def _understood(answer: Any) -> _Answer:
    """A mapping, or its text. Anything else may come after the message went out."""
    try:
        if isinstance(answer, (str, bytes)):
            return msgspec.json.decode(answer, type=_Answer, strict=False)
        return msgspec.convert(answer, _Answer, strict=False)
    except msgspec.MsgspecError as error:
        raise Uncertain(NOT_UNDERSTOOD) from error
