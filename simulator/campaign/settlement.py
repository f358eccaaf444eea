"""Proofs about money: each intention once or not at all, at the rail, in the books and in the state of its loan."""

from collections.abc import Iterable

from simulator.campaign import words
from simulator.campaign.facts import Difference, Facts, Operation
from simulator.campaign.ledger import COLLECTION, MOVES, PAYOUT, Ledger, expected_cents


def proofs(facts: Facts) -> Iterable[Difference]:
    ledger = Ledger(facts)
    yield from _promised(ledger)
    yield from _explained(ledger)
    for operation in facts.operations:
        yield from _ended(operation)
    for operation in ledger.money_operations():
        yield from _once(operation, ledger)
        if not operation.is_open:
            yield from _agrees(operation, ledger)
    for operation in facts.operations:
        if operation.kind == "loan.disburse" and not operation.is_open:
            yield from _loan(operation, ledger)


def _promised(ledger: Ledger) -> Iterable[Difference]:
    """Whatever a screen said we have is on disk, as it was said."""
    for heard in ledger.facts.heard:
        for reference in words.references(heard.body):
            if reference not in ledger.operations:
                yield Difference("what we said we received is never lost", reference, f"told to {heard.phone}")
        promised = words.accepted(heard.body)
        if promised is None or promised.reference not in ledger.operations:
            continue
        operation = ledger.operations[promised.reference]
        if ledger.phone(operation) != heard.phone:
            yield Difference("a request is its customer's own", promised.reference, f"told to {heard.phone}")
        if expected_cents(operation) != promised.amount_cents:
            detail = f"told {promised.amount_cents}, kept {expected_cents(operation)} cents"
            yield Difference("a request is kept as it was said", promised.reference, detail)


def _explained(ledger: Ledger) -> Iterable[Difference]:
    for moved in ledger.facts.moved:
        if ledger.operation_of(moved) is None:
            detail = f"{moved.kind} of {moved.amount_cents} cents, reference {moved.reference}"
            yield Difference("every movement is explained", moved.receipt, detail)


def _ended(operation: Operation) -> Iterable[Difference]:
    if operation.state == "dead":
        yield Difference("nothing is given up", operation.reference, f"dead at {operation.step}: {operation.reason}")
    elif operation.state == "parked":
        detail = f"{operation.kind} parked at {operation.step}: {operation.reason}"
        yield Difference("no person is needed", operation.reference, detail)
    elif operation.is_unfinished:
        detail = f"{operation.kind} {operation.state} at {operation.step}: {operation.reason}"
        yield Difference("everything is settled in the end", operation.reference, detail)


def _once(operation: Operation, ledger: Ledger) -> Iterable[Difference]:
    """At most one movement, of the right amount, to or from the right phone."""
    moved = ledger.moved(operation)
    if len(moved) > 1 or (moved and operation.kind not in MOVES):
        receipts = ", ".join(f"{one.receipt} of {one.amount_cents}" for one in moved)
        yield Difference("money moves at most once", operation.reference, receipts)
    for one in moved:
        if one.amount_cents != expected_cents(operation):
            detail = f"agreed {expected_cents(operation)}, moved {one.amount_cents} cents"
            yield Difference("what moves is what was agreed", operation.reference, detail)
        if one.phone != ledger.phone(operation):
            yield Difference("money moves on the customer's own line", operation.reference, one.phone)


def _agrees(operation: Operation, ledger: Ledger) -> Iterable[Difference]:
    """State, rail and books say the same of an operation that has ended."""
    moved_cents = sum(one.amount_cents for one in ledger.moved(operation))
    if operation.kind in MOVES and (operation.state == "done") != bool(ledger.moved(operation)):
        detail = f"{operation.state} ({operation.reason}), the rail moved {moved_cents} cents"
        yield Difference("the state says whether money moved", operation.reference, detail)
    account, sign = (PAYOUT, -1) if MOVES.get(operation.kind) == "b2c" else (COLLECTION, 1)
    booked = ledger.booked(operation, account)
    if len(booked) > 1 or sum(booked) != sign * moved_cents:
        detail = f"the rail moved {moved_cents}, booked {list(booked)} cents"
        yield Difference("every movement is booked once", operation.reference, detail)
    if operation.kind == "repay.wallet":
        yield from _from_wallet(operation, ledger)


def _from_wallet(operation: Operation, ledger: Ledger) -> Iterable[Difference]:
    booked = ledger.booked(operation, f"wallet:{operation.customer_id}")
    if len(booked) != (operation.state == "done") or any(cents <= 0 for cents in booked):
        detail = f"{operation.state}, the wallet gave {list(booked)} cents"
        yield Difference("the state says whether the wallet paid", operation.reference, detail)


def _loan(operation: Operation, ledger: Ledger) -> Iterable[Difference]:
    """A loan runs if and only if its money arrived, and is closed if and only if nothing is owed."""
    loan = ledger.loans.get(operation.reference)
    state = loan.state if loan else "none"
    if (state in {"active", "closed"}) != bool(ledger.moved(operation)):
        detail = f"loan {state}, {len(ledger.moved(operation))} pay-outs"
        yield Difference("a loan runs if its money arrived", operation.reference, detail)
    if loan is None:
        return
    owed = ledger.owed_cents(loan)
    if (state == "active") != (owed > 0) or owed < 0:
        yield Difference("a loan is closed when nothing is owed", loan.reference, f"{state}, {owed} cents owed")
