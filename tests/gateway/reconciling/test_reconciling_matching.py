"""What a line means beside what we know, decided from values."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rails.matching import agrees
from gateway.rails.requests import RailRequest
from gateway.reconciling.comparing import closing, is_within
from gateway.reconciling.matching import Known, Ours, fitting, judged, proves
from gateway.reconciling.uploads import joined
from gateway.statements.line import Kind, Line

AT = 1_767_312_271_000
HOUR_MS = 3_600_000
PAID = Line(
    2, "UA12BC34DE", AT, "paid_in", 1_500_00, "Completed", 11_750_00, "LN00042", "Pay Utility", "25471****600 - A", ""
)
SENT = replace(
    PAID, receipt="UA12BC34DG", kind="paid_out", cents=2_000_00, reason="Business Payment to Customer via API",
    party="25471****001 - AMINA TEST",
)  # fmt: skip
REQUEST = RailRequest(
    id="r1", operation_id="o1", rail="daraja", kind="b2c", token="t", state="failed", msisdn="+254711000001",
    amount_cents=2_000_00, account_reference="WD7K2QD", rail_id=None, sent_at=AT - 5_000, asked_at=None, questions=0,
    result_code="1", words="refused", receipt=None, result_amount_cents=None, settled_at=AT, settled_by="callback",
    created_at=AT - 6_000,
)  # fmt: skip
NOTHING = Known({}, {}, {})


class TestJudging:
    """One verdict for each line."""

    @pytest.mark.parametrize(
        ("line", "known", "verdict"),
        [
            (PAID, NOTHING, "gap"),
            (PAID, Known({}, {PAID.receipt: Ours(1_500_00, "o")}, {}), "matched"),
            (PAID, Known({}, {PAID.receipt: Ours(1_400_00, "o")}, {}), "amount"),
            (PAID, Known({(PAID.receipt, "paid_in"): 1_500_00}, {}, {}), "repeated"),
            (PAID, Known({(PAID.receipt, "paid_in"): 1_400_00}, {}, {}), "conflict"),
            (PAID, Known({(PAID.receipt, "charge"): 10_00}, {}, {}), "gap"),
            (SENT, NOTHING, "payout"),
            (SENT, Known({}, {}, {SENT.receipt: Ours(2_000_00, "o")}), "matched"),
            (SENT, Known({}, {}, {SENT.receipt: Ours(2_100_00, "o")}), "amount"),
            (replace(PAID, status="Failed"), NOTHING, "noted"),
            (replace(PAID, status="Failed"), Known({}, {PAID.receipt: Ours(1_500_00, "o")}, {}), "status"),
            (replace(PAID, kind="charge"), NOTHING, "noted"),
            (replace(PAID, kind="moved_out"), NOTHING, "noted"),
            (replace(PAID, kind="reversed_out"), NOTHING, "reversed"),
            (replace(PAID, kind="reversed_out"), Known({}, {}, {PAID.receipt: Ours(1_500_00, "o")}), "matched"),
            (replace(PAID, kind="reversed_out"), Known({}, {}, {PAID.receipt: Ours(1_400_00, "o")}), "reversed"),
            (replace(PAID, kind="unmapped_in"), NOTHING, "unknown"),
            (replace(PAID, kind="unmapped_out"), NOTHING, "unknown"),
        ],
    )
    def test_each(self, line: Line, known: Known, verdict: str) -> None:
        """By what the line is and what we have of its receipt."""
        assert judged(line, known, collects=True) == verdict

    def test_money_into_what_we_pay_from_is_nobodys_payment(self) -> None:
        """Customers do not pay there: a person says what it is."""
        assert judged(PAID, NOTHING, collects=False) == "unknown"


class TestProof:
    """When a pay-out on a statement is certainly one of ours."""

    def test_the_only_one_that_fits_is_proven(self) -> None:
        """Same amount, in time, a phone that the masked one allows, ordered by a program."""
        assert proves(SENT, fitting(SENT, [REQUEST], within_ms=HOUR_MS)) == REQUEST

    @pytest.mark.parametrize(
        "other",
        [
            replace(REQUEST, amount_cents=1_999_00),
            replace(REQUEST, msisdn="+254711000002"),
            replace(REQUEST, receipt="UA00000001"),
            replace(REQUEST, sent_at=None),
            replace(REQUEST, sent_at=AT - 2 * HOUR_MS),
            replace(REQUEST, sent_at=AT + HOUR_MS),
            replace(REQUEST, kind="stk"),
        ],
    )
    def test_what_differs_in_one_thing_does_not_fit(self, other: RailRequest) -> None:
        """Nothing is settled by likeness."""
        assert fitting(SENT, [other], within_ms=HOUR_MS) == []

    def test_of_two_that_fit_neither_is_proven(self) -> None:
        """Nobody knows which of them it was."""
        fits = fitting(SENT, [REQUEST, replace(REQUEST, id="r2")], within_ms=HOUR_MS)

        assert len(fits) == 2
        assert proves(SENT, fits) is None

    def test_what_people_pay_by_hand_is_never_proven(self) -> None:
        """Somebody may have paid on the portal because ours had failed."""
        by_hand = replace(SENT, reason="Business Payment to Customer")

        assert proves(by_hand, fitting(by_hand, [REQUEST], within_ms=HOUR_MS)) is None

    @given(
        st.integers(min_value=700_000_000, max_value=799_999_999),
        st.integers(2, 5),
        st.sampled_from(["254", "0", "+254"]),
    )
    def test_every_masking_of_a_phone_agrees_with_it(self, number: int, shown: int, start: str) -> None:
        """The first digits and the last three, however many stars."""
        written = f"{start}{number}"
        masked = f"{written[: len(start) + shown]}****{written[-3:]} - SOME **** BODY"

        assert agrees(masked, f"+254{number}")
        assert agrees(f"{written} - SOME BODY", f"+254{number}")
        assert not agrees(masked, f"+254{number ^ 1}")


class TestCoverage:
    """Only what a statement covers is missed on it."""

    def test_statements_that_follow_each_other_are_one_stretch(self) -> None:
        """A second apart is no gap; two are."""
        assert joined([(5_000, 9_000), (0, 4_000), (11_001, 12_000)]) == [(0, 9_000), (11_001, 12_000)]

    def test_near_the_end_nothing_is_missed(self) -> None:
        """It may be on the next statement."""
        day = [(0, 86_399_000)]

        assert is_within(43_000_000, day)
        assert not is_within(86_398_000, day)
        assert not is_within(90_000_000, day)


class TestClosing:
    """The balance after the last line, also when several share its second."""

    @staticmethod
    def line(at: int, kind: Kind, cents: int, balance: int | None) -> Line:
        return replace(PAID, at=at, kind=kind, cents=cents, balance_cents=balance)

    def test_in_either_order(self) -> None:
        """Charge and payment in one second."""
        lines = [self.line(1, "paid_in", 50, 150), self.line(2, "charge", 10, 340), self.line(2, "paid_in", 200, 350)]

        assert closing(lines) == 340
        assert closing(lines[::-1]) == 340

    def test_it_is_not_guessed(self) -> None:
        """Without lines or balances, or when they do not follow."""
        assert closing([]) is None
        assert closing([self.line(1, "paid_in", 50, None)]) is None
        assert closing([self.line(1, "paid_in", 50, 500), self.line(1, "paid_in", 50, 900)]) is None
