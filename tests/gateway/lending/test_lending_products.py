from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.fields import amount_text
from gateway.lending.offers import DEMO_PRODUCTS, parse_product, parse_products
from gateway.lending.price import quote
from gateway.lending.replay import replay
from gateway.lending.terms import parse_terms, terms_mapping

ON = date(2026, 8, 5)
QUICK = parse_products(DEMO_PRODUCTS)["quick"]
MONTHLY: dict[str, Any] = {
    "name": "Monthly",
    "min_amount": "2000",
    "max_amount": "50000",
    "interest_method": "declining_balance",
    "interest_percent": "3",
    "repayments": [3, 6, 12],
    "repayment_unit": "months",
    "installment_multiple_of": "1",
    "penalty": {"amount": "100.00", "grace_days": 2},
    "rebate": "by_day",
    "approval": "officer",
}


class TestQuick:
    def test_two_thousand_shillings(self) -> None:
        """Fee 20, 1,980 in hand, interest 160, repay 2,160 by 4 September, APR 111 percent."""
        offer = quote(QUICK, 200000, ON)

        assert (offer.fee_cents, offer.payout_cents) == (2000, 198000)
        assert (offer.interest_cents, offer.repay_cents) == (16000, 216000)
        assert offer.due_on == (date(2026, 9, 4),)
        assert offer.apr_text == "111"
        assert f"{offer.apr_percent:.4f}" == "110.6061"

    def test_the_agreement_can_be_stored_and_played(self) -> None:
        """The stored terms give the same loan again, late penalty included."""
        terms = parse_terms(terms_mapping(quote(QUICK, 200000, ON).terms))
        late = [{"on": "2026-09-08", "type": "end_of_day"}]

        loan = replay(parse_terms(terms_mapping(terms) | {"events": late}))

        assert amount_text(loan.outstanding.total) == "2210.00"

    def test_what_the_product_promises(self) -> None:
        """Limits, approval and penalty are those of the demonstration."""
        assert (QUICK.min_cents, QUICK.max_cents, QUICK.first_limit_cents) == (50000, 500000, 200000)
        assert QUICK.approval == "auto"
        assert QUICK.penalty is not None
        assert (QUICK.penalty.amount_cents, QUICK.penalty.unit) == (5000, "months")

    @pytest.mark.parametrize("cents", [49999, 500001, 0, -100])
    def test_an_amount_outside_the_limits_is_refused(self, cents: int) -> None:
        """The refusal says what the product lends."""
        with pytest.raises(InvalidTerms, match=r"^principal: Quick lends 500.00 to 5000.00"):
            quote(QUICK, cents, ON)

    def test_a_fee_that_is_added_is_repaid_with_the_loan(self) -> None:
        """All of the loan is paid out and the fee comes on top of the first instalment."""
        added = replace(QUICK, fee_mode="added")

        offer = quote(added, 200000, ON)

        assert (offer.payout_cents, offer.repay_cents) == (200000, 218000)
        assert offer.schedule[0].owed.fee == 2000


class TestMonthly:
    @pytest.mark.parametrize(
        ("count", "instalment", "repay"),
        [(3, "4242.00", "12727.13"), (6, "2215.00", "13291.10"), (12, "1206.00", "14465.54")],
    )
    def test_three_percent_a_month(self, count: int, instalment: str, repay: str) -> None:
        """12,000 in equal instalments over the terms on offer, at 36 percent a year."""
        offer = quote(parse_product("monthly", MONTHLY), 1200000, ON, count)

        assert amount_text(offer.schedule[0].owed.total) == instalment
        assert amount_text(offer.repay_cents) == repay
        assert offer.apr_text == "36"

    def test_a_product_may_go_without_a_penalty(self) -> None:
        """No penalty configured is none in the agreement."""
        forgiving = parse_product("monthly", MONTHLY | {"penalty": None})

        assert quote(forgiving, 1200000, ON).terms.late_penalty is None

    def test_the_first_count_is_the_usual_one(self) -> None:
        """Without a choice the first term on offer is priced."""
        assert len(quote(parse_product("monthly", MONTHLY), 1200000, ON).schedule) == 3

    def test_a_term_that_is_not_on_offer_is_refused(self) -> None:
        """Four months were never offered."""
        with pytest.raises(InvalidTerms, match=r"^repayments: Monthly has no 4"):
            quote(parse_product("monthly", MONTHLY), 1200000, ON, 4)


class TestParseProduct:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"colour": "blue"}, "colour"),
            ({"interest_method": "compound"}, "interest_method"),
            ({"fee_mode": "monthly"}, "fee_mode"),
            ({"rebate": "half"}, "rebate"),
            ({"penalty": {"amount": "50.00", "percent": "5"}}, "penalty.percent"),
        ],
    )
    def test_what_is_not_supported_is_refused_by_name(self, changes: dict[str, Any], field: str) -> None:
        """A misspelt key stops the start with its name."""
        with pytest.raises(UnsupportedTerms, match=rf"^products\.monthly\.{field}: "):
            parse_product("monthly", MONTHLY | changes)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"min_amount": None}, "min_amount"),
            ({"min_amount": "60000"}, "min_amount"),
            ({"min_amount": "60", "installment_multiple_of": "10"}, "min_amount"),
            ({"rebate": None}, "rebate"),
            ({"rebate": "none"}, "rebate"),
            ({"fee_percent": "100"}, "fee_percent"),
            ({"repayments": []}, "repayments"),
            ({"repayments": [True]}, "repayments"),
            ({"repayments": [0]}, "repayments"),
            ({"approval": None}, "approval"),
            ({"repayment_unit": "days", "repayment_every": 7}, "repayment_every"),
            ({"interest_percent": "0.0000000001", "repayment_every": 7}, "repayment_every"),
            ({"interest_percent": "9000"}, "interest_percent"),
        ],
    )
    def test_nonsense_is_refused_by_name(self, changes: dict[str, Any], field: str) -> None:
        """A product that could not be priced is refused before anybody asks for it."""
        with pytest.raises(InvalidTerms, match=rf"^products\.monthly\.{field}: "):
            parse_product("monthly", MONTHLY | changes)
