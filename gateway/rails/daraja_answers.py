"""What Daraja says at once to a call: taken on, or one of a hundred ways of not doing it.

    HTTP 500
    {"requestId": "1234-5678901-2", "errorCode": "500.001.1001",
     "errorMessage": "The transaction is being processed"}

Only what is refused before M-PESA saw it is a refusal. Where a code means many things, the message decides.
"""

from dataclasses import dataclass, field

from gateway.errors import NyotaError, Rejected, Throttled, Uncertain
from gateway.rails.daraja_bodies import Fields, harmless
from gateway.rails.daraja_codes import DONE, LOCKED, Table, meaning_of

CODE_CHARACTERS_MAX = 16
DEAD_TOKEN_CODES = ("400.003.01", "401.", "404.001.03", "404.001.04")
THROTTLED_CODES = frozenset({"500.003.02", "500.003.03"})
DOOR_CODES = ("400.", "403.", "404.", "405.")
"""Refused by validation, permission or path: the call went no further."""
DOOR_FAULTS = ("keymanagement.", "oauth.", "policies.")
"""Faults of the API gateway's own checks, which it makes before it passes a call on."""

NO_PRODUCT = "no apiproduct match"
LOCKED_PHONE = "unable to lock subscriber"
SET_UP_WRONG = ("merchant does not exist", "wrong credentials")
STILL_OPEN = ("transaction is being processed", "still under processing", "transaction does not exist")
REPEATED_ID = "duplicate originatorconversationid"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. `fields` is empty for a page of HTML, nothing at all, or anything else unreadable."""

    status: int
    fields: Fields = field(repr=False)

    @property
    def code(self) -> str:
        """Daraja's own code, or the API gateway's; empty when it gives none."""
        detail = self.fields.inner("fault").inner("detail")
        return self.fields.text("errorCode") or detail.text("errorcode")

    @property
    def message(self) -> str:
        """Lower-case, for comparing. It may contain a token or a phone number: never keep it."""
        fault = self.fields.inner("fault").text("faultstring")
        return (self.fields.text("errorMessage") or fault).lower()

    @property
    def is_token_refused(self) -> bool:
        """The call went no further than the door. An app without the product is no matter of its token."""
        if NO_PRODUCT in self.message:
            return False
        return self.status == 401 or self.code.startswith(DEAD_TOKEN_CODES)

    @property
    def is_throttled(self) -> bool:
        told = ("spike arrest", "quota violation", "system is busy")
        named = self.code in THROTTLED_CODES or self.code.startswith("policies.ratelimit.")
        return self.status == 429 or named or any(words in self.message for words in told)

    @property
    def is_repeated_id(self) -> bool:
        """B2C: a request with this id was accepted before."""
        return REPEATED_ID in self.message or self.fields.text("ResponseCode") == "15"

    @property
    def is_still_open(self) -> bool:
        """A query has no answer yet. That a transaction does not exist is said of known ones, too."""
        said = (self.message, self.fields.text("ResultDesc").lower())
        return any(words in sentence for words in STILL_OPEN for sentence in said)

    @property
    def is_trouble(self) -> bool:
        """The rail has failed, rather than said something."""
        return isinstance(self.refusal(), Uncertain) and not (self.is_still_open or self.is_repeated_id)

    @property
    def _is_refused_at_door(self) -> bool:
        if self.code == "500.001.1001":
            return any(words in self.message for words in SET_UP_WRONG)
        return self.code.startswith((*DOOR_CODES, *DOOR_FAULTS)) or NO_PRODUCT in self.message

    def refusal(self) -> NyotaError | None:
        """Why it was not taken on; None when it looks like an acknowledgement."""
        evidence = {"status": self.status, "error": self.code}
        if self.is_throttled:
            return Throttled("Daraja tells us to slow down", **evidence)
        if LOCKED_PHONE in self.message:
            return Rejected("another M-PESA request is open on that phone", LOCKED, **evidence)
        if self._is_refused_at_door:
            code = self.code if len(self.code) <= CODE_CHARACTERS_MAX else str(self.status)
            return Rejected(f"Daraja refuses the call: {harmless(self.message)}", code, **evidence)
        if self.code or self.status != 200:
            return Uncertain("Daraja failed, and does not say what became of the call", **evidence)
        return None

    def demand_acknowledged(self, table: Table) -> None:
        """Raises whatever else it is; a response code other than `0` is read by `table`."""
        if refusal := self.refusal():
            raise refusal
        code = self.fields.text("ResponseCode")[:CODE_CHARACTERS_MAX]
        if code == DONE:
            return
        meaning = meaning_of(code, table)
        if meaning.kind == "refused":
            raise Rejected(f"Daraja did not take it on: {meaning.text}", code)
        raise Uncertain("Daraja's acknowledgement could not be understood", status=self.status, response=code)
