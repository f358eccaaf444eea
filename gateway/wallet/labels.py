"""What moved on an account, in the words people know it by: BARAKA O., M-PESA, LN7K2QD, savings, fee.

From the operation behind each journal; books of before, or of another kind, are named as little as is certain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.statement import Movement
from gateway.playbooks.autorepay import STEP as AUTO
from gateway.store.tables import customers, loans, operations

MPESA = frozenset(
    {
        "wallet.deposit", "wallet.withdraw", "payment.received", "repay.stk", "repay.other", "repay.for_stk",
        "suspense.assign", "mpesa.pay", "mpesa.reverse", "payment.join",
    }
)  # fmt: skip
BY_STAFF = "loan.act"
"""Its intent has the loan's id, not the number that people know it by."""
OWED = "owed.collect"
FOR_OTHERS = frozenset({"repay.for_wallet", "repay.for_stk"})
TRANSFERS = frozenset({"wallet.send", "wallet.transfer"})
TURNED_BACK = frozenset({"returned", "taken_back"})


@dataclass(frozen=True, slots=True)
class Label:
    """`kind` is mpesa, person, phone, loan, savings, wallet, fee, interest, opening or other; `about` who or which."""

    kind: str
    about: str = ""


async def labelled(
    connection: AsyncConnection, movements: Iterable[Movement], account: str
) -> list[tuple[Movement, Label]]:
    """Each movement of an account (`wallet` or `savings`) with its label, in the same order."""
    listed = list(movements)
    known = await _operations(connection, {movement.operation_id for movement in listed})
    people = await _people(connection, known.values())
    numbers = await _numbers(connection, known.values())
    found, fees = list[tuple[Movement, Label]](), set[str]()
    for movement in listed:
        row = known.get(movement.operation_id)
        label = Label("loan", numbers[row.id]) if row and row.id in numbers else _label(movement, row, people, account)
        if row is not None and _is_fee(movement, row, fees):
            fees.add(movement.journal_id)
            label = Label("fee")
        found.append((movement, label))
    return found


def _is_fee(movement: Movement, row: Row[Any], fees: set[str]) -> bool:
    """What we took for it, once a journal. It is written after the sum, and so comes first."""
    fee = row.intent.get("fee_cents", 0)
    return bool(fee and movement.amount_cents == -fee and movement.journal_id not in fees)


def _label(movement: Movement, row: Row[Any] | None, people: Mapping[str, str], account: str) -> Label:
    if movement.step.startswith(f"{AUTO}."):
        return Label("loan", movement.step.removeprefix(f"{AUTO}."))
    if row is None:
        return Label(movement.step) if movement.step in {"opening", "interest"} else Label("other", movement.memo)
    if row.kind in TRANSFERS:
        return _transfer(movement, row, people)
    if row.kind in FOR_OTHERS:
        return _person(people, row.intent["person"] if movement.amount_cents < 0 else row.customer_id)
    if row.kind == OWED:
        return Label("other", row.reference)
    if row.kind.startswith("savings."):
        return Label("wallet" if account == "savings" else "savings")
    if row.intent.get("loan") and movement.amount_cents < 0:
        return Label("loan", row.intent["loan"])
    if row.kind in MPESA:
        return Label("mpesa")
    return Label("loan", row.intent.get("loan") or row.reference)


def _transfer(movement: Movement, row: Row[Any], people: Mapping[str, str]) -> Label:
    """Who is at the other side; a phone that had no account stays a phone to whoever sent to it."""
    if movement.step in TURNED_BACK:
        return Label("phone", row.intent["to"])
    if movement.amount_cents > 0:
        return _person(people, row.customer_id)
    person = row.data.get("person") or row.intent.get("person")
    return _person(people, person) if person else Label("phone", row.intent["to"])


def _person(people: Mapping[str, str], customer_id: str) -> Label:
    name = people.get(customer_id, "")
    return Label("person", name) if name else Label("other", "-")


async def _operations(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    columns = operations.c
    query = select(columns.id, columns.kind, columns.reference, columns.customer_id, columns.intent, columns.data)
    rows: list[Any] = list(await connection.execute(query.where(columns.id.in_(sorted(ids)))))
    return {row.id: row for row in rows}


async def _numbers(connection: AsyncConnection, rows: Iterable[Row[Any]]) -> dict[str, str]:
    """Which loan staff did something to, by operation."""
    acts = {row.id: row.intent.get("loan", row.id) for row in rows if row.kind == BY_STAFF}
    if not acts:
        return {}
    query = select(loans.c.id, loans.c.reference).where(loans.c.id.in_(sorted(acts.values())))
    named = {row.id: row.reference for row in await connection.execute(query)}
    return {act: named[loan] for act, loan in acts.items() if loan in named}


async def _people(connection: AsyncConnection, rows: Iterable[Row[Any]]) -> dict[str, str]:
    """Names of everybody whom these operations concern."""
    wanted = set[str]()
    for row in rows:
        wanted |= {row.customer_id, row.intent.get("person", ""), row.data.get("person", "")}
    query = select(customers.c.id, customers.c.name).where(customers.c.id.in_(sorted(wanted - {""})))
    return {row.id: row.name for row in await connection.execute(query)}
