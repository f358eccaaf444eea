"""What a payer is charged: bands by their upper end, in shillings outside and cents inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Daraja
from gateway.rails.charges import Charges

BANDS = {100: 0, 500: 5, 1000: 10}
TARIFFS = st.dictionaries(st.integers(1, 250_000), st.integers(0, 500), min_size=1, max_size=20)


class TestPayerCents:
    @pytest.mark.parametrize(
        ("amount_cents", "charge_cents"),
        [
            (1_00, 0),
            (100_00, 0),
            (100_01, 5_00),
            (101_00, 5_00),
            (500_00, 5_00),
            (501_00, 10_00),
            (1_000_00, 10_00),
            (9_999_00, 10_00),
        ],
    )
    def test_an_end_belongs_to_its_band(self, amount_cents: int, charge_cents: int) -> None:
        """Above the last band its charge holds."""
        assert Charges(BANDS).payer_cents(amount_cents) == charge_cents

    def test_the_bands_may_come_in_any_order(self) -> None:
        """A file lists them as it likes."""
        turned = dict(reversed(BANDS.items()))

        assert Charges(turned).payer_cents(450_00) == 5_00

    def test_no_tariff_is_no_charge(self) -> None:
        """The business pays: nothing is configured."""
        assert Charges({}).payer_cents(450_00) == 0

    def test_the_tariff_that_comes_with_us(self) -> None:
        """As the dialogue of a repayment shows it: Ksh 20 on Ksh 2,215."""
        assert Charges(Daraja().paybill_charges).payer_cents(2_215_00) == 20_00

    @given(bands=TARIFFS, amount_cents=st.integers(1, 30_000_000))
    def test_it_is_the_first_band_that_holds_the_amount(self, bands: dict[int, int], amount_cents: int) -> None:
        """Said the slow way."""
        ends = [end for end in bands if end * 100 >= amount_cents]
        expected = bands[min(ends)] if ends else bands[max(bands)]

        assert Charges(bands).payer_cents(amount_cents) == expected * 100
