"""USSD over SMPP: `ussd_service_op` (SMPP 3.4, 5.3.2.44) says what a message is to a session.

    deliver_sm op 1 PSSR indication   a session begins; the text is what was dialled
    submit_sm  op 2 USSR request      a screen that waits for an answer
    deliver_sm op 18 USSR confirm     the answer
    submit_sm  op 17 PSSR response    the last screen

`its_session_info` (5.3.2.43) numbers session and message: one octet each, the lowest bit of the second says that the
session ends. A session's number is one of 256 and comes again; its phone and its beginning tell them apart.
"""

from dataclasses import dataclass

from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers.contract import TEXT_CHARACTERS_MAX, phone_of, split_code
from gateway.smpp.texts import Default, encoded, heard
from gateway.smpp.wire import ITS_SESSION_INFO, USSD_SERVICE_OP, Deliver, Submit

BEGINS, ANSWERS = 1, 18
ASKS, CLOSES = 2, 17
NOTES = frozenset({19})
"""USSN confirm: a phone has shown something that wants no answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """A message's session and its number within it."""

    session: int
    number: int
    ends: bool


def place_of(message: Deliver) -> Place:
    """Raises NotACallback for a session that is not two octets; without one it is session 0."""
    info = message.tlvs.get(ITS_SESSION_INFO, b"\0\0")
    if len(info) != 2:
        raise NotACallback("its_session_info is not two octets")
    return Place(info[0], info[1] >> 1, bool(info[1] & 1))


def hop_of(link: str, message: Deliver, codes: tuple[str, ...], default: Default = "gsm") -> Inbound | Ended | None:
    """A hop, or that the caller is gone; None wants no answer. Raises NotACallback for what no phone says."""
    operation = int.from_bytes(message.tlvs[USSD_SERVICE_OP])
    if operation in NOTES:
        return None
    place = place_of(message)
    msisdn = phone_of({"source_addr": message.sender}, "source_addr")
    session = f"{msisdn.removeprefix('+')}-{place.session}"
    if place.ends:
        return Ended(link, msisdn, session, codes[0], "incomplete", said="ended by the carrier")
    if operation not in {BEGINS, ANSWERS}:
        raise NotACallback(f"ussd_service_op {operation} is nothing a phone says")
    typed = heard(message, default).text.strip()[:TEXT_CHARACTERS_MAX]
    text = split_code(typed, codes)[1] if operation == BEGINS else typed
    return Inbound(
        provider=link,
        msisdn=msisdn,
        session_ref=session,
        code=codes[0],
        text=text,
        is_cumulative=False,
        sequence=str(place.number) if ITS_SESSION_INFO in message.tlvs else "",
        is_opening=operation == BEGINS,
    )


def screen_of(message: Deliver, reply: Reply, default: Default = "gsm") -> Submit:
    """The screen that answers a message."""
    place = place_of(message)
    payload, coding = encoded(reply.text, default)
    operation = CLOSES if reply.is_final else ASKS
    info = bytes((place.session, (place.number << 1 | reply.is_final) & 0xFF))
    return Submit(
        to=message.sender,
        sender=message.to,
        payload=payload,
        coding=coding,
        tlvs={USSD_SERVICE_OP: bytes((operation,)), ITS_SESSION_INFO: info},
        service_type="USSD",
        wants_receipt=False,
    )
