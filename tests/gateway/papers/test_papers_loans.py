from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import local
from gateway.lending.events import Charge, EndOfDay, Event, Repayment, Reschedule, Waiver
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.payoff import payoff
from gateway.lending.replay import replay
from gateway.lending.standings import LoanRecord, Standing
from gateway.lending.terms import terms_mapping
from gateway.papers import loans

PRODUCTS = parse_products(DEMO_PRODUCTS, ())
BEGAN = date(2026, 1, 15)
REPAYMENTS = st.lists(
    st.builds(
        Repayment,
        on=st.integers(0, 300).map(lambda days: BEGAN + timedelta(days=days)),
        amount_cents=st.integers(1, 400_000),
        reference=st.just("UA12BC34DK"),
    ),
    max_size=6,
)


def standing(product: str, cents: int, events: list[Event], on: date, repayments: int = 1) -> Standing:
    """A loan of the demo with what happened to it, on a day."""
    terms = PRODUCTS[product].terms(cents, BEGAN, repayments)
    record = LoanRecord("l1", "LN7K2QD", "amina", product, terms_mapping(terms), {}, cents, "active")
    happened = sorted([*events, EndOfDay(on - timedelta(days=1))], key=lambda event: event.on)
    loan = replay(replace(terms, events=(*terms.events, *happened)), on)
    return Standing(record, loan, payoff(loan, on, PRODUCTS[product].rebate))


class TestLines:
    @given(
        st.sampled_from([("quick", 1), ("growth", 3), ("growth", 12)]), st.integers(2_000_00, 5_000_00), REPAYMENTS,
        st.integers(1, 500),
    )  # fmt: skip
    def test_the_last_balance_is_what_is_left_to_pay(
        self, lent: tuple[str, int], cents: int, repayments: list[Repayment], days: int
    ) -> None:
        """Whatever was paid, late or early, too much or nothing; each part adds up to what the loan says of it."""
        product, months = lent
        found = standing(product, cents, list(repayments), BEGAN + timedelta(days=days), months)
        lines = loans.lines(found)

        assert lines[-1].balance_cents == found.owed_cents
        assert "adjusted" not in {line.kind for line in lines}
        assert [line.at for line in lines] == sorted(line.at for line in lines)
        for part in ("principal", "interest", "fee", "penalty"):
            moved = sum(getattr(line.parts, part) for line in lines)
            assert moved == getattr(found.loan.outstanding, part)

    @given(REPAYMENTS)
    def test_the_schedule_says_what_is_left_of_each_instalment(self, repayments: list[Repayment]) -> None:
        """Together, what is left to pay."""
        found = standing("growth", 12_000_00, list(repayments), BEGAN + timedelta(days=200), 6)

        assert sum(each.left_cents for each in loans.schedule(found.loan)) == found.owed_cents

    def test_a_penalty_has_its_day(self) -> None:
        """It comes after the days of grace."""
        found = standing("quick", 2_000_00, [], BEGAN + timedelta(days=40))
        (penalty,) = [line for line in loans.lines(found) if line.kind == "penalty"]

        assert penalty.cents == 50_00
        assert local(penalty.at).date() > found.loan.rows[0].due_on

    def test_what_staff_charged_and_waived_has_its_day(self) -> None:
        """Each of its own part."""
        acts: list[Event] = [
            Charge(BEGAN + timedelta(days=5), 30_00, "fee"),
            Waiver(BEGAN + timedelta(days=45), 20_00, "penalty"),
        ]
        found = standing("quick", 2_000_00, acts, BEGAN + timedelta(days=50))
        lines = loans.lines(found, acts)

        assert [(line.kind, line.cents) for line in lines] == [
            ("paid_out", 2_000_00), ("interest_agreed", 160_00), ("fee", 30_00), ("penalty", 50_00), ("waived", -20_00),
        ]  # fmt: skip
        assert lines[-1].balance_cents == found.owed_cents

    def test_what_nobody_tells_is_an_adjustment(self) -> None:
        """The balance is that of the loan in any case."""
        charge = Charge(BEGAN + timedelta(days=5), 30_00, "fee")
        found = standing("quick", 2_000_00, [charge], BEGAN + timedelta(days=10))
        last = loans.lines(found)[-1]

        assert (last.kind, last.cents, last.balance_cents) == ("adjusted", 30_00, found.owed_cents)

    def test_a_loan_arranged_anew_still_adds_up(self) -> None:
        """What has no line of its own is in the interest that is agreed now, or one adjustment."""
        anew = Reschedule(BEGAN + timedelta(days=40), extra_instalments=3)
        found = standing("growth", 12_000_00, [anew], BEGAN + timedelta(days=60), 6)

        assert loans.lines(found)[-1].balance_cents == found.owed_cents
