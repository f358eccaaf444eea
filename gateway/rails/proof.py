"""What is known of a pay-out, and what that allows: the one place that says when it may be sent again.

| what is known | then |
|---|---|
| nothing was sent yet | it may be sent |
| the rail is settled about it: paid, or refused with a proof that nothing moved | done, or refused |
| the first sending was turned away before the rail took it on (away, throttled) | it may be sent again |
| the first sending was refused at the door | refused: nothing was taken on |
| taken on, unanswered, or any answer that says neither yes nor no | ask |
| a question or a probe was not answered | ask: of the sending before it this says nothing |
| a question was refused | a person: the rail will not say |
| nobody could say for as long as we ask | a person |

Silence, an unknown code, a repeated id and an outage after the first sending are no proof of anything. Pure.
"""

from dataclasses import dataclass
from typing import Literal

from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.rails.contract import Class

Next = Literal["may_retry", "ask", "done", "refused", "person"]
State = Literal["unsent", "sent", "paid", "refused"]
"""Of our own record: nothing has left us; it has, and nothing is settled; settled either way."""
Answer = Literal["none", "taken_on", "repeated", "away", "throttled", "refused", "unclear"]
"""What the call that was just made came to. `none`: no call was made, or it never came back."""
Call = Literal["sending", "asking"]
"""The first sending, or anything after it: a probe with the same id, a question about its status."""

TURNED_AWAY = frozenset({"away", "throttled"})


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of one pay-out.

    `result` is what a callback, a status or a statement says became of it; `is_over` is that asking has been given up.
    """

    state: State
    call: Call = "sending"
    answer: Answer = "none"
    result: Class | None = None
    is_over: bool = False


def following(seen: Seen) -> Next:
    """What may be done next. `may_retry` only where it is proven that nothing moved and nothing still can."""
    if seen.state == "paid" or seen.result == "done":
        return "done"
    if seen.state == "refused" or seen.result == "refused":
        return "refused"
    if seen.state == "unsent" and seen.answer == "none" and seen.result is None:
        return "may_retry"
    if seen.call == "sending" and seen.result is None:
        if seen.answer in TURNED_AWAY:
            return "may_retry"
        if seen.answer == "refused":
            return "refused"
    if seen.is_over or (seen.call == "asking" and seen.answer == "refused"):
        return "person"
    return "ask"


def answer_of(error: Unavailable | Rejected | Uncertain) -> Answer:
    """What an adapter's error says of the call it comes from."""
    match error:
        case Throttled():
            return "throttled"
        case Unavailable():
            return "away"
        case Rejected():
            return "refused"
        case Uncertain():
            return "unclear"
