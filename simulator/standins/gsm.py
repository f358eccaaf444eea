"""GSM 03.38 unpacked, one septet an octet, as a message centre writes it."""

ESCAPE = 0x1B
TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|"} | {
    0x65: "€"
}
_OCTETS = {character: bytes((at,)) for at, character in enumerate(TABLE) if at != ESCAPE} | {
    character: bytes((ESCAPE, at)) for at, character in EXTENSION.items()
}


def encoded(text: str) -> tuple[bytes, int]:
    """Octets and their `data_coding`: UCS-2 where a character is not in the alphabet."""
    if all(character in _OCTETS for character in text):
        return b"".join(_OCTETS[character] for character in text), 0
    return text.encode("utf-16-be"), 8


def decoded(octets: bytes, coding: int) -> str:
    """What a phone shows of it."""
    if coding == 8:
        return octets.decode("utf-16-be", "replace")
    shown, is_escaped = "", False
    for octet in octets:
        if octet == ESCAPE and not is_escaped:
            is_escaped = True
            continue
        plain = TABLE[octet] if octet < len(TABLE) else "?"
        shown += EXTENSION.get(octet, plain) if is_escaped else plain
        is_escaped = False
    return shown
