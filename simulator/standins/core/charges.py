"""Charges on a loan: at disbursement, taken from the money that goes out, or on a date, owed with an instalment."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import wire
from simulator.standins.core.calls import Act, Ask, row_id
from simulator.standins.core.catalogue import (
    AT_DISBURSEMENT,
    CHARGES,
    ON_A_DATE,
    PERCENT_OF_AMOUNT,
    Charge,
)
from simulator.standins.core.errors import detail, duplicate, invalid, missing, refused
from simulator.standins.core.fields import Fields

DEDUCTED = 0
"""The instalment of a charge that was taken from the payout."""


def applied_for(fields: Fields) -> list[dict[str, Any]]:
    """The charges of an application: `[{"chargeId": 1, "amount": "1"}]`. Raises ApiError."""
    listed = fields.values.get("charges") or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise invalid([detail("validation.msg.loan.charges.invalid", "charges is a list of objects", "charges")])
    formats = {name: fields.values.get(name) for name in ("locale", "dateFormat")}
    return [_applied_for(Fields({**formats, **one}, "loan.charge")) for one in listed]


def _applied_for(fields: Fields) -> dict[str, Any]:
    charge = charge_of(fields.whole("chargeId"))
    due = fields.day("dueDate").isoformat() if charge.time == ON_A_DATE else None
    return {"charge": charge.id, "amount": str(amount_of(fields)), "due": due}


def amount_of(fields: Fields) -> Decimal:
    """Shillings or percent, whichever the charge is counted in."""
    return fields.rate("amount", most=10**9)


def charge_of(number: int) -> Charge:
    if number not in CHARGES:
        raise missing("error.msg.charge.id.invalid", f"Charge with identifier {number} does not exist", number)
    return CHARGES[number]


def put_in_force(act: Act, loan_id: int, listed: Sequence[Mapping[str, Any]], cents: int, day: date) -> None:
    """What the application listed becomes owed, now that the money goes out."""
    for one in listed:
        charge = charge_of(one["charge"])
        amount = amount_cents(charge, Decimal(one["amount"]), cents)
        if charge.time == AT_DISBURSEMENT:
            _add(act.rows, loan_id, charge, amount, None, None, DEDUCTED)
            _take(act, loan_id, amount, day)
        else:
            owe(act.rows, loan_id, charge, amount, date.fromisoformat(one["due"]), None)


def amount_cents(charge: Charge, amount: Decimal, principal_cents: int) -> int:
    if charge.calculation == PERCENT_OF_AMOUNT:
        return round(Fraction(principal_cents) * Fraction(amount) / 100)
    return round(Fraction(amount) * 100)


def owe(rows: Rows, loan_id: int, charge: Charge, cents: int, due: date, external: str | None) -> int:
    """Put a dated charge into the instalment in whose time it falls; after the last one it makes one more."""
    row = rows.one(
        "SELECT number FROM instalments WHERE loan_id = ? AND due_on >= ? ORDER BY number LIMIT 1",
        *(loan_id, due.isoformat()),
    )
    number = _one_more(rows, loan_id, due) if row is None else int(row["number"])
    if charge.is_penalty:
        statement = "UPDATE instalments SET penalty = penalty + ?, met_on = NULL WHERE loan_id = ? AND number = ?"
    else:
        statement = "UPDATE instalments SET fee = fee + ?, met_on = NULL WHERE loan_id = ? AND number = ?"
    rows.execute(statement, cents, loan_id, number)
    return _add(rows, loan_id, charge, cents, due, external, number)


def waive(rows: Rows, row: Row) -> None:
    """Forgive what is not yet paid of a charge. Raises ApiError when nothing is left of it."""
    charge = CHARGES[row["charge_id"]]
    part = "penalty" if charge.is_penalty else "fee"
    owed = rows.one(
        "SELECT fee - fee_paid - fee_off AS fee, penalty - penalty_paid - penalty_off AS penalty FROM instalments"
        " WHERE loan_id = ? AND number = ?",
        *(row["loan_id"], row["instalment"]),
    )
    if owed is None or row["is_waived"] or owed[part] < row["amount_cents"]:
        raise refused("error.msg.loan.charge.cannot.be.waived", "The charge is already paid or waived.")
    if charge.is_penalty:
        statement = "UPDATE instalments SET penalty = penalty - ? WHERE loan_id = ? AND number = ?"
    else:
        statement = "UPDATE instalments SET fee = fee - ? WHERE loan_id = ? AND number = ?"
    rows.execute(statement, row["amount_cents"], row["loan_id"], row["instalment"])
    rows.execute("UPDATE loan_charges SET is_waived = 1 WHERE id = ?", row["id"])


def listed(rows: Rows, loan_id: int) -> list[dict[str, Any]]:
    return [shown(row) for row in rows.all("SELECT * FROM loan_charges WHERE loan_id = ? ORDER BY id", loan_id)]


def one(ask: Ask) -> dict[str, Any]:
    return shown(row_of(ask.rows, ask.refs["charge"]))


def row_of(rows: Rows, ref: str) -> Row:
    number = row_id(rows, "loan_charges", ref, code="error.msg.loanCharge.id.invalid")
    row = rows.one("SELECT * FROM loan_charges WHERE id = ?", number)
    if row is None:
        raise LookupError("a charge that was just found is gone")
    return row


def deducted_cents(rows: Rows, loan_id: int) -> int:
    """What was taken from the payout."""
    found = rows.value(
        "SELECT TOTAL(amount_cents) FROM loan_charges WHERE loan_id = ? AND instalment = ?", loan_id, DEDUCTED
    )
    return int(found)


def shown(row: Row) -> dict[str, Any]:
    charge = CHARGES[row["charge_id"]]
    return wire.present(
        {
            "id": row["id"],
            "chargeId": charge.id,
            "name": charge.name,
            "penalty": charge.is_penalty,
            "amount": wire.money(row["amount_cents"]),
            "dueDate": wire.days(row["due_on"]),
            "externalId": row["external_id"],
            "waived": bool(row["is_waived"]),
            "chargeTimeType": {"id": charge.time},
            "chargeCalculationType": {"id": charge.calculation},
        }
    )


def _one_more(rows: Rows, loan_id: int, due: date) -> int:
    last = rows.one("SELECT number, due_on FROM instalments WHERE loan_id = ? ORDER BY number DESC LIMIT 1", loan_id)
    if last is None:
        raise refused("error.msg.loan.charge.loan.is.not.disbursed", "The loan has no instalments.")
    rows.execute(
        "INSERT INTO instalments (loan_id, number, from_on, due_on, principal, interest) VALUES (?, ?, ?, ?, 0, 0)",
        *(loan_id, last["number"] + 1, last["due_on"], due.isoformat()),
    )
    return int(last["number"]) + 1


def _add(
    rows: Rows, loan_id: int, charge: Charge, cents: int, due: date | None, external: str | None, number: int
) -> int:
    if external and rows.value("SELECT 1 FROM loan_charges WHERE external_id = ?", external):
        message = f"Charge with external id {external} already exists"
        raise duplicate("error.msg.loan.charge.external.id.already.exists", message, "externalId")
    added = rows.execute(
        "INSERT INTO loan_charges (loan_id, charge_id, amount_cents, due_on, external_id, instalment)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *(loan_id, charge.id, cents, due and due.isoformat(), external, number),
    )
    return int(added.lastrowid or 0)


def _take(act: Act, loan_id: int, cents: int, day: date) -> None:
    act.rows.execute(
        "INSERT INTO transactions (loan_id, type, happened_on, amount_cents, fee, details, idempotency_key, at)"
        " VALUES (?, 5, ?, ?, ?, '{}', ?, ?)",
        *(loan_id, day.isoformat(), cents, cents, act.key, act.at),
    )
