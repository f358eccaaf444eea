"""Reading a loan: its summary, its schedule and its transactions, as Fineract words them.

GET /fineract-provider/api/v1/loans/77?associations=repaymentSchedule,transactions
200 {"id": 77, "externalId": "op-7f3a", "status": {"id": 300, "active": true, ...},
     "summary": {"totalOutstanding": 9205.500000, ...}, "repaymentSchedule": {"periods": [...]}, "transactions": [...]}
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import charges, wire
from simulator.standins.core.allocation import PARTS
from simulator.standins.core.calls import OFFICE, Ask, Read, row_id
from simulator.standins.core.errors import missing
from simulator.standins.core.fields import Fields
from simulator.standins.core.loans import APPLICATION, Application, Loan, find, of_row
from simulator.standins.core.schedule import schedule

_WORDS = {"principal": "principal", "interest": "interest", "fee": "feeCharges", "penalty": "penaltyCharges"}


def routes() -> tuple[Read, ...]:
    return (
        Read("POST", "loans", _calculated, command="calculateLoanSchedule"),
        Read("GET", "loans", _list),
        Read("GET", "loans/{loan}", _one),
        Read("GET", "loans/{loan}/charges", lambda ask: charges.listed(ask.rows, find(ask.rows, ask.refs["loan"]).id)),
        Read("GET", "loans/{loan}/charges/{charge}", charges.one),
        Read("GET", "loans/{loan}/transactions/{transaction}", _transaction),
    )


def _one(ask: Ask) -> dict[str, Any]:
    loan = find(ask.rows, ask.refs["loan"])
    asked = _listed(ask.query.get("associations", ""))
    wanted = list(_ASSOCIATIONS) if "all" in asked else [name for name in _ASSOCIATIONS if name in asked]
    shown = _loan(ask.rows, loan, ask.today) | {name: _ASSOCIATIONS[name](ask.rows, loan) for name in wanted}
    fields = _listed(ask.query.get("fields", ""))
    return {name: value for name, value in shown.items() if name in fields} if fields else shown


def _list(ask: Ask) -> dict[str, Any]:
    """By externalId, accountNo and status, in pages."""
    offset, limit = ask.limit()
    found = _found(ask, limit, offset)
    return {
        "totalFilteredRecords": _count(ask),
        "pageItems": [_loan(ask.rows, of_row(row), ask.today) for row in found],
    }


def _found(ask: Ask, limit: int, offset: int) -> Sequence[Row]:
    if external := ask.query.get("externalId"):
        return ask.rows.all("SELECT * FROM loans WHERE external_id = ? LIMIT ? OFFSET ?", external, limit, offset)
    if number := ask.query.get("accountNo"):
        wanted = int(number) if number.isdecimal() and len(number) < 10 else -1
        return ask.rows.all("SELECT * FROM loans WHERE id = ? LIMIT ? OFFSET ?", wanted, limit, offset)
    if status := ask.query.get("status"):
        statement = "SELECT * FROM loans WHERE status = ? ORDER BY id LIMIT ? OFFSET ?"
        return ask.rows.all(statement, status, limit, offset)
    return ask.rows.all("SELECT * FROM loans ORDER BY id LIMIT ? OFFSET ?", limit, offset)


def _count(ask: Ask) -> int:
    if ask.query.get("externalId") or ask.query.get("accountNo"):
        return len(_found(ask, 1, 0))
    if status := ask.query.get("status"):
        return int(ask.rows.value("SELECT COUNT(*) FROM loans WHERE status = ?", status))
    return int(ask.rows.value("SELECT COUNT(*) FROM loans"))


def _calculated(ask: Ask) -> dict[str, Any]:
    """The schedule that an application would get. Nothing is kept."""
    application = Application.read(Fields.parse(ask.raw, APPLICATION, "loan"))
    rows = schedule(application.priced(), application.principal_cents, application.expected_on, application.first_due)
    periods = [
        {
            "period": row.number,
            "fromDate": wire.days(row.from_on.isoformat()),
            "dueDate": wire.days(row.due_on.isoformat()),
            "daysInPeriod": (row.due_on - row.from_on).days,
            "principalDue": wire.money(row.principal),
            "interestDue": wire.money(row.interest),
            "totalDueForPeriod": wire.money(row.total),
        }
        for row in rows
    ]
    interest = sum(row.interest for row in rows)
    return {
        "currency": dict(wire.CURRENCY),
        "totalPrincipalDisbursed": wire.money(application.principal_cents),
        "totalInterestCharged": wire.money(interest),
        "totalRepaymentExpected": wire.money(application.principal_cents + interest),
        "periods": [_payout(application.principal_cents, application.expected_on.isoformat(), 0), *periods],
    }


def _loan(rows: Rows, loan: Loan, today: date) -> dict[str, Any]:
    client = rows.value("SELECT display_name FROM clients WHERE id = ?", loan.client_id)
    shown = {
        "id": loan.id,
        "accountNo": f"{loan.id:09d}",
        "externalId": loan.external_id,
        "status": wire.loan_status(loan.status),
        "clientId": loan.client_id,
        "clientName": client,
        "clientOfficeId": OFFICE,
        "loanProductId": loan.product.id,
        "loanProductName": loan.product.name,
        "loanType": {"id": 1, "code": "accountType.individual", "value": "Individual"},
        "currency": dict(wire.CURRENCY),
        "principal": wire.money(loan.principal_cents),
        "approvedPrincipal": None if loan.approved_cents is None else wire.money(loan.approved_cents),
        "numberOfRepayments": loan.terms["count"],
        "repaymentEvery": loan.terms["every"],
        "repaymentFrequencyType": {"id": loan.terms["frequency"]},
        "amortizationType": {"id": loan.terms["amortization"]},
        "interestType": {"id": loan.terms["interestType"]},
        "transactionProcessingStrategyCode": loan.strategy,
        "timeline": _timeline(loan),
        "totalOverpaid": wire.money(loan.overpaid_cents) if loan.overpaid_cents else None,
        "isNPA": False,
    }
    if loan.disbursed_on is not None:
        summary = _summary(rows, loan, today)
        shown |= {"summary": summary, "inArrears": summary["totalOverdue"] > 0}
        shown["netDisbursalAmount"] = wire.money(loan.principal_cents - charges.deducted_cents(rows, loan.id))
    return wire.present(shown)


def _timeline(loan: Loan) -> dict[str, Any]:
    names = {
        wire.REJECTED: "rejectedOnDate",
        wire.WITHDRAWN: "withdrawnOnDate",
        wire.WRITTEN_OFF: "writeOffOnDate",
    }
    return wire.present(
        {
            "submittedOnDate": wire.days(loan.submitted_on),
            "approvedOnDate": wire.days(loan.approved_on),
            "expectedDisbursementDate": wire.days(loan.expected_on),
            "actualDisbursementDate": wire.days(loan.disbursed_on),
            names.get(loan.status, "closedOnDate"): wire.days(loan.ended_on),
        }
    )


def _summary(rows: Rows, loan: Loan, today: date) -> dict[str, Any]:
    instalments = rows.all("SELECT * FROM instalments WHERE loan_id = ? ORDER BY number", loan.id)
    overdue = [row for row in instalments if row["met_on"] is None and row["due_on"] < today.isoformat()]
    deducted = charges.deducted_cents(rows, loan.id)
    summary: dict[str, Any] = {"currency": dict(wire.CURRENCY), "principalDisbursed": wire.money(loan.principal_cents)}
    for part, word in _WORDS.items():
        extra = deducted if part == "fee" else 0
        due, paid, off = _sums(instalments, part)
        if part != "principal":
            summary[f"{word}Charged"] = wire.money(due + extra)
        summary |= {
            f"{word}Paid": wire.money(paid + extra),
            f"{word}WrittenOff": wire.money(off),
            f"{word}Outstanding": wire.money(due - paid - off),
            f"{word}Overdue": wire.money(_left(overdue, part)),
        }
    due, paid, off = _sums(instalments, *PARTS)
    summary |= {
        "feeChargesDueAtDisbursementCharged": wire.money(deducted),
        "totalExpectedRepayment": wire.money(due + deducted),
        "totalRepayment": wire.money(paid + deducted),
        "totalOutstanding": wire.money(due - paid - off),
        "totalOverdue": wire.money(_left(overdue, *PARTS)),
        "totalWaived": wire.money(_waived_cents(rows, loan.id)),
        "totalWrittenOff": wire.money(off),
        "totalRecovered": wire.money(_recovered_cents(rows, loan.id)),
    }
    return summary | wire.present({"overdueSinceDate": wire.days(overdue[0]["due_on"]) if overdue else None})


def _sums(instalments: Sequence[Row], *parts: str) -> tuple[int, int, int]:
    """What was due, what was paid and what was written off of these parts."""
    due, paid, off = (sum(row[f"{part}{of}"] for row in instalments for part in parts) for of in ("", "_paid", "_off"))
    return due, paid, off


def _left(instalments: Sequence[Row], *parts: str) -> int:
    due, paid, off = _sums(instalments, *parts)
    return due - paid - off


def _waived_cents(rows: Rows, loan_id: int) -> int:
    return int(rows.value("SELECT TOTAL(amount_cents) FROM loan_charges WHERE loan_id = ? AND is_waived", loan_id))


def _recovered_cents(rows: Rows, loan_id: int) -> int:
    return int(
        rows.value(
            "SELECT TOTAL(amount_cents) FROM transactions WHERE loan_id = ? AND type = 8 AND is_reversed = 0", loan_id
        )
    )


def _schedule(rows: Rows, loan: Loan) -> dict[str, Any]:
    listed = rows.all("SELECT * FROM instalments WHERE loan_id = ? ORDER BY number", loan.id)
    day = loan.disbursed_on or loan.expected_on
    balance, periods = loan.principal_cents, list[dict[str, Any]]()
    for row in listed:
        balance -= row["principal"]
        periods.append(_period(row, balance))
    return {
        "currency": dict(wire.CURRENCY),
        "totalPrincipalDisbursed": wire.money(loan.principal_cents),
        "totalInterestCharged": wire.money(sum(row["interest"] for row in listed)),
        "totalRepaymentExpected": wire.money(sum(row[part] for row in listed for part in PARTS)),
        "periods": [_payout(loan.principal_cents, day, charges.deducted_cents(rows, loan.id)), *periods],
    }


def _payout(cents: int, day: str, deducted: int) -> dict[str, Any]:
    return {
        "dueDate": wire.days(day),
        "principalDisbursed": wire.money(cents),
        "principalLoanBalanceOutstanding": wire.money(cents),
        "feeChargesDue": wire.money(deducted),
        "feeChargesPaid": wire.money(deducted),
        "totalOriginalDueForPeriod": wire.money(deducted),
    }


_ASSOCIATIONS: dict[str, Callable[[Rows, Loan], Any]] = {
    "repaymentSchedule": _schedule,
    "transactions": lambda rows, loan: _transactions(rows, loan.id),
    "charges": lambda rows, loan: charges.listed(rows, loan.id),
}


def _period(row: Row, balance: int) -> dict[str, Any]:
    period: dict[str, Any] = {
        "period": row["number"],
        "fromDate": wire.days(row["from_on"]),
        "dueDate": wire.days(row["due_on"]),
        "obligationsMetOnDate": wire.days(row["met_on"]),
        "complete": row["met_on"] is not None,
        "daysInPeriod": (date.fromisoformat(row["due_on"]) - date.fromisoformat(row["from_on"])).days,
        "principalLoanBalanceOutstanding": wire.money(balance),
    }
    for part, word in _WORDS.items():
        due, paid, off = row[part], row[f"{part}_paid"], row[f"{part}_off"]
        period |= {
            f"{word}Due": wire.money(due),
            f"{word}Paid": wire.money(paid),
            f"{word}WrittenOff": wire.money(off),
            f"{word}Outstanding": wire.money(due - paid - off),
        }
    due, paid, off = (sum(row[f"{part}{of}"] for part in PARTS) for of in ("", "_paid", "_off"))
    return wire.present(period) | {
        "totalDueForPeriod": wire.money(due),
        "totalPaidForPeriod": wire.money(paid),
        "totalPaidInAdvanceForPeriod": wire.money(row["advance_cents"]),
        "totalPaidLateForPeriod": wire.money(row["late_cents"]),
        "totalOutstandingForPeriod": wire.money(due - paid - off),
        "totalInstallmentAmountForPeriod": wire.money(row["principal"] + row["interest"]),
    }


def _transactions(rows: Rows, loan_id: int) -> list[dict[str, Any]]:
    listed = rows.all("SELECT * FROM transactions WHERE loan_id = ? ORDER BY happened_on, id", loan_id)
    return [transaction(row) for row in listed]


def _transaction(ask: Ask) -> dict[str, Any]:
    loan = find(ask.rows, ask.refs["loan"])
    number = row_id(
        ask.rows, "transactions", ask.refs["transaction"], code="error.msg.loan.transaction.external.id.invalid"
    )
    row = ask.rows.one("SELECT * FROM transactions WHERE id = ? AND loan_id = ?", number, loan.id)
    if row is None:
        raise missing("error.msg.loan.transaction.id.invalid", "The loan has no such transaction.", number)
    return transaction(row)


def transaction(row: Row) -> dict[str, Any]:
    """One transaction of a loan. One that was taken back says so and stays."""
    details = json.loads(row["details"])
    note = details.pop("note", None)
    return wire.present(
        {
            "id": row["id"],
            "type": wire.transaction_type(row["type"], wire.TRANSACTION_TYPES),
            "date": wire.days(row["happened_on"]),
            "currency": dict(wire.CURRENCY),
            "amount": wire.money(row["amount_cents"]),
            "principalPortion": wire.money(row["principal"]),
            "interestPortion": wire.money(row["interest"]),
            "feeChargesPortion": wire.money(row["fee"]),
            "penaltyChargesPortion": wire.money(row["penalty"]),
            "overpaymentPortion": wire.money(row["overpaid"]),
            "outstandingLoanBalance": wire.money(row["balance_cents"]),
            "manuallyReversed": bool(row["is_reversed"]),
            "externalId": row["external_id"],
            "reversalExternalId": row["reversal_external_id"],
            "paymentDetailData": {"id": row["id"], **details} if details else None,
            "note": note,
        }
    )


def _listed(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
