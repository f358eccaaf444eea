"""Reports of delivery: optional parameters where the centre sends them, else the text of SMPP 3.4, appendix B.

    id:0123456789 sub:001 dlvrd:001 submit date:2608051042 done date:2608051043 stat:DELIVRD err:000 text:Nyota:

The field is not standard in its details: centres leave parts out and change their case. Some answer a message with a
hexadecimal id and report on it in decimal.
"""

import re
from typing import Literal

from gateway.errors import NotACallback
from gateway.providers.contract import Delivery
from gateway.smpp.wire import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Deliver

Ids = Literal["same", "hex"]
"""`hex`: the answer to a message has its id in hexadecimal, the report on it in decimal."""

STATES = {
    1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD",
}  # fmt: skip
"""`message_state`, 5.2.28."""
MEANINGS = {
    "DELIVRD": "delivered", "EXPIRED": "failed", "DELETED": "failed", "UNDELIV": "failed", "REJECTD": "failed",
    "ENROUTE": "sent", "ACCEPTD": "sent", "UNKNOWN": "sent",
}  # fmt: skip
_FIELD = re.compile(r"\b(id|stat|err):\s*(\S+)", re.IGNORECASE)
_SAID = re.compile(r"\btext:.*", re.IGNORECASE | re.DOTALL)
"""How the message began that it is about: whatever stands there is nobody's id or state."""


def delivery_of(report: Deliver, ids: Ids = "same") -> Delivery:
    """Raises NotACallback without the message's id; a state that nobody knows leaves the message where it is."""
    words = _SAID.sub("", report.payload.decode("latin-1").replace("\0", ""))
    fields = {name.lower(): value for name, value in _FIELD.findall(words)}
    if tag := report.tlvs.get(RECEIPTED_MESSAGE_ID):
        fields["id"] = tag.replace(b"\0", b"").decode("latin-1")
    if state := report.tlvs.get(MESSAGE_STATE):
        fields["stat"] = STATES.get(state[0], "UNKNOWN")
    if not fields.get("id"):
        raise NotACallback("the report names no message")
    status = fields.get("stat", "UNKNOWN").upper()[:40]
    state_of = MEANINGS.get(status, "sent")
    reason = fields.get("err", "")[:40] if state_of == "failed" else ""
    return Delivery(known_as(fields["id"], ids), status, state_of, reason)


def known_as(written: str, ids: Ids) -> str:
    """A report's id as the centre answered it."""
    if ids == "hex" and re.fullmatch(r"[0-9]{1,20}", written):
        return f"{int(written):x}"
    return written[:80]


def answered_as(message_id: str, ids: Ids) -> str:
    """The id of an answer, as reports are compared with it."""
    if ids == "hex" and re.fullmatch(r"[0-9a-fA-F]{1,20}", message_id):
        return f"{int(message_id, 16):x}"
    return message_id[:80]
