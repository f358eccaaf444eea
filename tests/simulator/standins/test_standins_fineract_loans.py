"""Loans in the core: from the application to the last cent, by the bank's own states and rules."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.standins.fineract_bank import FORMATS, TODAY, bank

NOTHING = Decimal(0)


class TestApplying:
    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"principal": None}, 400, "principal.cannot.be.blank"),
            ({"principal": "0"}, 400, "principal.not.greater.than.zero"),
            ({"principal": "1.005"}, 400, "principal.is.not.within.expected.range"),
            ({"principal": "10"}, 400, "principal.amount.is.not.within.min.max.range"),
            ({"productId": 99}, 404, "error.msg.loanproduct.id.invalid"),
            ({"clientId": 99}, 404, "error.msg.client.id.invalid"),
            ({"loanType": "group"}, 400, "loanType.invalid"),
            ({"amortizationType": 2}, 400, "amortizationType.is.not.one.of.expected.enumerations"),
            ({"interestRatePerPeriod": "-1"}, 400, "interestRatePerPeriod.is.not.within.expected.range"),
            ({"transactionProcessingStrategyCode": "best"}, 400, "transactionProcessingStrategyCode.invalid"),
            ({"graceOnPrincipalPayment": 6}, 400, "graceOnPrincipalPayment.is.not.within.expected.range"),
            ({"submittedOnDate": "2026-04-01"}, 403, "submittal.cannot.be.a.future.date"),
            ({"submittedOnDate": "2025-12-31"}, 403, "submittal.cannot.be.before.client.activation.date"),
            ({"expectedDisbursementDate": "2025-12-31"}, 403, "expected.disbursement.date.before.submittal"),
            ({"charges": 5}, 400, "charges.invalid"),
            ({"charges": [{"chargeId": 9, "amount": 1}]}, 404, "error.msg.charge.id.invalid"),
            ({"isTopup": True}, 400, "error.msg.parameter.unsupported"),
        ],
    )
    async def test_each_mistake_is_named(self, tmp_path: Path, change: dict[str, Any], status: int, code: str) -> None:
        """And nothing is kept."""
        async with bank(tmp_path) as core:
            said = await core.post("loans", **core.application(await core.client(), **change))
            loans = await core.get("loans")

        assert said.status == status
        assert said.code.removeprefix("validation.msg.loan.").removeprefix("error.msg.loan.") == code
        assert loans["totalFilteredRecords"] == 0

    async def test_the_term_is_that_of_its_repayments(self, tmp_path: Path) -> None:
        """Six months are not seven."""
        async with bank(tmp_path) as core:
            said = await core.post("loans", **core.application(await core.client(), loanTermFrequency=7))

        assert said.code.startswith("validation.msg.loan.loanTermFrequency.not.the.same")

    async def test_a_schedule_can_be_looked_at_before(self, tmp_path: Path) -> None:
        """And is the one that the loan gets, numbers written as decimals."""
        async with bank(tmp_path) as core:
            client = await core.client()
            said = await core.call(
                "POST", "loans?command=calculateLoanSchedule", core.application(client, externalId=None)
            )
            kept = await core.get("loans")
            periods = (await core.read(await core.active_loan(client)))["repaymentSchedule"]["periods"]

        first, *looked_at = said.json["periods"]
        assert kept["totalFilteredRecords"] == 0
        assert "period" not in first
        assert [one["totalDueForPeriod"] for one in looked_at] == [one["totalDueForPeriod"] for one in periods[1:]]
        assert '"interestDue":55.100000' in said.text
        assert said.json["totalRepaymentExpected"] == Decimal("25132.31")


class TestLifecycle:
    async def test_from_the_application_to_the_money(self, tmp_path: Path) -> None:
        """Each step by our own id, each status by its number."""
        async with bank(tmp_path) as core:
            await core.apply(await core.client())
            statuses = [(await core.get("loans/external-id/ln-1"))["status"]["id"]]
            approved = await core.approve("external-id/ln-1", note="fine")
            statuses.append((await core.get("loans/external-id/ln-1"))["status"]["id"])
            paid = await core.disburse(
                "external-id/ln-1", externalId="po-1", paymentTypeId=2, receiptNumber="SCV1AB2CD3", note="B2C"
            )
            loan = await core.read("external-id/ln-1")

        assert statuses == [100, 200]
        assert (approved["resourceExternalId"], approved["changes"]["status"]["id"]) == ("ln-1", 200)
        assert loan["status"]["active"] is True
        assert loan["timeline"]["actualDisbursementDate"] == [2026, 1, 1]
        assert loan["transactions"][0]["id"] == paid["subResourceId"]
        assert loan["transactions"][0]["externalId"] == paid["subResourceExternalId"] == "po-1"
        assert loan["transactions"][0]["paymentDetailData"]["receiptNumber"] == "SCV1AB2CD3"
        assert loan["transactions"][0]["paymentDetailData"]["paymentType"] == {"id": 2, "name": "M-PESA"}

    async def test_steps_can_be_taken_back(self, tmp_path: Path) -> None:
        """The pay-out first, then the approval."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.repaid(loan, "4189")
            await core.done(f"loans/{loan}?command=undodisbursal", note="wrong phone")
            approved = await core.get(f"loans/{loan}?associations=transactions")
            await core.done(f"loans/{loan}?command=undoapproval")
            submitted = await core.get(f"loans/{loan}")

        assert approved["status"]["id"] == 200
        assert all(one["manuallyReversed"] for one in approved["transactions"])
        assert submitted["status"]["id"] == 100

    @pytest.mark.parametrize(
        ("command", "parameter", "status"),
        [("reject", "rejectedOnDate", 500), ("withdrawnByApplicant", "withdrawnOnDate", 400)],
    )
    async def test_an_application_can_end(self, tmp_path: Path, command: str, parameter: str, status: int) -> None:
        """And then nothing more happens to it."""
        async with bank(tmp_path) as core:
            loan = await core.apply(await core.client())
            await core.done(f"loans/{loan}?command={command}", **{parameter: TODAY}, **FORMATS)
            shown = await core.get(f"loans/{loan}")
            late = await core.post(f"loans/{loan}?command=approve", approvedOnDate=TODAY, **FORMATS)

        assert shown["status"]["id"] == status
        assert late.code == "validation.msg.loan.approve.account.is.not.submitted.and.pending.state"

    async def test_dates_and_amounts_keep_their_order(self, tmp_path: Path) -> None:
        """Approved after it was submitted, disbursed after it was approved, and not more than that."""
        async with bank(tmp_path) as core:
            loan = await core.apply(
                await core.client(), submittedOnDate="2026-01-05", expectedDisbursementDate="2026-01-05"
            )
            approve, disburse = f"loans/{loan}?command=approve", f"loans/{loan}?command=disburse"
            codes = [
                (await core.post(approve, approvedOnDate="2026-01-04", **FORMATS)).code,
                (await core.post(approve, approvedOnDate="2026-04-01", **FORMATS)).code,
                (await core.post(approve, approvedOnDate="2026-01-05", approvedLoanAmount="24001", **FORMATS)).code,
                (await core.post(disburse, actualDisbursementDate="2026-01-05", **FORMATS)).code,
            ]
            await core.approve(loan, approvedOnDate="2026-01-06", approvedLoanAmount="20000")
            codes += [
                (await core.post(disburse, actualDisbursementDate="2026-01-05", **FORMATS)).code,
                (await core.post(disburse, actualDisbursementDate="2026-04-01", **FORMATS)).code,
                (
                    await core.post(disburse, actualDisbursementDate="2026-01-06", transactionAmount="20001", **FORMATS)
                ).code,
            ]
            await core.disburse(loan, actualDisbursementDate="2026-01-06")
            shown = await core.get(f"loans/{loan}")

        assert codes == [
            "error.msg.loan.approval.cannot.be.before.submittal.date",
            "error.msg.loan.approval.cannot.be.a.future.date",
            "error.msg.loan.approval.amount.can't.be.greater.than.loan.amount.demanded",
            "error.msg.loan.disbursal.account.is.not.approve.not.disbursed.state",
            "error.msg.loan.disbursal.cannot.be.before.approval.date",
            "error.msg.loan.disbursal.cannot.be.a.future.date",
            "error.msg.loan.disbursal.amount.must.be.less.than.approved.amount",
        ]  # fmt: skip
        assert shown["summary"]["principalDisbursed"] == 20000

    async def test_a_fee_is_taken_from_the_payout(self, tmp_path: Path) -> None:
        """One percent of a Quick loan: paid at once, and not owed."""
        quick: dict[str, Any] = {
            "productId": 1, "principal": "2000", "loanTermFrequency": 30, "loanTermFrequencyType": 0,
            "numberOfRepayments": 1, "repaymentEvery": 30, "repaymentFrequencyType": 0, "interestRatePerPeriod": "8",
            "interestType": 1, "charges": [{"chargeId": 1, "amount": "1"}],
        }  # fmt: skip
        async with bank(tmp_path) as core:
            loan = await core.read(await core.active_loan(**quick))

        assert loan["netDisbursalAmount"] == 1980
        assert loan["summary"]["totalOutstanding"] == 2160
        assert loan["summary"]["feeChargesPaid"] == 20
        assert [one["type"]["id"] for one in loan["transactions"]] == [1, 5]

    async def test_an_external_id_names_one_loan(self, tmp_path: Path) -> None:
        """Lists filter by it, by status and by number, in pages."""
        async with bank(tmp_path) as core:
            client = await core.client()
            await core.active_loan(client)
            again = await core.post("loans", **core.application(client))
            second = await core.apply(client, externalId="ln-2")
            named, waiting = await core.get("loans?externalId=ln-2"), await core.get("loans?status=100")
            paged, numbered = await core.get("loans?offset=1&limit=1"), await core.get("loans?accountNo=000000001")
            fewer = await core.get(f"loans/{second}?fields=id,status")

        assert (again.status, again.code) == (403, "error.msg.loan.with.externalId.already.used")
        assert [one["id"] for one in named["pageItems"]] == [second] == [one["id"] for one in waiting["pageItems"]]
        assert (paged["totalFilteredRecords"], [one["id"] for one in paged["pageItems"]]) == (2, [second])
        assert [one["externalId"] for one in numbered["pageItems"]] == ["ln-1"]
        assert set(fewer) == {"id", "status"}


class TestRepaying:
    async def test_a_payment_pays_the_oldest_instalment(self, tmp_path: Path) -> None:
        """The summary, the schedule and the split say the same."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            paid = await core.repaid(loan, "4500.00", externalId="rp-1", receiptNumber="SCV1", note="C2B 123456")
            shown = await core.read(loan)
            by_ours = await core.get("loans/external-id/ln-1/transactions/external-id/rp-1")

        first, second = shown["repaymentSchedule"]["periods"][1:3]
        assert (first["complete"], second["complete"]) == (True, False)
        assert first["totalPaidLateForPeriod"] == 4189
        assert second["interestPaid"] == Decimal("268.41")
        assert second["principalPaid"] == Decimal("42.59")
        assert shown["summary"]["totalOutstanding"] == Decimal("25132.31") - 4500
        assert (by_ours["id"], by_ours["note"]) == (paid, "C2B 123456")
        assert by_ours["principalPortion"] + by_ours["interestPortion"] == 4500
        assert by_ours["outstandingLoanBalance"] == shown["summary"]["principalOutstanding"]

    async def test_the_last_payment_closes_and_a_larger_one_is_owed_back(self, tmp_path: Path) -> None:
        """The quote is what closes it; a cent more makes it overpaid, and giving it back closes it."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            quote = await core.get(f"loans/{loan}/transactions/template?command=prepayLoan")
            await core.repaid(loan, str(quote["amount"] + Decimal("309.45")))
            overpaid = await core.get(f"loans/{loan}")
            more = await core.repay(loan, "1")
            path = f"loans/{loan}/transactions?command=creditBalanceRefund"
            too_much = await core.post(path, transactionDate=TODAY, transactionAmount="309.46", **FORMATS)
            await core.done(path, transactionDate=TODAY, transactionAmount="309.45", **FORMATS)
            closed = await core.get(f"loans/{loan}")

        assert quote["amount"] == Decimal("25132.31")
        assert (overpaid["status"]["id"], overpaid["totalOverpaid"]) == (700, Decimal("309.45"))
        assert more.code == "error.msg.loan.repayment.or.waiver.account.is.not.active"
        assert too_much.code == "error.msg.transactionAmount.invalid.must.be.lessthan.overpaid"
        assert (closed["status"]["id"], closed["timeline"]["closedOnDate"]) == (600, [2026, 3, 31])
        assert closed["summary"]["totalOutstanding"] == NOTHING

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"transactionDate": "2026-04-01"}, 403, "error.msg.loan.transaction.cannot.be.a.future.date"),
            ({"transactionDate": "2025-12-31"}, 403, "error.msg.loan.transaction.cannot.be.before.disbursement.date"),
            ({"transactionAmount": "0"}, 400, "validation.msg.loan.transactionAmount.not.greater.than.zero"),
            ({"transactionAmount": "-5"}, 400, "validation.msg.loan.transactionAmount.not.greater.than.zero"),
            ({"transactionAmount": "much"}, 400, "validation.msg.loan.transactionAmount.is.not.a.number"),
            ({"paymentTypeId": 99}, 404, "error.msg.payment.type.id.invalid"),
            ({"note": "n" * 1001}, 400, "validation.msg.loan.note.exceeds.max.length"),
            ({"interest": "1"}, 400, "error.msg.parameter.unsupported"),
        ],
    )
    async def test_each_mistake_is_named(self, tmp_path: Path, change: dict[str, Any], status: int, code: str) -> None:
        """And nothing is paid."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            said = await core.repay(loan, "100", **change)
            truth = await core.truth()

        assert (said.status, said.code) == (status, code)
        assert truth["counts"]["repayments"] == 0

    async def test_an_external_id_is_taken_once(self, tmp_path: Path) -> None:
        """The second line of defence behind the key."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.repaid(loan, "100", externalId="rp-1")
            again = await core.repay(loan, "100", externalId="rp-1")

        assert (again.status, again.code) == (403, "error.msg.loan.transaction.external.id.already.exists")

    async def test_a_payment_can_be_taken_back(self, tmp_path: Path) -> None:
        """It stays, reversed, and everything is as if it had not been; a second time is refused."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.repaid(loan, "25132.31", externalId="rp-1")
            path = f"loans/{loan}/transactions/external-id/rp-1?command=undo"
            undo = FORMATS | {"transactionDate": TODAY, "transactionAmount": 0, "reversalExternalId": "rv-1"}
            partly = await core.post(path, **(undo | {"transactionAmount": "5"}))
            await core.done(path, **undo)
            again = await core.post(path, **undo)
            shown = await core.read(loan)

        assert partly.status == 400
        assert again.code == "error.msg.loan.transaction.adjustment.not.allowed"
        assert (shown["status"]["id"], shown["summary"]["totalOutstanding"]) == (300, Decimal("25132.31"))
        assert (shown["transactions"][1]["manuallyReversed"], shown["transactions"][1]["reversalExternalId"]) == (
            True,
            "rv-1",
        )

    async def test_a_back_dated_payment_moves_the_splits_of_later_ones(self, tmp_path: Path) -> None:
        """What changes gets a new id and keeps its external id; the old one stays, taken back."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            first = await core.repaid(loan, "400", externalId="rp-1", transactionDate="2026-03-01")
            await core.repaid(loan, "400", externalId="rp-0", transactionDate="2026-02-01")
            shown, truth = await core.read(loan), await core.truth()
            by_ours = await core.get(f"loans/{loan}/transactions/external-id/rp-1")

        assert by_ours["id"] != first
        assert (by_ours["interestPortion"], by_ours["principalPortion"]) == (NOTHING, 400)
        assert [one["manuallyReversed"] for one in shown["transactions"] if one["id"] == first] == [True]
        assert shown["summary"]["totalRepayment"] == 800
        applied = truth["loans"][0]["transactions"]
        assert [one["externalId"] for one in applied] == [None, "rp-0", "rp-1"]

    async def test_what_is_written_off_can_be_recovered_or_brought_back(self, tmp_path: Path) -> None:
        """Recoveries are income and pay nothing off; there is no more of them than was written off."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.repaid(loan, "5132.31")
            day = {"transactionDate": TODAY} | FORMATS
            path = f"loans/{loan}/transactions?command="
            early = await core.post(f"{path}recoverypayment", transactionAmount="1", **day)
            await core.done(f"{path}writeoff", **day)
            lost = await core.get(f"loans/{loan}")
            await core.done(f"{path}recoverypayment", transactionAmount="150", **day)
            too_much = await core.post(f"{path}recoverypayment", transactionAmount="19850.01", **day)
            recovered = await core.get(f"loans/{loan}")
            undone = await core.post(f"loans/{loan}/transactions/2", transactionAmount=0, **day)
            await core.done(f"{path}undowriteoff")
            back = await core.get(f"loans/{loan}")

        assert early.code == "error.msg.loan.recovery.payment.account.is.not.written.off"
        assert (lost["status"]["id"], lost["summary"]["totalWrittenOff"]) == (601, 20000)
        assert too_much.code == "error.msg.loan.transaction.recovery.exceeds.written.off"
        assert recovered["summary"]["totalRecovered"] == 150
        assert undone.code == "error.msg.loan.transaction.adjustment.not.allowed"
        assert (back["status"]["id"], back["summary"]["totalOutstanding"]) == (300, 20000)

    async def test_a_template_says_what_is_due_next(self, tmp_path: Path) -> None:
        """And what is to be given back, and refuses what it does not know."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            path = f"loans/{loan}/transactions/template?command="
            due, credit = await core.get(f"{path}repayment"), await core.get(f"{path}creditBalanceRefund")
            unknown = await core.call("GET", f"{path}guess")

        assert (due["amount"], credit["amount"], unknown.status) == (4189, NOTHING, 400)


class TestCharges:
    async def test_a_penalty_joins_the_instalment_of_its_day(self, tmp_path: Path) -> None:
        """It is paid first, once for its external id, and can be forgiven before."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            fields: dict[str, Any] = {
                "chargeId": 3,
                "amount": "50",
                "dueDate": "2026-02-15",
                "externalId": "pe-1",
            } | FORMATS
            charge = (await core.done(f"loans/{loan}/charges", **fields))["resourceId"]
            again = await core.post(f"loans/{loan}/charges", **fields)
            owed = (await core.read(loan))["repaymentSchedule"]["periods"][2]
            await core.done(f"loans/{loan}/charges/{charge}?command=waive")
            waived = await core.get(f"loans/{loan}?associations=charges")
            twice = await core.post(f"loans/{loan}/charges/external-id/pe-1?command=waive")
            listed = await core.get(f"loans/{loan}/charges")

        assert again.code == "error.msg.loan.charge.external.id.already.exists"
        assert (owed["penaltyChargesDue"], owed["totalDueForPeriod"]) == (50, 4239)
        assert waived["summary"]["totalWaived"] == 50
        assert waived["summary"]["totalOutstanding"] == Decimal("25132.31")
        assert twice.code == "error.msg.loan.charge.cannot.be.waived"
        assert listed == waived["charges"]

    async def test_a_charge_after_the_end_makes_one_more_instalment(self, tmp_path: Path) -> None:
        """And a loan whose instalments are all paid is not over before that one is."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            fields: dict[str, Any] = {"chargeId": 2, "amount": "2000", "dueDate": "2026-08-15"} | FORMATS
            await core.done(f"loans/{loan}/charges", **fields)
            await core.repaid(loan, "25132.31")
            shown = await core.read(loan)
            deducted = await core.post(f"loans/{loan}/charges", **(fields | {"chargeId": 1}))

        assert shown["repaymentSchedule"]["periods"][-1]["period"] == 7
        assert (shown["status"]["id"], shown["summary"]["feeChargesOutstanding"]) == (300, 2000)
        assert deducted.code == "error.msg.loan.charge.disbursement.already.happened"


class TestRescheduling:
    async def asked(self, core: Any, **wanted: Any) -> Any:
        """A loan of which two instalments are paid, with other terms asked for from the third on."""
        loan = await core.active_loan()
        await core.repaid(loan, "8378")
        fields: dict[str, Any] = {
            "loanId": loan, "rescheduleFromDate": "2026-04-01", "rescheduleReasonId": 1, "submittedOnDate": TODAY,
        }  # fmt: skip
        return await core.post("rescheduleloans", **(fields | FORMATS | wanted))

    async def test_three_more_months(self, tmp_path: Path) -> None:
        """The balance over seven rows, as published."""
        async with bank(tmp_path) as core:
            request = (await self.asked(core, extraTerms=3)).json["resourceId"]
            await core.done(f"rescheduleloans/{request}?command=approve", approvedOnDate=TODAY, **FORMATS)
            rows = (await core.read(1))["repaymentSchedule"]["periods"][3:]
            shown, listed = await core.get(f"rescheduleloans/{request}"), await core.get("rescheduleloans?loanId=1")

        assert [row["totalDueForPeriod"] for row in rows] == [Decimal(2441)] * 6 + [Decimal("2440.39")]
        assert (shown["statusEnum"]["approved"], listed) == (True, [shown])

    async def test_a_later_day(self, tmp_path: Path) -> None:
        """Moves what follows by as many days."""
        async with bank(tmp_path) as core:
            request = (await self.asked(core, adjustedDueDate="2026-04-08")).json["resourceId"]
            await core.done(f"rescheduleloans/{request}?command=approve", approvedOnDate=TODAY, **FORMATS)
            rows = (await core.read(1))["repaymentSchedule"]["periods"]

        assert [row["dueDate"] for row in rows[2:5]] == [[2026, 3, 1], [2026, 4, 8], [2026, 5, 8]]

    async def test_another_rate(self, tmp_path: Path) -> None:
        """The principal stays, the interest does not."""
        async with bank(tmp_path) as core:
            request = (await self.asked(core, newInterestRate="0")).json["resourceId"]
            await core.done(f"rescheduleloans/{request}?command=approve", approvedOnDate=TODAY, **FORMATS)
            summary = (await core.get("loans/1"))["summary"]

        assert (summary["principalOutstanding"], summary["interestOutstanding"]) == (Decimal("16210.41"), NOTHING)

    async def test_what_cannot_be_is_refused(self, tmp_path: Path) -> None:
        """No change, two changes, a day without an instalment, a decided request."""
        async with bank(tmp_path) as core:
            nothing = await self.asked(core)
            fields: dict[str, Any] = {
                "loanId": 1, "rescheduleFromDate": "2026-04-02", "rescheduleReasonId": 1, "submittedOnDate": TODAY,
                "extraTerms": 1,
            } | FORMATS  # fmt: skip
            elsewhere = await core.post("rescheduleloans", **fields)
            both = await core.post(
                "rescheduleloans", **(fields | {"rescheduleFromDate": "2026-04-01", "newInterestRate": "1"})
            )
            request = await core.done("rescheduleloans", **(fields | {"rescheduleFromDate": "2026-04-01"}))
            path = f"rescheduleloans/{request['resourceId']}?command="
            await core.done(f"{path}reject", rejectedOnDate=TODAY, **FORMATS)
            late = await core.post(f"{path}approve", approvedOnDate=TODAY, **FORMATS)
            missing = await core.call("GET", "rescheduleloans/99")

        assert (nothing.status, both.status) == (400, 400)
        assert elsewhere.code.endswith("installment.does.not.exist")
        assert late.code == "request.is.not.in.submitted.and.pending.state"
        assert missing.status == 404
