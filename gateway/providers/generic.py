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
    TEXT_CHARACTERS_MAX,
    Dialect,
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

    def close(self) -> None:
        """It holds nothing open."""
