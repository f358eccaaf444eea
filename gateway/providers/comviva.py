"""The GET dialect of Comviva's gateway, as several carriers in the region run it: the last answer, each hop.

    GET ?MSISDN=254711000001&SessionId=g5767fnn5&INPUT=*383%23
    Freeflow: FC
    Nyota: Amina

    GET ?MSISDN=254711000001&clean=clean-session&status=522

The first `INPUT` is what was dialled. `Freeflow: FC` keeps the session, `FB` ends it. `clean` says that the caller is
gone; it may come without a session. Names are those seen in public integrations; no official document was found, so try
them with the carrier before going live.
"""

from collections.abc import Mapping

from pydantic import Field

from gateway.config import Carrier
from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers.contract import TEXT_CHARACTERS_MAX, Dialect, Written, phone_of, session_of, split_code


class Settings(Carrier):
    """It does not number its hops."""

    repeats_within_ms: int = Field(300, ge=0, le=2000)
    """The same answer again, sooner than a hand could type it, is the carrier's repeat."""


class Provider:
    """One code on a Comviva gateway."""

    name = "comviva"
    accepts: frozenset[Dialect] = frozenset({"query"})

    def __init__(self, settings: Settings, codes: tuple[str, ...]) -> None:
        self.callback_token = settings.callback_token.get_secret_value()
        self.open_callbacks = settings.open_callbacks
        self._repeats_within_ms = settings.repeats_within_ms
        self._codes = codes

    def parse_ussd(self, fields: Mapping[str, str]) -> Inbound | Ended:
        """One hop, or that the caller is gone. Raises NotACallback naming the field that is missing or malformed."""
        if "clean" in fields:
            return self.parse_end(fields)
        typed = fields.get("INPUT", "").strip()[:TEXT_CHARACTERS_MAX]
        opened = self._opened(typed)
        code, text = opened or (self._codes[0], typed)
        return Inbound(
            provider=self.name,
            msisdn=phone_of(fields, "MSISDN"),
            session_ref=session_of(fields, "SessionId"),
            code=code,
            text=text,
            is_cumulative=False,
            is_opening=opened is not None,
            repeats_within_ms=self._repeats_within_ms,
        )

    def reply_ussd(self, reply: Reply) -> Written:
        return Written("text/plain", reply.text, {"Freeflow": "FB" if reply.is_final else "FC"})

    def parse_end(self, fields: Mapping[str, str]) -> Ended:
        """The caller is gone; `status` is the gateway's own number for why."""
        if "clean" not in fields:
            raise NotACallback("clean is missing")
        session_ref = session_of(fields, "SessionId") if fields.get("SessionId") else ""
        status = fields.get("status", "")[:40]
        return Ended(
            self.name, phone_of(fields, "MSISDN"), session_ref, self._codes[0], "incomplete", said=status or "clean"
        )

    def close(self) -> None:
        """It holds nothing open."""

    def _opened(self, typed: str) -> tuple[str, str] | None:
        """Code and what was dialled after it, if this is a dialled string: nobody can type one into a session."""
        code, dialled = split_code(typed, self._codes)
        return (code, dialled) if code in self._codes and typed else None
