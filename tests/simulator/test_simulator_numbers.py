"""Phones and amounts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.numbers import cents, e164
from tests.simulator.pretend_network import AMINA


class TestNumbers:
    @pytest.mark.parametrize("typed", ["0711000001", "254711000001", "+254 711 000 001", "711000001"])
    def test_a_phone_is_understood_in_every_usual_form(self, typed: str) -> None:
        """All of them are the same phone."""
        assert e164(typed) == AMINA

    @pytest.mark.parametrize("typed", ["", "12", "Amina", "+14155550100", "07110000011", "0202345678"])
    def test_what_is_no_kenyan_phone_is_refused(self, typed: str) -> None:
        """The refusal shows an example."""
        with pytest.raises(ValueError, match="0711 000 001"):
            e164(typed)

    @given(st.integers(0, 10**12))
    def test_cents_survive_their_written_form(self, amount_cents: int) -> None:
        """No floating point is involved."""
        assert cents(f"{amount_cents // 100:,}.{amount_cents % 100:02d}") == amount_cents

    @pytest.mark.parametrize("text", ["", "many", "1.234", "NaN", "Infinity"])
    def test_what_is_no_amount_is_refused(self, text: str) -> None:
        """Fractions of a cent are none either."""
        with pytest.raises(ValueError, match="amount"):
            cents(text)
