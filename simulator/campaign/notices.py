"""Proofs about messages: nobody is told an untruth that stays, and everybody is told how it ended."""

from collections import Counter
from collections.abc import Iterable

from simulator.campaign.facts import Difference, Facts, Operation, Sms
from simulator.campaign.ledger import MOVES, Ledger, Told


def proofs(facts: Facts) -> Iterable[Difference]:
    ledger = Ledger(facts)
    for operation in ledger.money_operations():
        told = ledger.told(operation.reference)
        for one in told:
            yield from _true(operation, one, ledger)
        yield from _corrected(operation, ledger)
        if operation.state in {"done", "rejected"}:
            yield from _informed(operation, ledger)


def doubles(messages: Iterable[Sms]) -> int:
    """How many messages came more often than once: allowed, since no carrier takes a key, but worth counting."""
    counted = Counter((sms.phone, sms.text) for sms in messages)
    return sum(times - 1 for times in counted.values())


def _true(operation: Operation, told: Told, ledger: Ledger) -> Iterable[Difference]:
    """To the right phone; and "Confirmed" only once the money has moved."""
    if told.sms.phone != ledger.phone(operation):
        yield Difference("a message goes to its customer", operation.reference, f"to {told.sms.phone}")
    if told.tone != "success":
        return
    if operation.kind in MOVES:
        has_moved = any(moved.at <= told.sms.at for moved in ledger.moved(operation))
    else:
        has_moved = bool(ledger.posted(operation))
    if not has_moved:
        yield Difference("Confirmed means that money moved", operation.reference, told.sms.text)


def _corrected(operation: Operation, ledger: Ledger) -> Iterable[Difference]:
    """Somebody whose money moved is not left with the word that it did not."""
    told = ledger.told(operation.reference)
    if ledger.moved(operation) and told and told[-1].tone == "failure":
        yield Difference("nobody who paid is told otherwise", operation.reference, told[-1].sms.text)


def _informed(operation: Operation, ledger: Ledger) -> Iterable[Difference]:
    wanted = "success" if operation.state == "done" else "failure"
    if not any(told.tone == wanted for told in ledger.told(operation.reference)):
        detail = f"{operation.state} ({operation.reason}) without a {wanted} message"
        yield Difference("everybody is told how it ended", operation.reference, detail)
