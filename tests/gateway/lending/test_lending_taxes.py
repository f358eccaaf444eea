from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.price import quote
from gateway.lending.products import FEE_MODES, FeeMode, Product
from gateway.lending.taxes import Charged, Tax, duties, on_top_cents

ON = date(2026, 8, 5)
EXCISE = Tax("excise", "fee", Decimal(20), date(2022, 7, 1))
QUICK, GROWTH = (parse_products(DEMO_PRODUCTS)[key] for key in ("quick", "growth"))
# A busy machine is not a failing test.

TAXES = st.lists(
    st.builds(
        Tax,
        st.sampled_from(("excise", "levy")),
        st.sampled_from(("fee", "interest")),
        st.decimals("0.1", 30, places=1),
        st.just(date(2020, 1, 1)),
        st.none(),
        st.booleans(),
    ),
    max_size=3,
).map(tuple)


def charged(fee: int = 0, interest: int = 0) -> dict[Charged, int]:
    return {"fee": fee, "interest": interest}


class TestDuties:
    def test_twenty_percent_of_a_fee_of_twenty_is_four(self) -> None:
        """On top of the fee."""
        [duty] = duties([EXCISE], ON, charged(fee=2000, interest=16000), whole_shillings=True)

        assert (duty.base_cents, duty.cents, duty.inside) == (2000, 400, False)

    def test_inside_the_fee_the_customer_pays_no_more(self) -> None:
        """A sixth of it is the state's."""
        [duty] = duties([replace(EXCISE, inside=True)], ON, charged(fee=2000), whole_shillings=True)

        assert (duty.base_cents, duty.cents) == (1667, 333)
        assert on_top_cents([duty]) == 0

    @pytest.mark.parametrize(
        ("day", "is_owed"), [(date(2022, 6, 30), False), (date(2022, 7, 1), True), (date(2027, 1, 1), False)]
    )
    def test_a_rate_holds_from_its_first_day_until_before_its_last(self, day: date, is_owed: bool) -> None:
        """Law changes at midnight."""
        dated = replace(EXCISE, until=date(2027, 1, 1))

        assert bool(duties([dated], day, charged(fee=2000), whole_shillings=True)) is is_owed

    def test_whole_shillings_are_never_less_than_the_law_asks(self) -> None:
        """M-PESA pays no cents, so they are rounded up."""
        fee = charged(fee=1200)

        assert duties([EXCISE], ON, fee, whole_shillings=True)[0].cents == 300
        assert duties([EXCISE], ON, fee, whole_shillings=False)[0].cents == 240

    def test_a_duty_of_nothing_is_no_duty(self) -> None:
        """Where there is no fee."""
        assert duties([EXCISE], ON, charged(interest=100), whole_shillings=True) == ()


class TestPrice:
    def test_a_duty_is_taken_from_the_payout_beside_the_fee(self) -> None:
        """2,000 less 20 and 4; what is repaid stays, and the yearly rate says so."""
        offer = quote(replace(QUICK, taxes=(EXCISE,)), 200000, ON)

        assert (offer.fee_cents, offer.duty_cents, offer.payout_cents) == (2000, 400, 197600)
        assert offer.repay_cents == 216000
        assert offer.apr_percent > quote(QUICK, 200000, ON).apr_percent

    def test_or_it_is_added_to_the_debt_with_it(self) -> None:
        """All of the loan is paid out."""
        offer = quote(replace(QUICK, fee_mode="added", taxes=(EXCISE,)), 200000, ON)

        assert (offer.payout_cents, offer.repay_cents) == (200000, 218400)

    def test_interest_may_be_taxed(self) -> None:
        """On all that is contracted: 1 percent of 1,291.10, rounded up to a shilling."""
        levy = Tax("levy", "interest", Decimal(1), date(2020, 1, 1))

        offer = quote(replace(GROWTH, taxes=(levy,)), 1200000, ON, 6)

        assert (offer.duty_cents, offer.payout_cents) == (1300, 1198700)

    @given(
        product=st.sampled_from((QUICK, GROWTH)),
        taxes=TAXES,
        mode=st.sampled_from(FEE_MODES),
        fee=st.decimals(0, 5, places=1),
        shillings=st.integers(2000, 5000),
        data=st.data(),
    )
    def test_every_shilling_of_a_price_is_accounted_for(
        self, product: Product, taxes: tuple[Tax, ...], mode: FeeMode, fee: Decimal, shillings: int, data: st.DataObject
    ) -> None:
        """What is received, the charges and the duties make up the loan; what is repaid makes up the rows."""
        count = data.draw(st.sampled_from(product.repayments))
        on = data.draw(st.dates(date(2026, 1, 1), date(2028, 12, 31)))
        taxed = replace(product, taxes=taxes, fee_mode=mode, fee_percent=fee)

        offer = quote(taxed, shillings * 100, on, count)

        taken = offer.fee_cents + offer.duty_cents
        rows = offer.schedule
        assert offer.payout_cents == offer.principal_cents - (taken if mode == "from_payout" else 0)
        assert offer.payout_cents % 100 == 0 or mode == "added"
        assert sum(row.owed.principal for row in rows) == offer.principal_cents
        assert sum(row.owed.fee for row in rows) == (taken if mode == "added" else 0)
        assert sum(row.owed.total for row in rows) == offer.repay_cents
        assert all(cents >= 0 for row in rows for cents in (row.owed.interest, row.owed.principal))
