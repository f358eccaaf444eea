"""In which forms a message may leave through a carrier, the best first. Pure.

An answer leaves from the short code that was written to, through who has that code for us: only so can it be answered.
Everywhere else, and where the code or the link is refused, it leaves as any other message. A refusal of the form says
that nothing went out, and nothing about the message.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.errors import Rejected
from gateway.providers.contract import OutgoingSms

OF_THE_FORM = frozenset({"402", "InvalidSenderId", "InvalidLinkId", "sender"})
"""Refusals of who speaks, or of the link."""


def forms(message: OutgoingSms, carrier: str) -> Sequence[OutgoingSms]:
    """Charged to the link, from the short code, plain: those of them that this carrier may be handed."""
    reply = message.reply
    if reply is None:
        return (message,)
    plain = replace(message, reply=None)
    if reply.carrier != carrier:
        return (plain,)
    from_code = replace(plain, sender=reply.short_code)
    if not reply.link_id:
        return from_code, plain
    return replace(from_code, link_id=reply.link_id, keyword=reply.keyword), from_code, plain


def is_of_the_form(error: object) -> bool:
    return isinstance(error, Rejected) and error.code in OF_THE_FORM
