from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.events import Charge, EndOfDay, Repayment, Reschedule, Reversal
from gateway.lending.penalties import LatePenalty
from gateway.lending.terms import parse_terms, terms_mapping

LEAST: dict[str, Any] = {
    "principal": "10000.00",
    "annualRatePercent": "18",
    "interestMethod": "declining_balance",
    "numberOfRepayments": 6,
    "repaymentUnit": "months",
    "disbursedOn": "2026-01-15",
}
EVERYTHING: dict[str, Any] = LEAST | {
    "amortization": "equal_principal",
    "interestPeriod": "daily",
    "dayCount": "30/360",
    "repaymentEvery": 2,
    "firstRepaymentOn": "2026-02-20",
    "principalGracePeriods": 1,
    "interestPaymentGracePeriods": 2,
    "interestFreePeriods": 3,
    "installmentMultipleOf": "10.00",
    "rounding": "half_up",
    "allocation": ["interest", "principal", "fee", "penalty"],
    "allocationInAdvance": ["principal", "interest", "fee", "penalty"],
    "latePenalty": {"amount": "20.00", "every": 1, "unit": "days", "graceDays": 3, "cap": "200.00"},
    "events": [
        {"on": "2026-02-20", "type": "repayment", "amount": "500.00", "reference": "SCV1AB2CD3"},
        {"on": "2026-02-21", "type": "reverse_repayment", "amount": "500.00", "repaymentOn": "2026-02-20"},
        {"on": "2026-02-22", "type": "charge", "amount": "50.00", "kind": "penalty", "instalment": 1},
        {"on": "2026-02-23", "type": "end_of_day"},
        {"on": "2026-07-24", "type": "reschedule", "extraInstalments": 3, "annualRatePercent": "14.25"},
    ],
}


class TestParseTerms:
    def test_what_is_left_out_gets_the_usual_value(self) -> None:
        """Six fields make a loan; the others have defaults."""
        terms = parse_terms(LEAST)

        assert terms.principal_cents == 1000000
        assert terms.annual_rate_percent == Decimal(18)
        assert terms.disbursed_on == date(2026, 1, 15)
        assert (terms.amortization, terms.rounding) == ("equal_installments", "half_even")
        assert terms.allocation == ("penalty", "fee", "interest", "principal")

    def test_null_is_the_same_as_left_out(self) -> None:
        """A client that writes every field may write null for what it does not use."""
        blank = dict.fromkeys(EVERYTHING)

        assert parse_terms(blank | LEAST) == parse_terms(LEAST)

    def test_every_event_is_read(self) -> None:
        """Five kinds of event, each with its own fields."""
        events = parse_terms(EVERYTHING).events

        assert events == (
            Repayment(date(2026, 2, 20), 50000, "SCV1AB2CD3"),
            Reversal(date(2026, 2, 21), 50000, repayment_on=date(2026, 2, 20)),
            Charge(date(2026, 2, 22), 5000, "penalty", 1),
            EndOfDay(date(2026, 2, 23)),
            Reschedule(date(2026, 7, 24), 3, Decimal("14.25")),
        )

    def test_a_late_penalty_is_read(self) -> None:
        """Amount, rhythm, grace and cap of the penalty are part of the agreement."""
        assert parse_terms(EVERYTHING).late_penalty == LatePenalty(2000, 1, "days", 3, 20000)

    @pytest.mark.parametrize("source", [LEAST, EVERYTHING])
    def test_terms_survive_being_stored(self, source: dict[str, Any]) -> None:
        """What is written with the loan reads back as the same agreement."""
        terms = parse_terms(source)

        assert parse_terms(terms_mapping(terms)) == terms

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"balloonPayment": "100.00"}, "balloonPayment"),
            ({"interestMethod": "compound"}, "interestMethod"),
            ({"amortization": "bullet"}, "amortization"),
            ({"interestPeriod": "weekly"}, "interestPeriod"),
            ({"dayCount": "actual/364"}, "dayCount"),
            ({"repaymentUnit": "years"}, "repaymentUnit"),
            ({"rounding": "bankers"}, "rounding"),
            ({"allocation": ["tax", "fee", "interest", "principal"]}, "allocation"),
            ({"interestMethod": "flat", "interestPeriod": "daily"}, "interestPeriod"),
            ({"events": [{"on": "2026-02-01", "type": "writeoff"}]}, r"events\[0\].type"),
            (
                {"events": [{"on": "2026-02-01", "type": "end_of_day", "amount": "1.00"}]},
                r"events\[0\].amount",
            ),
            ({"latePenalty": {"amount": "50.00", "percent": "5"}}, "latePenalty.percent"),
        ],
    )
    def test_what_is_not_supported_is_refused_by_name(self, changes: dict[str, Any], field: str) -> None:
        """An unknown field or kind is never ignored."""
        with pytest.raises(UnsupportedTerms, match=f"^{field}: "):
            parse_terms(LEAST | changes)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"principal": None}, "principal"),
            ({"principal": "0.00"}, "principal"),
            ({"principal": "-5.00"}, "principal"),
            ({"principal": "10.005"}, "principal"),
            ({"principal": 10000.5}, "principal"),
            ({"principal": "1e4"}, "principal"),
            ({"principal": "NaN"}, "principal"),
            ({"principal": "\u0661\u0660"}, "principal"),
            ({"principal": True}, "principal"),
            ({"annualRatePercent": "-1"}, "annualRatePercent"),
            ({"annualRatePercent": 18.5}, "annualRatePercent"),
            ({"numberOfRepayments": 0}, "numberOfRepayments"),
            ({"numberOfRepayments": "6"}, "numberOfRepayments"),
            ({"numberOfRepayments": True}, "numberOfRepayments"),
            ({"numberOfRepayments": 601}, "numberOfRepayments"),
            ({"disbursedOn": "2026-02-30"}, "disbursedOn"),
            ({"disbursedOn": "15 Jan 2026"}, "disbursedOn"),
            ({"disbursedOn": "0001-01-01"}, "disbursedOn"),
            ({"disbursedOn": "2999-12-01", "numberOfRepayments": 600, "repaymentEvery": 366}, "numberOf.*"),
            ({"firstRepaymentOn": "2026-01-15"}, "firstRepaymentOn"),
            ({"principalGracePeriods": 6}, "principalGracePeriods"),
            ({"interestPaymentGracePeriods": 6}, "interestPaymentGracePeriods"),
            ({"interestFreePeriods": 7}, "interestFreePeriods"),
            ({"installmentMultipleOf": "0"}, "installmentMultipleOf"),
            ({"allocation": ["fee", "interest", "principal"]}, "allocation"),
            ({"allocation": ["fee", "fee", "interest", "principal"]}, "allocation"),
            ({"allocation": "fee"}, "allocation"),
            ({"events": {}}, "events"),
            ({"events": ["repayment"]}, r"events\[0\]"),
            ({"events": [{"on": "2026-01-14", "type": "end_of_day"}]}, r"events\[0\].on"),
            ({"events": [{"on": "2026-02-01", "type": "repayment"}]}, r"events\[0\].amount"),
            ({"events": [{"on": "2026-02-01", "type": "reschedule"}]}, r"events\[0\].extraInstalments"),
            ({"events": [{"on": "2026-02-01", "type": "end_of_day"}] * 10_001}, "events"),
            (
                {"events": [{"on": "2026-02-01", "type": "repayment", "amount": "1", "reference": 5}]},
                r"events\[0\].reference",
            ),
            ({"latePenalty": {"every": 1}}, "latePenalty.amount"),
        ],
    )
    def test_what_cannot_be_read_is_refused_by_name(self, changes: dict[str, Any], field: str) -> None:
        """Malformed, contradictory and out-of-range values name their field."""
        with pytest.raises(InvalidTerms, match=f"^{field}: "):
            parse_terms(LEAST | changes)

    def test_something_that_is_no_object_is_refused(self) -> None:
        """A list of terms is not terms, though a JSON file may hold one."""
        listed: Any = [LEAST]

        with pytest.raises(InvalidTerms, match=r"^terms: "):
            parse_terms(listed)
