from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.lending.cost import Payment, YearlyCost, percent_text, periodic_rate, yearly_cost
from gateway.lending.replay import replay
from gateway.lending.terms import parse_terms

# A busy machine is not a failing test.
MONTHLY: dict[str, Any] = {
    "principal": "24000",
    "annualRatePercent": "16",
    "interestMethod": "declining_balance",
    "numberOfRepayments": 6,
    "repaymentUnit": "months",
    "disbursedOn": "2026-01-15",
    "installmentMultipleOf": "1",
}
THIRTY_DAYS = MONTHLY | {
    "principal": "3000",
    "annualRatePercent": "0",
    "numberOfRepayments": 1,
    "repaymentEvery": 30,
    "repaymentUnit": "days",
}


def cost(source: dict[str, Any], received_cents: int) -> YearlyCost:
    terms = parse_terms(source)
    return yearly_cost(terms, received_cents, replay(terms).rows)


class TestYearlyCost:
    def test_deductions_make_a_loan_dearer_than_its_rate(self) -> None:
        """24,000 at 16 percent with 23,304.00 in hand costs 26.42 percent, 29.87 compounded."""
        yearly = cost(MONTHLY, 2330400)

        assert percent_text(yearly.nominal / 12, 4) == "2.2017"
        assert (percent_text(yearly.nominal), percent_text(yearly.effective)) == ("26.42", "29.87")

    def test_flat_eighteen_is_not_eighteen(self) -> None:
        """A flat "18 percent" on 12,000 over 6 months is 30.23 nominal and 34.79 effective."""
        flat = MONTHLY | {"principal": "12000", "annualRatePercent": "18", "interestMethod": "flat"}

        yearly = cost(flat, 1200000)

        assert (percent_text(yearly.nominal), percent_text(yearly.effective)) == ("30.23", "34.79")

    def test_a_fee_on_top_of_thirty_days(self) -> None:
        """3,000 with 7.5 percent added: 91.25 simple, 141.07 effective."""
        fee = {"on": "2026-01-15", "type": "charge", "amount": "225.00"}

        yearly = cost(THIRTY_DAYS | {"events": [fee]}, 300000)

        assert (percent_text(yearly.nominal), percent_text(yearly.effective)) == ("91.25", "141.07")

    def test_a_fee_taken_from_the_payout_costs_more(self) -> None:
        """The same 225.00 on only 2,775.00 in hand is 98.65 percent."""
        assert percent_text(cost(THIRTY_DAYS, 277500).nominal) == "98.65"

    def test_a_late_penalty_is_not_part_of_the_price(self) -> None:
        """The price is what was agreed, not what lateness added."""
        penalty = {"on": "2026-01-20", "type": "charge", "amount": "500.00", "kind": "penalty"}

        assert cost(THIRTY_DAYS | {"events": [penalty]}, 300000).nominal == 0

    def test_a_longer_first_period_makes_the_same_money_cheaper(self) -> None:
        """Moved due dates count in days."""
        late = MONTHLY | {"firstRepaymentOn": "2026-03-15"}

        assert cost(late, 2400000).nominal < cost(MONTHLY, 2400000).nominal

    @pytest.mark.parametrize(("percent", "text"), [("110.606", "111"), ("110.5", "111"), ("0.49", "0")])
    def test_whole_percents_are_rounded_half_up(self, percent: str, text: str) -> None:
        """The customer never sees less than half a percent too little."""
        assert percent_text(Decimal(percent), 0) == text


class TestPeriodicRate:
    @given(
        st.integers(1, 10**8),
        st.lists(st.integers(0, 10**9), min_size=1, max_size=24),
    )
    def test_the_rate_makes_the_payments_worth_the_loan(self, received: int, cents: list[int]) -> None:
        """Discounted at the rate found, the payments are worth what was received."""
        payments = [Payment(Decimal(number), paid) for number, paid in enumerate(cents, 1) if paid]
        assume(sum(payment.cents for payment in payments) >= received)

        rate = periodic_rate(received, payments)

        worths = (payment.cents / (1 + rate) ** payment.periods for payment in payments)
        worth = sum(worths, Decimal(0))
        assert abs(worth - received) < Decimal("0.0001")

    @pytest.mark.parametrize(("received", "cents"), [(0, 100), (100, 0)])
    def test_a_loan_of_nothing_has_no_rate(self, received: int, cents: int) -> None:
        """Without money on both sides there is nothing to solve."""
        with pytest.raises(ValueError, match="no rate"):
            periodic_rate(received, [Payment(Decimal(1), cents)])
