"""What crosses an SMPP link, without the library that carries it: `submit_sm` from us, `deliver_sm` to us.

Tags and codes are those of SMPP 3.4 (issue 1.2), sections 5.1.3 and 5.3.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

USSD_SERVICE_OP = 0x0501
ITS_SESSION_INFO = 0x1383
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427
RECEIPTED_MESSAGE_ID = 0x001E
USER_MESSAGE_REFERENCE = 0x0204
SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER = 0x020C, 0x020E, 0x020F

HAS_HEADER = 0x40
"""In `esm_class`: the payload begins with a user data header."""

OK, QUEUE_FULL, NOT_NOW, REFUSED = 0x00, 0x14, 0x64, 0x66
"""What we say of a message: taken; again later because we have our hands full, or cannot keep it now
(ESME_RX_T_APPN); never again (ESME_RX_R_APPN)."""
THROTTLED = frozenset({0x14, 0x58})
"""ESME_RMSGQFUL, ESME_RTHROTTLED: the same again, later."""
LATER = frozenset({0x08, 0x45, 0x64})
"""ESME_RSYSERR, ESME_RSUBMITFAIL, ESME_RX_T_APPN: not taken, and not because of this message."""
OF_THE_PHONE = frozenset({0x0B, 0x50, 0x51})
"""ESME_RINVDSTADR and a destination's type or plan."""
OF_THE_SENDER = frozenset({0x0A, 0x48, 0x49})
"""ESME_RINVSRCADR and a source's type or plan."""


@dataclass(frozen=True, slots=True)
class Submit:
    """One `submit_sm`. `to` is digits; `payload` is short_message, at most 254 octets."""

    to: str
    sender: str
    payload: bytes = b""
    coding: int = 0
    esm_class: int = 0
    tlvs: Mapping[int, bytes] = field(default_factory=dict)
    service_type: str = ""
    wants_receipt: bool = True

    @property
    def is_ussd(self) -> bool:
        return USSD_SERVICE_OP in self.tlvs


@dataclass(frozen=True, slots=True)
class Deliver:
    """One `deliver_sm`. `payload` is short_message, or message_payload where the text is in there."""

    sender: str
    to: str
    payload: bytes
    coding: int = 0
    esm_class: int = 0
    tlvs: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def is_receipt(self) -> bool:
        """Bits 5 to 2 of `esm_class`: 0001 is a report of delivery, 1000 one on the way there."""
        return self.esm_class & 0x3C in {0x04, 0x20}

    @property
    def is_ussd(self) -> bool:
        return USSD_SERVICE_OP in self.tlvs


@dataclass(frozen=True, slots=True)
class Submitted:
    """The centre's answer: `status` 0 took it, as `message_id`."""

    status: int
    message_id: str
