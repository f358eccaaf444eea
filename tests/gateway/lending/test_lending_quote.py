import json
from typing import Any

from gateway.lending.quote import quote_from_terms

TERMS: dict[str, Any] = {
    "principal": "10000.00",
    "annualRatePercent": "18",
    "interestMethod": "declining_balance",
    "amortization": "equal_principal",
    "interestPeriod": "same_as_repayment_period",
    "dayCount": "30/360",
    "numberOfRepayments": 2,
    "repaymentEvery": 1,
    "repaymentUnit": "months",
    "disbursedOn": "2026-01-15",
    "firstRepaymentOn": None,
    "installmentMultipleOf": "1",
    "events": [
        {"on": "2026-02-10", "type": "charge", "amount": "50.00", "kind": "penalty"},
        {"on": "2026-02-10", "type": "charge", "amount": "30.00"},
        {"on": "2026-02-15", "type": "repayment", "amount": "5200.00"},
        {"on": "2026-02-20", "type": "end_of_day"},
    ],
}


class TestQuoteFromTerms:
    def test_the_answer_has_exactly_this_shape(self) -> None:
        """Every amount is text with two decimals, every date ISO, and the parts add up."""
        assert quote_from_terms(TERMS) == {
            "instalments": [
                {
                    "number": 1,
                    "dueOn": "2026-02-15",
                    "days": 31,
                    "principal": "5000.00",
                    "interest": "150.00",
                    "fees": "30.00",
                    "penalties": "50.00",
                    "due": "5230.00",
                    "paid": "5200.00",
                    "outstanding": "30.00",
                    "principalBalanceAfter": "5000.00",
                },
                {
                    "number": 2,
                    "dueOn": "2026-03-15",
                    "days": 28,
                    "principal": "5000.00",
                    "interest": "75.00",
                    "fees": "0.00",
                    "penalties": "0.00",
                    "due": "5075.00",
                    "paid": "0.00",
                    "outstanding": "5075.00",
                    "principalBalanceAfter": "0.00",
                },
            ],
            "totals": {
                "principal": "10000.00",
                "interest": "225.00",
                "fees": "30.00",
                "penalties": "50.00",
                "due": "10305.00",
                "paid": "5200.00",
                "outstanding": "5105.00",
                "overpaid": "0.00",
            },
            "status": "in_arrears",
            "daysLate": 5,
            "asOf": "2026-02-20",
            "currency": "KES",
            "totalCost": "305.00",
            "aprPercent": "20.41",
            "effectiveAprPercent": "22.44",
        }

    def test_the_answer_is_plain_json(self) -> None:
        """It can be printed as it is."""
        answer = quote_from_terms(TERMS)

        assert json.loads(json.dumps(answer)) == answer

    def test_a_loan_without_interest_costs_nothing(self) -> None:
        """No interest and no charge is 0.00 and 0.00 percent."""
        free = quote_from_terms(TERMS | {"annualRatePercent": "0", "events": []})

        assert (free["totalCost"], free["aprPercent"], free["status"]) == ("0.00", "0.00", "active")
