"""Asking for other terms in the middle of a loan: a moved due date, more instalments, another rate.

What is already met stays. The principal that is left is spread anew over the instalments from the day named on.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import wire
from simulator.standins.core.calls import OFFICE, Act, Ask, Read, Result, Write, whole
from simulator.standins.core.errors import detail, invalid, missing, refused
from simulator.standins.core.loans import Loan, find, pricing
from simulator.standins.core.schedule import schedule

_CREATE = (
    "loanId", "rescheduleFromDate", "rescheduleReasonId", "rescheduleReasonComment", "submittedOnDate",
    "adjustedDueDate", "extraTerms", "newInterestRate", "recalculateInterest",
)  # fmt: skip
_ENTITY = "RESCHEDULELOAN"
_STATES = {wire.SUBMITTED: "Submitted and pending approval", wire.APPROVED: "Approved", wire.REJECTED: "Rejected"}
EXTRA_MAX = 60


def routes() -> tuple[Read | Write, ...]:
    one = "rescheduleloans/{reschedule}"
    return (
        Write("POST", "rescheduleloans", "", "CREATE", _ENTITY, _CREATE, _create),
        Write("POST", one, "approve", "APPROVE", _ENTITY, ("approvedOnDate",), _approve),
        Write("POST", one, "reject", "REJECT", _ENTITY, ("rejectedOnDate",), _reject),
        Read("GET", one, lambda ask: _shown(_row(ask.rows, ask.refs["reschedule"]))),
        Read("GET", "rescheduleloans", _list),
    )


def _create(act: Act) -> Result:
    fields = act.fields
    loan = find(act.rows, str(fields.whole("loanId")))
    if loan.status != wire.ACTIVE:
        raise refused("loan.reschedule.loan.is.not.active", "Loan is not active.", "loanId")
    fields.whole("rescheduleReasonId")
    start = fields.day("rescheduleFromDate").isoformat()
    first = act.rows.one("SELECT * FROM instalments WHERE loan_id = ? AND due_on = ?", loan.id, start)
    if first is None or first["met_on"] is not None:
        code = "loan.reschedule.rescheduleFromDate.repayment.schedule.installment.does.not.exist"
        raise refused(code, "There is no unpaid instalment due on that day.", "rescheduleFromDate")
    submitted = fields.day("submittedOnDate").isoformat()
    number = act.rows.execute(
        "INSERT INTO reschedules (loan_id, status, from_on, submitted_on, wanted) VALUES (?, ?, ?, ?, ?)",
        *(loan.id, wire.SUBMITTED, start, submitted, json.dumps(_wanted(act, start))),
    ).lastrowid
    return {"officeId": OFFICE, "clientId": loan.client_id, "loanId": loan.id, "resourceId": number}


def _wanted(act: Act, start: str) -> dict[str, str | int]:
    """Exactly one change."""
    fields, wanted = act.fields, dict[str, str | int]()
    if "adjustedDueDate" in fields:
        due_on = wanted["dueOn"] = fields.day("adjustedDueDate").isoformat()
        if due_on <= start:
            code = "loan.reschedule.adjustedDueDate.before.rescheduleFromDate"
            raise refused(code, "The new day is not after the old one.", "adjustedDueDate")
    if "extraTerms" in fields:
        wanted["extra"] = fields.whole("extraTerms", least=1, most=EXTRA_MAX)
    if "newInterestRate" in fields:
        wanted["rate"] = str(Fraction(fields.rate("newInterestRate")))
    if len(wanted) != 1:
        message = "Exactly one of adjustedDueDate, extraTerms and newInterestRate is taken here."
        raise invalid([detail("validation.msg.loan.reschedule.one.change", message, "extraTerms")])
    return wanted


def _approve(act: Act) -> Result:
    row = _in_review(act)
    act.fields.day("approvedOnDate")
    loan, wanted = find(act.rows, str(row["loan_id"])), json.loads(row["wanted"])
    left = act.rows.all(
        "SELECT * FROM instalments WHERE loan_id = ? AND due_on >= ? ORDER BY number", loan.id, row["from_on"]
    )
    if any(one["met_on"] or _is_touched(one) for one in left):
        message = "Something of these instalments has been paid since."
        raise refused("loan.reschedule.installments.are.paid", message)
    kind = next(iter(wanted))
    _KINDS[kind](act.rows, loan, left, wanted[kind])
    return _decided(act, row, wire.APPROVED)


def _reject(act: Act) -> Result:
    row = _in_review(act)
    act.fields.day("rejectedOnDate")
    return _decided(act, row, wire.REJECTED)


def _in_review(act: Act) -> Row:
    row = _row(act.rows, act.refs["reschedule"])
    if row["status"] != wire.SUBMITTED:
        message = "Loan reschedule request is not in submitted and pending approval state."
        raise refused("request.is.not.in.submitted.and.pending.state", message)
    return row


def _decided(act: Act, row: Row, status: int) -> Result:
    act.rows.execute("UPDATE reschedules SET status = ? WHERE id = ?", status, row["id"])
    return {"officeId": OFFICE, "loanId": row["loan_id"], "resourceId": row["id"], "changes": {"status": status}}


def _is_touched(row: Row) -> bool:
    return any(row[f"{part}_paid"] for part in ("principal", "interest", "fee", "penalty"))


def _move(rows: Rows, loan: Loan, left: list[Row], due_on: str) -> None:
    """The instalment, and by as many days every one after it."""
    days = (date.fromisoformat(due_on) - date.fromisoformat(left[0]["due_on"])).days
    later = f"+{days} days"
    for row in left:
        rows.execute(
            "UPDATE instalments SET due_on = date(due_on, ?), from_on = iif(number = ?, from_on, date(from_on, ?))"
            " WHERE loan_id = ? AND number = ?",
            *(later, left[0]["number"], later, loan.id, row["number"]),
        )


def _stretch(rows: Rows, loan: Loan, left: list[Row], extra: int) -> None:
    _spread(rows, loan, left, len(left) + extra, loan.terms["rate"])


def _reprice(rows: Rows, loan: Loan, left: list[Row], rate: str) -> None:
    _spread(rows, loan, left, len(left), rate)


def _spread(rows: Rows, loan: Loan, left: list[Row], count: int, rate: str) -> None:
    terms = replace(
        pricing(loan.product, loan.terms),
        count=count,
        rate=Fraction(rate),
        principal_grace=0,
        interest_payment_grace=0,
        interest_free=0,
    )
    first = left[0]
    dues = date.fromisoformat(first["from_on"]), date.fromisoformat(first["due_on"])
    for row in schedule(terms, sum(one["principal"] for one in left), *dues):
        number = first["number"] + row.number - 1
        rows.execute(
            "INSERT INTO instalments (loan_id, number, from_on, due_on, principal, interest) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (loan_id, number) DO UPDATE SET principal = excluded.principal, interest = excluded.interest",
            *(loan.id, number, row.from_on.isoformat(), row.due_on.isoformat(), row.principal, row.interest),
        )


_KINDS: dict[str, Callable[[Rows, Loan, list[Row], Any], None]] = {
    "dueOn": _move,
    "extra": _stretch,
    "rate": _reprice,
}


def _row(rows: Rows, ref: str) -> Row:
    row = rows.one("SELECT * FROM reschedules WHERE id = ?", whole(ref))
    if row is None:
        message = f"Loan reschedule request with identifier {ref} does not exist"
        raise missing("error.msg.loan.reschedule.request.id.invalid", message, ref)
    return row


def _list(ask: Ask) -> list[dict[str, Any]]:
    loan = whole(ask.query.get("loanId", ""))
    return [_shown(row) for row in ask.rows.all("SELECT * FROM reschedules WHERE loan_id = ? ORDER BY id", loan)]


def _shown(row: Row) -> dict[str, Any]:
    status = row["status"]
    return {
        "id": row["id"],
        "loanId": row["loan_id"],
        "rescheduleFromDate": wire.days(row["from_on"]),
        "statusEnum": {
            "id": status,
            "value": _STATES[status],
            "pendingApproval": status == wire.SUBMITTED,
            "approved": status == wire.APPROVED,
            "rejected": status == wire.REJECTED,
        },
        "timeline": {"submittedOnDate": wire.days(row["submitted_on"])},
    }
