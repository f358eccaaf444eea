"""Ageing and portfolio at risk, exact to the cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.loanbook.ageing import AT_RISK_DAYS, Ageing, Exposure, band_of

LOANS = st.lists(
    st.builds(Exposure, st.just("quick"), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 400))
)


def book(loans: list[Exposure]) -> Ageing:
    found = Ageing()
    for loan in loans:
        found = found.plus(loan)
    return found


class TestBands:
    @pytest.mark.parametrize(
        ("days", "band"),
        [(0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (90, "61-90"),
         (91, "91+")],
    )  # fmt: skip
    def test_a_band_ends_on_its_last_day(self, days: int, band: str) -> None:
        """A loan moves on the day after."""
        assert band_of(days) == band

    @given(LOANS)
    def test_every_loan_is_in_one_band(self, loans: list[Exposure]) -> None:
        """Nothing is lost or counted twice, whatever the order."""
        found = book(loans)

        assert found == book(loans[::-1])
        assert found.loans == len(loans)
        assert found.principal_cents == sum(loan.principal_cents for loan in loans)
        assert found.owed_cents == sum(loan.owed_cents for loan in loans)


class TestAtRisk:
    def test_the_whole_principal_of_a_late_loan_is_at_risk(self) -> None:
        """More than that many days late, not that many; interest does not count."""
        found = book([Exposure("quick", 2_000_00, 2_160_00, 0), Exposure("quick", 1_000_00, 1_500_00, 31)])

        assert found.at_risk == {1: 1_000_00, 30: 1_000_00, 60: 0, 90: 0}
        assert found.par_basis_points(30) == 33_33
        assert book([Exposure("quick", 1_00, 1_00, 30)]).at_risk[30] == 0

    def test_an_empty_book_has_nothing_at_risk(self) -> None:
        """And divides by nothing."""
        assert [Ageing().par_basis_points(days) for days in AT_RISK_DAYS] == [0, 0, 0, 0]

    @given(LOANS)
    def test_later_is_never_more(self, loans: list[Exposure]) -> None:
        """Each step of days is part of the one before."""
        risks = [book(loans).at_risk[days] for days in AT_RISK_DAYS]

        assert risks == sorted(risks, reverse=True)
