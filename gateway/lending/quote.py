"""Prices a loan from its terms alone, for people and programs outside: JSON in, JSON out.

{"instalments": [{"number": 1, "dueOn": "2026-09-04", "days": 30, "principal": "2000.00", ...}],
 "totals": {"principal": "2000.00", ...}, "status": "active", "totalCost": "160.00", "aprPercent": "97.33"}
"""

from collections.abc import Mapping

from gateway.lending.cost import percent_text, yearly_cost
from gateway.lending.fields import amount_text
from gateway.lending.loan import Loan, Row
from gateway.lending.replay import replay
from gateway.lending.terms import parse_terms

CURRENCY = "KES"


def quote_from_terms(source: Mapping[str, object]) -> dict[str, object]:
    """The schedule, its state after the events, and its cost.

    Raises InvalidTerms or UnsupportedTerms with a message that begins with the field's name.
    """
    terms = parse_terms(source)
    loan = replay(terms)
    cost = yearly_cost(terms, terms.principal_cents, loan.rows)
    return {
        "instalments": [_instalment(row) for row in loan.rows],
        "totals": _totals(loan),
        "status": loan.status,
        "daysLate": loan.days_late,
        "asOf": loan.as_of.isoformat(),
        "currency": CURRENCY,
        "totalCost": amount_text(loan.owed.total - loan.owed.principal),
        "aprPercent": percent_text(cost.nominal),
        "effectiveAprPercent": percent_text(cost.effective),
    }


def _instalment(row: Row) -> dict[str, object]:
    owed = row.owed
    return {
        "number": row.number,
        "dueOn": row.due_on.isoformat(),
        "days": row.instalment.days,
        "principal": amount_text(owed.principal),
        "interest": amount_text(owed.interest),
        "fees": amount_text(owed.fee),
        "penalties": amount_text(owed.penalty),
        "due": amount_text(owed.total),
        "paid": amount_text(row.paid.total),
        "outstanding": amount_text(row.outstanding.total),
        "principalBalanceAfter": amount_text(row.instalment.balance_after_cents),
    }


def _totals(loan: Loan) -> dict[str, str]:
    owed = loan.owed
    return {
        "principal": amount_text(owed.principal),
        "interest": amount_text(owed.interest),
        "fees": amount_text(owed.fee),
        "penalties": amount_text(owed.penalty),
        "due": amount_text(owed.total),
        "paid": amount_text(loan.paid.total),
        "outstanding": amount_text(loan.outstanding.total),
        "overpaid": amount_text(loan.overpaid_cents),
    }
