"""The GET dialect of Safaricom's gateway and of aggregators that copy it: everything typed so far, each hop.

    GET ?SESSION_ID=77012&MSISDN=254711000001&SERVICE_CODE=*383%23&USSD_STRING=2*1
    CON Quick loan: how much?

Names of fields and prefixes are those seen in public integrations; no official document was found, so try them with the
carrier before going live. `USSD_STRING` of a dialled string may begin with the code itself.
"""

from collections.abc import Mapping

from gateway.config import Carrier
from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers.contract import TEXT_CHARACTERS_MAX, Dialect, Written, phone_of, session_of, split_code


class Settings(Carrier):
    """Nothing but its token."""


class Provider:
    """One code on Safaricom's own gateway."""

    name = "safaricom"
    accepts: frozenset[Dialect] = frozenset({"query"})

    def __init__(self, settings: Settings, codes: tuple[str, ...]) -> None:
        self.callback_token = settings.callback_token.get_secret_value()
        self.open_callbacks = settings.open_callbacks
        self._codes = codes

    def parse_ussd(self, fields: Mapping[str, str]) -> Inbound:
        """One hop. Raises NotACallback naming the field that is missing or malformed."""
        code, dialled = split_code(_dialled(fields.get("SERVICE_CODE", "")), self._codes)
        typed = _without(code, fields.get("USSD_STRING", "")[:TEXT_CHARACTERS_MAX])
        text = "*".join(part for part in (dialled, typed) if part) if dialled else typed
        return Inbound(self.name, phone_of(fields, "MSISDN"), session_of(fields, "SESSION_ID"), code, text)

    def reply_ussd(self, reply: Reply) -> Written:
        return Written("text/plain", f"{'END' if reply.is_final else 'CON'} {reply.text}")

    def parse_end(self, fields: Mapping[str, str]) -> Ended:
        """It tells nobody how a session ended."""
        raise NotACallback("no notifications of ended sessions here")

    def close(self) -> None:
        """It holds nothing open."""


def _dialled(code: str) -> str:
    """A code given without its signs (`383`) as people dial it."""
    bare = code.strip()
    return f"*{bare}#" if bare.isdigit() else bare


def _without(code: str, text: str) -> str:
    """What was typed, without the code it may begin with: `*383*2*1#*500` is `2*1*500`."""
    stem = code.rstrip("#")
    if not text.startswith(stem):
        return text
    dialled, _, typed = text.removeprefix(stem).partition("#")
    return "*".join(part for part in (dialled.strip("*"), typed.removeprefix("*")) if part)
