from datetime import date
from typing import Any

import pytest

from gateway.lending.allocation import Parts
from gateway.lending.errors import InvalidTerms
from gateway.lending.fields import amount_text
from gateway.lending.loan import Loan
from gateway.lending.replay import replay
from gateway.lending.terms import parse_terms

MONTHLY: dict[str, Any] = {
    "principal": "24000",
    "annualRatePercent": "16",
    "interestMethod": "declining_balance",
    "numberOfRepayments": 6,
    "repaymentUnit": "months",
    "disbursedOn": "2026-01-15",
    "installmentMultipleOf": "1",
}
QUICK: dict[str, Any] = {
    "principal": "2000",
    "annualRatePercent": "96",
    "interestMethod": "flat",
    "dayCount": "30/360",
    "numberOfRepayments": 1,
    "repaymentEvery": 30,
    "repaymentUnit": "days",
    "disbursedOn": "2026-08-05",
    "latePenalty": {"amount": "50.00", "every": 1, "unit": "months", "graceDays": 2},
}


def event(on: str, what: str, amount: str | None = None, **more: Any) -> dict[str, Any]:
    amounts = {} if amount is None else {"amount": amount}
    return {"on": on, "type": what, **amounts, **more}


def after(base: dict[str, Any], *events: dict[str, Any], as_of: date | None = None) -> Loan:
    return replay(parse_terms(base | {"events": list(events)}), as_of)


class TestRepayments:
    def test_a_partial_payment_leaves_the_rest_of_its_instalment(self) -> None:
        """Interest is paid before principal and the rest stays owed."""
        loan = after(MONTHLY, event("2026-02-15", "repayment", "1000.00"))

        assert loan.rows[0].paid == Parts(interest=32000, principal=68000)
        assert amount_text(loan.rows[0].outstanding.total) == "3189.00"
        assert loan.status == "active"

    def test_paying_everything_closes_the_loan(self) -> None:
        """Nothing owed and nothing over is closed."""
        loan = after(QUICK, event("2026-09-04", "repayment", "2160.00"))

        assert (loan.status, loan.outstanding) == ("closed", Parts())

    def test_an_overpayment_is_kept_apart(self) -> None:
        """4,500.00 for a last instalment of 4,187.31 leaves 312.69 of the customer's money."""
        regular = [event(f"2026-0{month}-15", "repayment", "4189.00") for month in range(2, 7)]

        loan = after(MONTHLY, *regular, event("2026-07-15", "repayment", "4500.00"))

        assert (loan.status, loan.overpaid_cents) == ("overpaid", 31269)

    def test_a_back_dated_payment_is_allocated_by_its_value_date(self) -> None:
        """The order in which payments became known does not matter."""
        early, late = (
            event("2026-02-15", "repayment", "4189.00"),
            event("2026-03-15", "repayment", "5000.00"),
        )

        assert after(MONTHLY, late, early) == after(MONTHLY, early, late)

    def test_a_loan_can_be_seen_on_an_earlier_day(self) -> None:
        """What happens after the day asked for has not happened."""
        paid = event("2026-09-04", "repayment", "2160.00")

        loan = after(QUICK, paid, as_of=date(2026, 9, 3))

        assert (loan.outstanding.total, loan.status) == (216000, "active")

    def test_a_loan_cannot_be_seen_before_it_exists(self) -> None:
        """The day before the payout has no loan."""
        with pytest.raises(ValueError, match="2026-08-04"):
            after(QUICK, as_of=date(2026, 8, 4))


class TestReversals:
    def test_repay_then_reverse_leaves_everything_as_before(self) -> None:
        """A bounced payment leaves no trace in the balances."""
        loan = after(
            MONTHLY,
            event("2026-02-15", "repayment", "4189.00"),
            event("2026-02-18", "reverse_repayment", "4189.00"),
        )

        assert loan.rows == after(MONTHLY).rows
        assert loan.days_late == 3

    def test_the_reference_says_which_repayment_is_meant(self) -> None:
        """Of two equal payments the named one is taken back."""
        loan = after(
            MONTHLY,
            event("2026-02-15", "repayment", "500.00", reference="A"),
            event("2026-02-16", "repayment", "500.00", reference="B"),
            event("2026-02-17", "reverse_repayment", reference="A"),
        )

        assert [applied.repayment.reference for applied in loan.applied] == ["B"]

    def test_without_a_selector_the_latest_repayment_is_meant(self) -> None:
        """The usual slip is the payment just entered."""
        loan = after(
            MONTHLY,
            event("2026-02-15", "repayment", "500.00"),
            event("2026-02-16", "repayment", "700.00"),
            event("2026-02-16", "reverse_repayment"),
        )

        assert loan.paid.total == 50000

    @pytest.mark.parametrize("selector", [{"amount": "499.00"}, {"reference": "B"}, {"repaymentOn": "2026-02-14"}])
    def test_a_reversal_of_nothing_is_refused(self, selector: dict[str, str]) -> None:
        """A reversal that matches no standing repayment is an error, not a no-op."""
        with pytest.raises(InvalidTerms, match=r"^events: no repayment"):
            after(
                MONTHLY,
                event("2026-02-15", "repayment", "500.00", reference="A"),
                event("2026-02-16", "reverse_repayment", **selector),
            )

    def test_a_repayment_can_be_reversed_once(self) -> None:
        """The second reversal finds nothing left to take back."""
        with pytest.raises(InvalidTerms, match="2026-02-17"):
            after(
                MONTHLY,
                event("2026-02-15", "repayment", "500.00"),
                event("2026-02-16", "reverse_repayment"),
                event("2026-02-17", "reverse_repayment"),
            )


class TestCharges:
    @pytest.mark.parametrize(("on", "number"), [("2026-01-15", 1), ("2026-02-15", 1), ("2026-02-16", 2)])
    def test_a_dated_charge_belongs_to_the_period_that_contains_it(self, on: str, number: int) -> None:
        """The start of a period is not in it, its due date is; the payout day is in the first."""
        loan = after(MONTHLY, event(on, "charge", "50.00"))

        assert [row.number for row in loan.rows if row.fee_cents] == [number]

    def test_a_charge_after_maturity_makes_an_instalment_of_its_own(self) -> None:
        """It is due on the day it is charged and carries no principal."""
        loan = after(QUICK, event("2026-10-01", "charge", "75.00", kind="penalty"))

        extra = loan.rows[-1]
        assert (extra.number, extra.due_on, extra.owed) == (2, date(2026, 10, 1), Parts(penalty=7500))

    def test_a_charge_can_name_its_instalment(self) -> None:
        """A fee for a late first instalment sits on that instalment."""
        loan = after(MONTHLY, event("2026-04-01", "charge", "50.00", instalment=1))

        assert loan.rows[0].fee_cents == 5000

    def test_an_instalment_that_does_not_exist_is_refused(self) -> None:
        """A charge is never dropped."""
        with pytest.raises(InvalidTerms, match="instalment 9"):
            after(MONTHLY, event("2026-04-01", "charge", "50.00", instalment=9))


class TestLateness:
    def test_the_due_date_is_not_late(self) -> None:
        """Days past due start at one on the day after."""
        assert after(MONTHLY, event("2026-02-15", "end_of_day")).days_late == 0
        assert after(MONTHLY, event("2026-02-15", "end_of_day")).status == "active"

    def test_the_oldest_unpaid_instalment_counts(self) -> None:
        """One month and four days after the first due date is 32 days late."""
        loan = after(MONTHLY, event("2026-03-19", "end_of_day"))

        assert (loan.days_late, loan.status) == (32, "in_arrears")

    def test_catching_up_ends_the_arrears(self) -> None:
        """Paying what was due makes the loan active again."""
        loan = after(MONTHLY, event("2026-03-19", "repayment", "8378.00"))

        assert (loan.days_late, loan.status) == (0, "active")


class TestLatePenalties:
    @pytest.mark.parametrize(
        ("ended_on", "owed"),
        [
            ("2026-09-06", "2160.00"),
            ("2026-09-07", "2210.00"),
            ("2026-10-06", "2210.00"),
            ("2026-10-07", "2260.00"),
            ("2026-11-03", "2260.00"),
        ],
    )
    def test_fifty_a_month_from_the_third_late_day(self, ended_on: str, owed: str) -> None:
        """Two late days are free; 2,160.00 is 2,210.00 after four days and 2,260.00 after sixty."""
        loan = after(QUICK, event(ended_on, "end_of_day"))

        assert amount_text(loan.outstanding.total) == owed

    def test_twenty_a_day_stops_at_its_cap(self) -> None:
        """With three days of grace, 180.00 after 12 late days, the cap on the 13th, then no more."""
        daily = {"amount": "20.00", "every": 1, "unit": "days", "graceDays": 3, "cap": "200.00"}
        terms = QUICK | {"latePenalty": daily}

        gathered = [
            after(terms, event(day, "end_of_day")).outstanding.penalty
            for day in ("2026-09-16", "2026-09-17", "2026-12-31")
        ]

        assert gathered == [18000, 20000, 20000]

    def test_the_daily_job_may_run_twice_or_late(self) -> None:
        """Every day, some days twice, or once at the end: the same penalties on the same days."""
        daily = [event(f"2026-10-{day:02d}", "end_of_day") for day in range(1, 32)]

        every_day, twice, once = (after(QUICK, *jobs) for jobs in (daily, daily + daily, daily[-1:]))

        assert every_day == twice == once
        assert [charge.on.isoformat() for charge in once.late_penalties] == ["2026-09-07", "2026-10-07"]

    def test_a_payment_between_two_runs_counts_on_its_own_day(self) -> None:
        """The job that runs late still sees that the loan was paid before the second penalty."""
        loan = after(QUICK, event("2026-10-01", "repayment", "2210.00"), event("2026-12-31", "end_of_day"))

        assert (loan.status, loan.owed.penalty) == ("closed", 5000)

    def test_a_penalty_left_unpaid_does_not_breed(self) -> None:
        """Only a penalty is still owed, so no further one is posted."""
        wrong_order = QUICK | {"allocation": ["principal", "interest", "fee", "penalty"]}

        loan = after(wrong_order, event("2026-10-01", "repayment", "2160.00"), event("2026-12-31", "end_of_day"))

        assert loan.outstanding == Parts(penalty=5000)

    def test_a_payment_on_the_day_itself_is_in_time(self) -> None:
        """The day is judged at its end, whatever was listed first."""
        loan = after(QUICK, event("2026-09-07", "end_of_day"), event("2026-09-07", "repayment", "2160.00"))

        assert loan.status == "closed"


class TestReschedule:
    def paid_twice(self, *more: dict[str, Any]) -> Loan:
        paid = [event(f"2026-0{month}-15", "repayment", "4189.00") for month in (2, 3)]
        return after(MONTHLY, *paid, *more)

    def test_three_extra_months_make_smaller_instalments(self) -> None:
        """16,210.41 over 7 rows is 2,441.00 six times and 2,440.39, with 875.98 of interest to come."""
        loan = self.paid_twice(event("2026-03-20", "reschedule", extraInstalments=3))

        later = loan.rows[2:]
        assert [amount_text(row.owed.total) for row in later] == ["2441.00"] * 6 + ["2440.39"]
        assert amount_text(sum(row.owed.interest for row in later)) == "875.98"
        assert [row.number for row in loan.rows] == list(range(1, 10))
        assert loan.rows[-1].due_on == date(2026, 10, 15)
        assert loan.outstanding.principal == 1621041

    def test_a_moved_due_date_takes_the_later_ones_with_it(self) -> None:
        """The month's end becomes the new anchor; the amounts stay."""
        loan = self.paid_twice(event("2026-03-20", "reschedule", nextDueOn="2026-04-30"))

        assert [row.due_on.isoformat() for row in loan.rows[2:4]] == ["2026-04-30", "2026-05-30"]
        assert loan.outstanding.total == self.paid_twice().outstanding.total

    def test_a_new_rate_counts_from_the_next_instalment(self) -> None:
        """Without interest from now on the balance is simply divided."""
        loan = self.paid_twice(event("2026-03-20", "reschedule", annualRatePercent="0"))

        assert [amount_text(row.owed.total) for row in loan.rows[2:]] == ["4053.00"] * 3 + ["4051.41"]

    def test_a_loan_can_be_rescheduled_again(self) -> None:
        """The second change starts from the first one's dates and rate."""
        loan = self.paid_twice(
            event("2026-03-20", "reschedule", nextDueOn="2026-04-30", annualRatePercent="0"),
            event("2026-03-21", "reschedule", extraInstalments=1),
        )

        assert [row.due_on.isoformat() for row in loan.rows[2:4]] == ["2026-04-30", "2026-05-30"]
        assert len(loan.rows) == 7
        assert sum(row.owed.interest for row in loan.rows[2:]) == 0

    def test_arrears_stay_owed(self) -> None:
        """Only what is not yet due is spread anew; the late instalment keeps its amount and its age."""
        loan = after(MONTHLY, event("2026-02-25", "reschedule", extraInstalments=2))

        assert loan.rows[0].outstanding.total == 418900
        assert (loan.days_late, loan.outstanding.principal) == (10, 2400000)

    def test_charges_on_later_instalments_are_kept(self) -> None:
        """A fee that was already placed does not vanish."""
        loan = self.paid_twice(
            event("2026-03-18", "charge", "50.00"),
            event("2026-03-20", "reschedule", extraInstalments=3),
        )

        assert loan.rows[2].fee_cents == 5000

    @pytest.mark.parametrize(
        ("base", "events", "reason"),
        [
            (QUICK, [event("2026-09-04", "reschedule", extraInstalments=1)], "nothing is due"),
            (
                QUICK,
                [event("2026-08-10", "repayment", "10.00"), event("2026-08-10", "reschedule", extraInstalments=1)],
                "already paid",
            ),
            (
                MONTHLY | {"interestPaymentGracePeriods": 2},
                [event("2026-03-20", "reschedule", extraInstalments=1)],
                "grace",
            ),
            (MONTHLY, [event("2026-07-15", "reschedule", extraInstalments=1)], "nothing is due"),
            (
                MONTHLY,
                [
                    event("2026-01-20", "repayment", "100.00"),
                    event("2026-01-21", "reschedule", extraInstalments=1),
                ],
                "already paid",
            ),
            (
                MONTHLY | {"principalGracePeriods": 2},
                [event("2026-02-20", "reschedule", extraInstalments=1)],
                "grace",
            ),
            (MONTHLY, [event("2026-02-20", "reschedule", nextDueOn="2026-02-20")], "nextDueOn"),
            (
                MONTHLY | {"disbursedOn": "2999-12-31", "repaymentEvery": 366, "numberOfRepayments": 200},
                [event("2999-12-31", "reschedule", extraInstalments=120)],
                "past the calendar",
            ),
            (
                MONTHLY | {"numberOfRepayments": 599},
                [event("2026-01-20", "reschedule", extraInstalments=2)],
                "extraInstalments",
            ),
        ],
    )
    def test_what_cannot_be_re_spread_is_refused(
        self, base: dict[str, Any], events: list[dict[str, Any]], reason: str
    ) -> None:
        """Each refusal says why."""
        with pytest.raises(ValueError, match=f"^reschedule: .*{reason}"):
            after(base, *events)
