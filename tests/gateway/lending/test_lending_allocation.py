from datetime import date

import pytest

from gateway.lending.allocation import PARTS, Allocation, Order, Owing, Parts, Share, allocate

TODAY = date(2026, 3, 20)
FIRST = Owing(1, date(2026, 2, 15), Parts(penalty=19055, fee=5000, interest=32000, principal=382200))
SECOND = Owing(2, date(2026, 3, 15), Parts(fee=5000, interest=26904, principal=387296))
NOT_YET_DUE = Owing(3, date(2026, 4, 15), Parts(interest=21614, principal=397286))
PRINCIPAL_FIRST: Order = ("principal", "interest", "fee", "penalty")


class TestInstalmentWise:
    @pytest.mark.parametrize(
        ("paid_cents", "shares", "over"),
        [
            (50000, [Share(1, Parts(19055, 5000, 25945, 0))], 0),
            (450000, [Share(1, FIRST.parts), Share(2, Parts(0, 5000, 6745, 0))], 0),
            (900000, [Share(1, FIRST.parts), Share(2, SECOND.parts)], 42545),
            (0, [], 0),
        ],
    )
    def test_the_oldest_instalment_is_finished_first(self, paid_cents: int, shares: list[Share], over: int) -> None:
        """500.00, 4,500.00 and 9,000.00 on two due instalments that together owe 8,574.55."""
        split = allocate((SECOND, FIRST), paid_cents, TODAY, PARTS, PARTS)

        assert split == Allocation(tuple(shares), over)

    def test_what_is_too_much_stays_the_customers(self) -> None:
        """4,500.00 for a loan that owes 4,190.55 leaves 309.45 over."""
        owed = Owing(6, TODAY, Parts(interest=5510, principal=413545))

        assert allocate((owed,), 450000, TODAY, PARTS, PARTS).overpayment_cents == 30945

    def test_the_order_is_a_parameter(self) -> None:
        """A lender may choose principal first."""
        split = allocate((FIRST,), 390000, TODAY, PRINCIPAL_FIRST, PARTS)

        assert split.parts == Parts(interest=7800, principal=382200)


class TestInAdvance:
    def test_early_money_is_walked_in_its_own_order(self) -> None:
        """Due instalments pay interest first while the one not yet due pays principal first."""
        split = allocate((SECOND, NOT_YET_DUE), 419200 + 30000, TODAY, PARTS, PRINCIPAL_FIRST)

        assert split.shares == (Share(2, SECOND.parts), Share(3, Parts(principal=30000)))

    def test_the_due_date_itself_is_due(self) -> None:
        """Money on the due date follows the order for due instalments."""
        split = allocate((NOT_YET_DUE,), 21614, NOT_YET_DUE.due_on, PARTS, PRINCIPAL_FIRST)

        assert split.parts == Parts(interest=21614)


def test_a_negative_payment_is_an_error() -> None:
    """A reversal is not a payment with a minus sign."""
    with pytest.raises(ValueError, match="-1"):
        allocate((FIRST,), -1, TODAY, PARTS, PARTS)
