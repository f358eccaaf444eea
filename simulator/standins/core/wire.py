"""Values as Fineract writes them: dates as arrays, money as decimal numbers, enumerations as objects.

{"principal": 9000.000000, "expectedDisbursementDate": [2026, 3, 2],
 "status": {"id": 300, "code": "loanStatusType.active", "value": "Active", "active": true, ...}}
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")

CURRENCY: Mapping[str, Any] = MappingProxyType(
    {
        "code": "KES",
        "name": "Kenyan Shilling",
        "decimalPlaces": 2,
        "inMultiplesOf": 0,
        "displaySymbol": "Ksh",
        "nameCode": "currency.KES",
        "displayLabel": "Kenyan Shilling (Ksh)",
    }
)

SUBMITTED, APPROVED, ACTIVE = 100, 200, 300
WITHDRAWN, REJECTED, CLOSED, WRITTEN_OFF, OVERPAID = 400, 500, 600, 601, 700

LOAN_STATUSES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        SUBMITTED: ("loanStatusType.submitted.and.pending.approval", "Submitted and pending approval"),
        APPROVED: ("loanStatusType.approved", "Approved"),
        ACTIVE: ("loanStatusType.active", "Active"),
        WITHDRAWN: ("loanStatusType.withdrawn.by.client", "Withdrawn by applicant"),
        REJECTED: ("loanStatusType.rejected", "Rejected"),
        CLOSED: ("loanStatusType.closed.obligations.met", "Closed (obligations met)"),
        WRITTEN_OFF: ("loanStatusType.closed.written.off", "Closed (written off)"),
        OVERPAID: ("loanStatusType.overpaid", "Overpaid"),
    }
)

SAVINGS_STATUSES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        SUBMITTED: ("savingsAccountStatusType.submitted.and.pending.approval", "Submitted and pending approval"),
        APPROVED: ("savingsAccountStatusType.approved", "Approved"),
        ACTIVE: ("savingsAccountStatusType.active", "Active"),
        WITHDRAWN: ("savingsAccountStatusType.withdrawn.by.applicant", "Withdrawn by applicant"),
        REJECTED: ("savingsAccountStatusType.rejected", "Rejected"),
        CLOSED: ("savingsAccountStatusType.closed", "Closed"),
    }
)

CLIENT_STATUSES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {SUBMITTED: ("clientStatusType.pending", "Pending"), ACTIVE: ("clientStatusType.active", "Active")}
)

TRANSACTION_TYPES: Mapping[int, tuple[str, str, str]] = MappingProxyType(
    {
        1: ("disbursement", "loanTransactionType.disbursement", "Disbursement"),
        2: ("repayment", "loanTransactionType.repayment", "Repayment"),
        5: ("repaymentAtDisbursement", "loanTransactionType.repaymentAtDisbursement", "Repayment (at disbursement)"),
        6: ("writeOff", "loanTransactionType.writeOff", "Close (as written-off)"),
        8: ("recoveryRepayment", "loanTransactionType.recoveryRepayment", "Repayment (after write-off)"),
        9: ("waiveCharges", "loanTransactionType.waiveCharges", "Waive loan charges"),
        20: ("creditBalanceRefund", "loanTransactionType.creditBalanceRefund", "Credit Balance Refund"),
    }
)

SAVINGS_TRANSACTION_TYPES: Mapping[int, tuple[str, str, str]] = MappingProxyType(
    {
        1: ("deposit", "savingsAccountTransactionType.deposit", "Deposit"),
        2: ("withdrawal", "savingsAccountTransactionType.withdrawal", "Withdrawal"),
    }
)


def encode(value: Any) -> bytes:
    return _ENCODER.encode(value)


def money(cents: int) -> Decimal:
    """Six decimals, as the database of the real one keeps them."""
    return Decimal(cents * 10_000).scaleb(-6)


def days(iso: str | None) -> list[int] | None:
    """`[2026, 3, 2]` for `2026-03-02`."""
    if iso is None:
        return None
    day = date.fromisoformat(iso)
    return [day.year, day.month, day.day]


def loan_status(status: int) -> dict[str, Any]:
    code, value = LOAN_STATUSES[status]
    return {
        "id": status,
        "code": code,
        "value": value,
        "pendingApproval": status == SUBMITTED,
        "waitingForDisbursal": status == APPROVED,
        "active": status == ACTIVE,
        "closedObligationsMet": status == CLOSED,
        "closedWrittenOff": status == WRITTEN_OFF,
        "closedRescheduled": False,
        "closed": status in (CLOSED, WRITTEN_OFF),
        "overpaid": status == OVERPAID,
    }


def savings_status(status: int) -> dict[str, Any]:
    code, value = SAVINGS_STATUSES[status]
    return {
        "id": status,
        "code": code,
        "value": value,
        "submittedAndPendingApproval": status == SUBMITTED,
        "approved": status == APPROVED,
        "rejected": status == REJECTED,
        "withdrawnByApplicant": status == WITHDRAWN,
        "active": status == ACTIVE,
        "closed": status == CLOSED,
    }


def client_status(status: int) -> dict[str, Any]:
    code, value = CLIENT_STATUSES[status]
    return {"id": status, "code": code, "value": value}


def transaction_type(kind: int, types: Mapping[int, tuple[str, str, str]]) -> dict[str, Any]:
    """Which type it is, said once by id and once for each of them by a boolean."""
    _name, code, value = types[kind]
    return {"id": kind, "code": code, "value": value} | {types[one][0]: one == kind for one in types}


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not there: empty values are left out of answers."""
    return {name: value for name, value in values.items() if value is not None}
