"""Our own dialect, for aggregators that can choose: JSON, one answer a hop.

    POST {"sessionId": "77012", "phoneNumber": "+254711000001", "serviceCode": "*383#", "input": "", "newSession": true}
    {"message": "Nyota: Amina\\n1 Balance\\n2 Borrow", "continue": true}

`input` is the last answer; with `newSession` it is what was dialled after the code, if anything (`2*1`). `messageId`
may number the hops: the same one again is a repeat. A session that is over is told with
`{"sessionId", "phoneNumber", "serviceCode", "status": "success | incomplete | failed", "cost", "seconds", "hops"}`.
"""

from collections.abc import Mapping

import msgspec
from pydantic import Field

from gateway.config import Carrier
from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers.contract import (
    ID_CHARACTERS_MAX,
    PARTS_MAX,
    TEXT_CHARACTERS_MAX,
    Dialect,
    IncomingSms,
    Written,
    number_of,
    phone_of,
    session_of,
    split_code,
)

END_STATES = frozenset({"success", "incomplete", "failed"})


class Settings(Carrier):
    """Not everybody who speaks it numbers the hops."""

    repeats_within_ms: int = Field(300, ge=0, le=2000)
    """The same answer again, sooner than a hand could type it, is the carrier's repeat."""


class Provider:
    """One link with somebody who speaks our dialect."""

    name = "generic"
    accepts: frozenset[Dialect] = frozenset({"json"})

    def __init__(self, settings: Settings, codes: tuple[str, ...]) -> None:
        self.callback_token = settings.callback_token.get_secret_value()
        self.open_callbacks = settings.open_callbacks
        self._repeats_within_ms = settings.repeats_within_ms
        self._codes = codes

    def parse_ussd(self, fields: Mapping[str, str]) -> Inbound:
        """One hop. Raises NotACallback naming the field that is missing or malformed."""
        code, dialled = split_code(fields.get("serviceCode", "").strip(), self._codes)
        typed = fields.get("input", "")[:TEXT_CHARACTERS_MAX]
        is_opening = fields.get("newSession") == "true"
        return Inbound(
            provider=self.name,
            msisdn=phone_of(fields, "phoneNumber"),
            session_ref=session_of(fields, "sessionId"),
            code=code,
            text="*".join(part for part in (dialled, typed) if part) if is_opening else typed,
            is_cumulative=False,
            sequence=fields.get("messageId", "")[:128],
            is_opening=is_opening,
            repeats_within_ms=self._repeats_within_ms,
        )

    def reply_ussd(self, reply: Reply) -> Written:
        body = {"message": reply.text, "continue": not reply.is_final}
        return Written("application/json", msgspec.json.encode(body).decode())

    def parse_end(self, fields: Mapping[str, str]) -> Ended:
        """That a session is over. Raises NotACallback for a status that is none of the three."""
        status = fields.get("status", "")
        if status not in END_STATES:
            raise NotACallback("status is success, incomplete or failed")
        return Ended(
            provider=self.name,
            msisdn=phone_of(fields, "phoneNumber"),
            session_ref=session_of(fields, "sessionId"),
            code=split_code(fields.get("serviceCode", "").strip(), self._codes)[0],
            status=status,
            said=status,
            cost=fields.get("cost", "")[:20],
            seconds=number_of(fields, "seconds"),
            hops=number_of(fields, "hops"),
            error=fields.get("error", "")[:120],
        )

    def parse_sms(self, fields: Mapping[str, str]) -> IncomingSms:
        """`{"messageId", "phoneNumber", "to", "text"}`, with `{"reference", "part", "parts"}` for a part of a long one.

        Raises NotACallback for parts that cannot be."""
        part, parts = number_of(fields, "part") or 1, number_of(fields, "parts") or 1
        if not 1 <= part <= parts <= PARTS_MAX:
            raise NotACallback(f"part is one of parts, and those are {PARTS_MAX} at most")
        joined = fields.get("reference", "").strip()[:40] if parts > 1 else ""
        if parts > 1 and not joined:  # two messages at one time would be made into one that nobody wrote
            raise NotACallback("reference is missing: which message a part is of")
        return IncomingSms(
            provider=self.name,
            provider_id=fields.get("messageId", "")[:ID_CHARACTERS_MAX],
            msisdn=phone_of(fields, "phoneNumber"),
            short_code=fields.get("to", "")[:20],
            text=fields.get("text", "")[:TEXT_CHARACTERS_MAX],
            link_id=fields.get("linkId", "")[:ID_CHARACTERS_MAX],
            network=fields.get("network", "")[:20],
            joined=joined,
            part=part,
            parts=parts,
        )

    def parse_stop(self, fields: Mapping[str, str]) -> str:
        return phone_of(fields, "phoneNumber")

    def close(self) -> None:
        """It holds nothing open."""
