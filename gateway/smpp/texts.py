"""Texts as octets and back: the centre's default alphabet, UCS-2, and long texts in parts.

The default alphabet is GSM 03.38 unpacked, one septet an octet (SMPP 3.4, 5.2.19: `data_coding` 0); some centres take
Latin-1 there. Parts carry a user data header (3GPP TS 23.040, 9.2.3.24.1) or optional parameters, or the whole goes in
one `message_payload` and the centre cuts it.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gateway.sending.parts import pieces
from gateway.smpp.wire import (
    HAS_HEADER,
    MESSAGE_PAYLOAD,
    RECEIPTED_MESSAGE_ID,
    SAR_NUMBER,
    SAR_REFERENCE,
    SAR_TOTAL,
    USER_MESSAGE_REFERENCE,
    Deliver,
    Submit,
)
from menus.gsm import BASIC, EXTENSION, is_gsm

Long = Literal["header", "sar", "payload"]
Default = Literal["gsm", "latin1"]

DEFAULT, ASCII, BINARY, LATIN1, UCS2 = 0, 1, 4, 3, 8
ESCAPE = 0x1B
_BASIC = {character: index + (index >= ESCAPE) for index, character in enumerate(BASIC)}
_EXTENSION = dict(zip(EXTENSION, b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", strict=True))
_CHARACTERS = {code: character for character, code in _BASIC.items()}
_EXTENDED = {code: character for character, code in _EXTENSION.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """What a `deliver_sm` says, and its place in a longer text: `reference` is empty for a text that came whole."""

    text: str
    reference: str = ""
    number: int = 1
    total: int = 1


def submits(envelope: Submit, text: str, *, reference: int, long: Long = "header", default: Default = "gsm"
            ) -> Sequence[Submit]:  # fmt: skip
    """A text in as few `submit_sm` as it takes, each with what makes it a part of the whole."""
    payload, coding = encoded(text, default)
    parts = pieces(text, "ucs2" if coding == UCS2 else "gsm7")
    envelope = replace(envelope, coding=coding)
    if len(parts) == 1:
        return [replace(envelope, payload=payload)]
    if long == "payload":
        return [replace(envelope, tlvs={**envelope.tlvs, MESSAGE_PAYLOAD: payload})]
    joined = _with_header if long == "header" else _with_parameters
    return [
        joined(envelope, _octets(part, coding, default), reference, number, len(parts))
        for number, part in enumerate(parts, 1)
    ]


def encoded(text: str, default: Default = "gsm") -> tuple[bytes, int]:
    """Octets and `data_coding`: the default alphabet where every character is in GSM 03.38, UCS-2 else."""
    coding = DEFAULT if is_gsm(text) and (default == "gsm" or _is_latin(text)) else UCS2
    return _octets(text, coding, default), coding


def heard(message: Deliver, default: Default = "gsm") -> Part:
    """The text of a message that came in, and its place if it is a part. Never raises: what is no text is empty."""
    payload, place = message.payload, Part("")
    if message.esm_class & HAS_HEADER:
        payload, place = _without_header(payload)
    elif SAR_REFERENCE in message.tlvs:
        place = _place(message.tlvs[SAR_REFERENCE], message.tlvs.get(SAR_NUMBER, b""), message.tlvs.get(SAR_TOTAL, b""))
    return replace(place, text=decoded(payload, message.coding, default))


def mark_of(message: Deliver) -> str:
    """What its phone (`user_message_reference`) or its centre (`receipted_message_id`) has numbered a message with;
    empty where neither has. Both count again from the beginning at some time."""
    tags = (message.tlvs.get(tag, b"").rstrip(b"\0") for tag in (RECEIPTED_MESSAGE_ID, USER_MESSAGE_REFERENCE))
    return "/".join(tag.hex() for tag in tags if tag)


def decoded(octets: bytes, coding: int, default: Default = "gsm") -> str:
    """Binary and what nobody knows are no text: empty."""
    if coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    if coding in {ASCII, LATIN1} or (coding == DEFAULT and default == "latin1"):
        return octets.decode("latin-1")
    if coding == DEFAULT or coding >= 0xF0:  # a message class: the default alphabet, unless bit 2 says octets
        return "" if coding >= 0xF0 and coding & BINARY else _from_gsm(octets)
    return ""


def _with_header(envelope: Submit, payload: bytes, reference: int, number: int, total: int) -> Submit:
    header = bytes((0x05, 0x00, 0x03, reference & 0xFF, total, number))
    return replace(envelope, payload=header + payload, esm_class=envelope.esm_class | HAS_HEADER)


def _with_parameters(envelope: Submit, payload: bytes, reference: int, number: int, total: int) -> Submit:
    place = {
        SAR_REFERENCE: struct.pack(">H", reference & 0xFFFF),
        SAR_TOTAL: bytes((total,)),
        SAR_NUMBER: bytes((number,)),
    }
    return replace(envelope, payload=payload, tlvs={**envelope.tlvs, **place})


def _without_header(payload: bytes) -> tuple[bytes, Part]:
    """The payload after its user data header, and the place that the header gives it."""
    if not payload or len(payload) <= payload[0]:
        return b"", Part("")
    header, rest = payload[1 : payload[0] + 1], payload[payload[0] + 1 :]
    while len(header) >= 2:
        kind, size = header[0], header[1]
        value, header = header[2 : 2 + size], header[2 + size :]
        if kind in {0x00, 0x08} and len(value) == (3 if kind == 0x00 else 4):
            return rest, _place(value[:-2], value[-1:], value[-2:-1])
    return rest, Part("")


def _place(reference: bytes, number: bytes, total: bytes) -> Part:
    """Nonsense is no place: the text then stands alone."""
    at, of = int.from_bytes(number), int.from_bytes(total)
    return Part("", reference.hex(), at, of) if 1 <= at <= of and of > 1 else Part("")


def _octets(text: str, coding: int, default: Default) -> bytes:
    if coding == UCS2:
        return text.encode("utf-16-be")
    return text.encode("latin-1") if default == "latin1" else _to_gsm(text)


def _to_gsm(text: str) -> bytes:
    octets = bytearray()
    for character in text:
        if character in _EXTENSION:
            octets += bytes((ESCAPE, _EXTENSION[character]))
        else:
            octets.append(_BASIC[character])
    return bytes(octets)


def _from_gsm(octets: bytes) -> str:
    """An unknown escape shows the character itself, as 3GPP TS 23.038 asks; an octet above 7 bits is lost."""
    characters, escaped = list[str](), False
    for octet in octets:
        if octet == ESCAPE and not escaped:
            escaped = True
            continue
        found = _EXTENDED.get(octet) if escaped else None
        characters.append(found or _CHARACTERS.get(octet, "?"))
        escaped = False
    return "".join(characters)


def _is_latin(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
