"""What every rail speaks: requests that carry our own id, acknowledgements, and results of a closed set of kinds.

An acknowledgement is never a payment. Adapters know values and the errors of `gateway.errors`: `Unavailable` and
`Throttled` when provably nothing happened, `Rejected` for a final refusal, `Uncertain` for everything that may
have been carried out. They know neither the database nor the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gateway.errors import Unavailable

Class = Literal["done", "pending", "refused", "uncertain"]
Words = Literal["paid", "cancelled", "wrong_pin", "timeout", "low", "busy", "unpaid", "refused", "uncertain", "checked"]
"""`checked`: people have found out that nothing was paid."""


class Held(Unavailable):
    """We have not even asked: the rail was found away, or enough was asked of it just now. Come again after `in_ms`."""

    def __init__(self, message: str, in_ms: int) -> None:
        super().__init__(message, in_ms=in_ms)
        self.in_ms = in_ms


@dataclass(frozen=True, slots=True)
class Collect:
    """Ask a phone for money. `id` is ours; the rail may not take it, so the callback URL carries it too."""

    id: str
    msisdn: str
    amount_cents: int
    reference: str
    description: str
    callback_url: str


@dataclass(frozen=True, slots=True)
class Disburse:
    """Pay a phone. The rail refuses a second request with the same `id`."""

    id: str
    msisdn: str
    amount_cents: int
    remarks: str
    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Ask what became of a payment, by our id and, where known, by the rail's. The answer comes to `result_url`."""

    id: str
    rail_id: str | None
    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Taken on by the rail under its own id; nothing has moved yet.

    `is_repeat`: it was taken on before under our id, and the rail does not say its own again.
    """

    rail_id: str
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What the rail says became of a request.

    `kind` classifies it: `done` money moved; `refused` final, it did not; `pending` not settled; `uncertain` says
    nothing either way. `words` picks the customer's message. A receipt is only there when money moved;
    `name` is whoever has received it, where the rail tells.
    """

    kind: Class
    code: str
    words: Words
    description: str
    receipt: str | None = None
    amount_cents: int | None = None
    msisdn: str | None = None
    rail_id: str | None = None
    our_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """Money that reached our shortcode, as a confirmation or a list of the rail's own transactions tells it.

    `payer` is the phone as given: plain, masked or hashed. `at` is in milliseconds.
    """

    receipt: str
    shortcode: str
    amount_cents: int
    account: str
    payer: str
    at: int


class Rail(Protocol):
    """Ask, pay, question, and read what comes back. Every method may raise the errors named above."""

    name: str
    shortcode: str

    async def collect(self, request: Collect) -> Acknowledged: ...

    async def disburse(self, request: Disburse) -> Acknowledged: ...

    async def query_collect(self, rail_id: str) -> Result:
        """What became of a request for money. `pending` while nobody knows; never a guess."""

    async def ask_status(self, request: AskStatus) -> Acknowledged: ...

    async def received_between(self, start: int, end: int) -> list[Received]:
        """The rail's own list of money received, both ends in milliseconds."""

    def parse_callback(self, purpose: str, body: Mapping[str, Any]) -> Result | Received:
        """Read a callback. Raises `NotACallback` for a body that is not one."""

    async def close(self) -> None: ...
