"""What people may do to an operation: one pure table of where it stands, what is known of its money, and the act.

| act | allowed where | how |
|---|---|---|
| retry | parked or dead; backing off; in doubt | the same step again, with its own ids: it asks what it had sent |
| cancel | nothing has left us and nothing is booked | the way of a refusal: holds are given back, the customer told |
| paid | the rail was asked, and has not said that it paid | two people and a receipt; booked as its late callback |
| unpaid | asked about for long, and nobody could say | two people and evidence; the way of a refusal |

No act sends anything under a new id, so none can pay twice; none unsays money that has moved, so none loses any. What
is certain by itself (settled, on its way, over) is nobody's to decide.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from gateway.operations.settle import CLOSED, State

Act = Literal["retry", "cancel", "paid", "unpaid"]
ACTS: tuple[Act, ...] = get_args(Act)
StepKind = Literal["local", "decision", "prompt", "disburse", "message", "other", "refused"]
"""`refused`: on its way back after a refusal. `other`: speaks to a core, a mail server, anybody who moves no money of
the rail's."""
Money = Literal["none", "unsent", "asked", "paid", "refused"]
"""What the rail was asked for: never, written down and not sent, sent and unsettled, settled either way."""
Answer = Literal["allowed", "second", "refused"]

TRIED_AGAIN = frozenset({"parked", "dead"})
IN_DOUBT = frozenset({"waiting", "uncertain"})


@dataclass(frozen=True, slots=True)
class Situation:
    """All that an act is judged by.

    `is_busy`: a worker has it in hand now. `is_tried`: its step was tried and is put off. `is_booked`: money was moved
    in the books by it. `has_way_back`: its playbook says how a refusal is undone and told. `is_ripe`: the rail was
    asked about it for as long as people have to wait before they may say that nothing came.
    """

    state: State
    step: StepKind
    money: Money = "none"
    is_busy: bool = False
    is_tried: bool = False
    is_booked: bool = False
    has_way_back: bool = True
    is_ripe: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`second`: allowed once another person agrees. `name` is stable, `words` are for people."""

    answer: Answer
    name: str = ""
    words: str = ""


ALLOWED, SECOND = Verdict("allowed"), Verdict("second")

BUSY = Verdict("refused", "busy", "a worker has it in hand; again in a moment")
OVER = Verdict("refused", "over", "it is over; who still wants it asks anew")
GOES_ON = Verdict("refused", "goes-on", "it goes on by itself when it is due")
IN_FLIGHT = Verdict("refused", "in-doubt", "it was sent, and may have happened: only resolving ends it")
MOVED = Verdict("refused", "moved", "the rail has moved the money")
BOOKED = Verdict("refused", "booked", "money is booked; a reversal is another act")
ENDING = Verdict("refused", "ending", "it was refused and is being undone; retry it if it stands still")
OUTSIDE = Verdict("refused", "outside", "somebody outside may have taken it on")
NO_WAY_BACK = Verdict("refused", "no-way-back", "it keeps a promise that was made; it can only be tried again")
NOT_SENT = Verdict("refused", "not-sent", "the rail was never asked; cancel it or retry it")
SETTLED = Verdict("refused", "settled", "the rail has said so already")
NEVER_UNSAID = Verdict("refused", "never-unsaid", "money that has moved is never unsaid")
TOO_EARLY = Verdict("refused", "too-early", "the rail may still answer; wait, or retry to ask now")


def judged(situation: Situation, act: Act) -> Verdict:
    """May this be done to an operation that stands like this?"""
    if situation.is_busy:
        return BUSY
    match act:
        case "retry":
            return _retry(situation)
        case "cancel":
            return _cancel(situation)
        case "paid":
            return _paid(situation)
        case "unpaid":
            return _unpaid(situation)


def _retry(situation: Situation) -> Verdict:
    """What it does again has its own id and asks first what became of the time before."""
    if situation.state in CLOSED:
        return OVER
    if situation.state in TRIED_AGAIN or situation.state in IN_DOUBT or situation.is_tried:
        return ALLOWED
    return GOES_ON


def _cancel(situation: Situation) -> Verdict:
    """Only what has moved nothing, and can move nothing any more."""
    if situation.state in CLOSED:
        return OVER
    if situation.is_booked:
        return BOOKED
    if situation.step == "refused" or situation.money == "refused":
        return ENDING
    if situation.money == "paid":
        return MOVED
    if situation.money == "asked":
        return IN_FLIGHT
    if situation.step == "other":
        return OUTSIDE
    if situation.step in {"message", "decision"} or situation.has_way_back:
        return ALLOWED
    return NO_WAY_BACK


def _paid(situation: Situation) -> Verdict:
    """Also after a refusal: a rail may be late, and then its money is booked whatever was said before."""
    if situation.money in {"none", "unsent"}:
        return NOT_SENT
    return SETTLED if situation.money == "paid" else SECOND


def _unpaid(situation: Situation) -> Verdict:
    match situation.money:
        case "none" | "unsent":
            return NOT_SENT
        case "paid":
            return NEVER_UNSAID
        case "refused":
            return SETTLED
        case "asked":
            return SECOND if situation.state == "parked" or situation.is_ripe else TOO_EARLY
