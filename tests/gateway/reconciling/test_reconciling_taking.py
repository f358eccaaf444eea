"""Statements handed in to a back office: credited once, settled where it is proven, and named where it is not."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.books import accounts as chart
from gateway.clock import local_date
from gateway.playbooks.statements import ReadStep
from gateway.rails.contract import Result
from gateway.reconciling import uploads
from gateway.reconciling.uploads import Counts, Overtaken
from gateway.statements.line import Rejected
from tests.gateway.rails_flow.office import AMINA, Office
from tests.gateway.rails_flow.pretend_rail import Moved
from tests.gateway.reconciling.conftest import PAYOUTS, Finance, finance_of, row_of

PHONE = "0711000001"


def paid_unheard(finance: Finance, cents: int = 300_00, account: str = PHONE) -> Moved:
    """A payment by the M-PESA menu whose confirmation never comes."""
    finance.office.rail.pay_paybill(AMINA, cents, account)
    return finance.office.rail.book[-1]


def read_step(office: Office) -> ReadStep:
    step = office.shop.playbooks["statement.read"].step("read")
    assert isinstance(step, ReadStep)
    return step


async def refused_though_paid(office: Office) -> tuple[str, Moved]:
    """A loan whose pay-out the rail has made and says it has refused."""
    loan = await office.borrow()
    await office.drained()
    office.rail.outbox.clear()
    request = await office.request(loan)
    refused = Result("refused", "1", "refused", "float", our_id=request.id)
    await office.receive(office.rail.callback("b2c/result", request.token, refused))
    await office.drained()
    return loan, office.rail.book[-1]


class TestMoneyNobodyHadToldUsOf:
    async def test_is_credited_to_whom_it_is_meant_for(self, each_finance: Finance) -> None:
        """As its confirmation would have been; kept as healed, with the reason."""
        moved = paid_unheard(each_finance)

        upload = await each_finance.read([row_of(moved)])

        assert (upload.state, upload.counts.gaps_filled, upload.counts.total) == ("done", 1, 1)
        assert await each_finance.office.balance(chart.wallet(AMINA)) == 5_300_00
        (healed,) = await each_finance.mismatches()
        assert (healed.kind, healed.state, healed.by) == ("missing_callback", "resolved", "system")
        assert await each_finance.office.cases() == []
        await each_finance.office.prove()

    async def test_is_credited_once_through_three_doors(self, each_finance: Finance) -> None:
        """Statement, the confirmation that comes after all, the rail's list."""
        callback = each_finance.office.rail.pay_paybill(AMINA, 300_00, PHONE)
        await each_finance.read([row_of(each_finance.office.rail.book[-1])])

        verdict = await each_finance.office.receive(callback)
        each_finance.office.clock.turn(24 * 3_600_000)
        await each_finance.reconciled(local_date(each_finance.office.rail.book[-1].at))

        assert verdict == "repeated"
        assert len(await each_finance.office.payments()) == 1
        await each_finance.office.prove()

    async def test_for_an_account_nobody_has_waits_in_suspense(self, finance: Finance) -> None:
        """It is booked all the same."""
        upload = await finance.read([row_of(paid_unheard(finance, account="4.2E+05"))])

        assert upload.counts.gaps_filled == 1
        assert await finance.office.balance(chart.SUSPENSE) == 300_00

    async def test_a_prompt_of_ours_that_expired_is_settled(self, finance: Finance) -> None:
        """Its account is our reference: the operation goes on where the payment would have led it."""
        loan = await finance.office.lent()
        finance.office.rail.code, finance.office.rail.words = "1037", "timeout"
        prompt = await finance.office.prompt(loan, 500_00)
        await finance.office.settled()
        assert (await finance.office.operation(prompt)).state == "rejected"
        finance.office.rail.code = ""
        finance.office.rail.pay_paybill(AMINA, 500_00, prompt)

        upload = await finance.read([row_of(finance.office.rail.book[-1])])

        assert upload.counts.gaps_filled == 1
        assert (await finance.office.operation(prompt)).state == "done"
        assert (await finance.office.request(prompt)).settled_by == "statement"


class TestBookedAsNobodys:
    """A prompt was booked on the word of the query, which knows no receipt, and its confirmation was told wrongly."""

    async def twice(self, finance: Finance, **wrong: Any) -> tuple[str, Moved]:
        """The loan, and the payment."""
        office = finance.office
        loan = await office.lent()
        office.rail.tells, office.rail.may_list = 0, False
        await office.prompt(loan, 500_00)
        await office.settled()
        moved = office.rail.book[-1]
        await office.receive(office.rail.confirmation(replace(moved, **wrong)))
        await office.settled()
        office.rail.may_list = True
        return loan, moved

    @pytest.mark.parametrize("is_listed", [True, False])
    @pytest.mark.parametrize("wrong", [{"cents": 501_00}, {"account": "KODI"}])
    async def test_the_rails_own_word_makes_them_one(
        self, finance: Finance, wrong: dict[str, Any], is_listed: bool
    ) -> None:
        """Its list of the day, or the statement that is handed in."""
        loan, moved = await self.twice(finance, **wrong)
        before = await finance.office.balance(chart.SUSPENSE)

        if is_listed:
            await finance.reconciled(local_date(moved.at))
        else:
            await finance.read([row_of(moved)])

        assert before == wrong.get("cents", 500_00)
        assert await finance.office.balance(chart.SUSPENSE) == 0
        assert [(row.receipt, row.amount_cents) for row in await finance.office.payments()] == [(moved.receipt, 500_00)]
        assert await finance.office.owed(loan) == 1_660_00
        assert [each.kind for each in await finance.mismatches() if each.kind == "amount_mismatch"] == []
        await finance.office.prove()


class TestReading:
    async def test_what_is_known_already_is_matched(self, finance: Finance) -> None:
        """A loan paid out, a payment confirmed: nothing happens."""
        loan = await finance.office.lent()
        await finance.office.receive(finance.office.rail.pay_paybill(AMINA, 100_00, loan))
        await finance.office.settled()
        paid_out, paid_in = finance.office.rail.book

        collected, paid = await finance.read([row_of(paid_in)]), await finance.read([row_of(paid_out)], PAYOUTS)

        assert (collected.counts.matched, paid.counts.matched) == (1, 1)
        assert await finance.mismatches() == []

    async def test_the_same_file_and_an_overlapping_one_change_nothing(self, finance: Finance) -> None:
        """By content, and by row; rows written twice too."""
        first, second = row_of(paid_unheard(finance)), row_of(paid_unheard(finance, 200_00))
        upload = await finance.read([first])

        again, is_new = await finance.desk.accept(finance.handed([first]))
        wider = await finance.read([second, first, second])

        assert (again, is_new) == (upload, False)
        assert (wider.counts.matched, wider.counts.gaps_filled) == (2, 1)
        assert len(await finance.lines()) == 2
        assert len(await finance.office.payments()) == 2

    async def test_rejected_rows_are_kept_with_their_reasons_and_the_rest_is_read(self, finance: Finance) -> None:
        """Also a row that says another amount than it said before."""
        moved = paid_unheard(finance)
        await finance.read([row_of(moved)])

        upload = await finance.read([row_of(moved, **{"in": "999.00"}), row_of(moved, receipt=""), row_of(moved)])

        assert (upload.counts.rejected, upload.counts.matched, upload.state) == (2, 1, "done")

    async def test_names_and_phones_are_not_kept_of_what_agrees(self, finance: Finance) -> None:
        """Receipt, time, amount, account and reason are; the content goes when it is read."""
        await finance.read([row_of(paid_unheard(finance))])

        (line,) = await finance.lines()
        assert "SOMEBODY" not in str(line)
        assert "****" not in str(line)
        assert await finance.pieces() == 0

    async def test_goes_on_at_the_row_it_had_reached(self, each_finance: Finance) -> None:
        """Killed between two parts: nothing is taken twice, the sums are of the whole file."""
        office = each_finance.office
        rows = [row_of(paid_unheard(each_finance, (number + 1) * 100_00)) for number in range(8)]
        stopped = finance_of(office, each_finance.folder, rows_at_once=2, slice_ms=-1)
        upload, _ = await stopped.desk.accept(stopped.handed(rows))
        (work,) = [each for each in await office.shop.worker.claim(1) if each.kind == "statement.read"]
        await read_step(office).attempt(work)  # its outcome is lost with the worker
        assert (await each_finance.upload(upload.id)).rows_done == 2

        office.clock.turn(3_600_000)
        await office.settled()

        read = await each_finance.upload(upload.id)
        assert (read.state, read.rows_done, read.counts.gaps_filled) == ("done", 8, 8)
        assert read.paid_in_cents == 3_600_00
        assert len(await office.payments()) == 8
        await office.prove()

    async def test_somebody_who_was_overtaken_stores_nothing(self, each_finance: Finance) -> None:
        """Two workers at the same row, one of which lost its claim without knowing: only the first goes on."""
        office = each_finance.office
        upload, _ = await each_finance.desk.accept(each_finance.handed([row_of(paid_unheard(each_finance))]))
        counts = Counts(noted=1)

        async def go_on() -> None:
            async with office.store.begin() as connection:
                await uploads.rejections_kept(connection, upload.id, [Rejected(1, "Paid In", "is negative")])
                await uploads.went_on(connection, upload.id, since_row=0, to_row=1, counts=counts, now=office.clock())

        async with office.store.begin() as connection:
            await uploads.went_on(connection, upload.id, since_row=0, to_row=1, counts=counts, now=office.clock())
        with pytest.raises(Overtaken):
            await go_on()

        assert (await each_finance.upload(upload.id)).counts.noted == 1
        async with office.store.read() as connection:
            assert await uploads.rejections(connection, upload.id, 10) == []

    async def test_charges_are_booked_once(self, finance: Finance) -> None:
        """As one expense of the part that has them."""
        moved = paid_unheard(finance)
        charge = row_of(moved, **{"in": "", "out": "-5.00"}, details="Pay Bill Charge", party="SP", account="")

        upload = await finance.read([charge, row_of(moved)])
        await finance.read([row_of(moved), charge])

        assert (upload.counts.noted, upload.counts.gaps_filled) == (1, 1)
        assert await finance.office.balance(chart.RAIL_CHARGES) == 5_00
        assert await finance.office.balance(chart.COLLECTION) == 295_00

    async def test_a_preview_says_the_same_and_does_nothing(self, finance: Finance) -> None:
        """What it would come to now."""
        rows = [row_of(paid_unheard(finance)), row_of(paid_unheard(finance), receipt="")]

        preview = await finance.desk.preview(finance.handed(rows))
        upload = await finance.read(rows)

        assert preview.counts == upload.counts
        assert await finance.lines() != []


class TestPayOuts:
    @pytest.mark.parametrize("is_masked", [True, False])
    async def test_paid_though_refused_is_settled_as_by_a_late_callback(
        self, each_finance: Finance, is_masked: bool
    ) -> None:
        """The only one that fits, ordered by API: booked, told, and a case because the rail contradicts itself."""
        office = each_finance.office
        loan, moved = await refused_though_paid(office)
        cells = {} if is_masked else {"party": f"{moved.msisdn.lstrip('+')} - SOMEBODY"}

        upload = await each_finance.read([row_of(moved, **cells)], PAYOUTS)

        assert (upload.counts.settled, upload.counts.mismatched) == (1, 0)
        assert await office.loan_state(loan) == "active"
        assert (await office.request(loan)).settled_by == "statement"
        (healed,) = await each_finance.mismatches()
        assert (healed.kind, healed.state) == ("status_mismatch", "resolved")
        assert await office.cases() == ["paid after refusal"]
        await office.prove()

    async def test_paid_and_never_answered_is_settled(self, finance: Finance) -> None:
        """Nothing that was asked has been answered; the statement answers."""
        office = finance.office
        office.rail.answer, office.rail.tells, office.rail.knows = "lost", 0, False
        loan = await office.borrow()
        await office.drained()
        assert (await office.operation(loan)).state == "uncertain"

        await finance.read([row_of(office.rail.book[-1])], PAYOUTS)

        assert await office.loan_state(loan) == "active"
        await office.prove()

    async def test_by_hand_on_the_portal_moves_nothing(self, finance: Finance) -> None:
        """Somebody may have paid because ours had failed: a person says so."""
        loan, moved = await refused_though_paid(finance.office)

        upload = await finance.read([row_of(moved, by="")], PAYOUTS)

        assert upload.counts.mismatched == 1
        assert await finance.office.loan_state(loan) != "active"
        (open_one,) = await finance.mismatches("pending")
        assert (open_one.kind, open_one.evidence["fits"]) == ("missing_ledger", [loan])
        assert await finance.office.cases() == ["reconciliation"]

    async def test_of_two_that_fit_neither_is_settled(self, finance: Finance) -> None:
        """The same sum to the same person twice, and one of them paid."""
        office = finance.office
        office.rail.code = "1"
        for _ in range(2):
            loan = await office.borrow()
            await office.settled()
        cents = (await office.request(loan)).amount_cents
        moved = Moved("UA77777777", "b2c", "x", AMINA, cents, "", office.clock())

        upload = await finance.read([row_of(moved)], PAYOUTS)

        assert upload.counts.mismatched == 1
        assert await office.balance(chart.PAYOUT) == 0

    async def test_another_amount_than_we_paid_is_named(self, finance: Finance) -> None:
        """Nothing is corrected by itself."""
        await finance.office.lent()
        (moved,) = finance.office.rail.book

        upload = await finance.read([row_of(moved, out="-1.00")], PAYOUTS)

        assert upload.counts.mismatched == 1
        (found,) = await finance.mismatches("pending")
        assert (found.kind, found.ours_cents, found.theirs_cents) == ("amount_mismatch", moved.cents, 1_00)


class TestNamed:
    @pytest.mark.parametrize(
        ("cells", "kind"),
        [
            ({"in": "299.00"}, "amount_mismatch"),
            ({"status": "Failed"}, "status_mismatch"),
            ({"receipt": "UA99999999", "reason": "Something New"}, "missing_ledger"),
            ({"receipt": "UA99999998", "in": "", "out": "-300.00", "reason": "Pay Bill Reversal"}, "status_mismatch"),
        ],
    )
    async def test_what_contradicts_our_books_is_named_once(
        self, finance: Finance, cells: dict[str, str], kind: str
    ) -> None:
        """One mismatch, one case, however often it is read; no money moves."""
        await finance.office.receive(finance.office.rail.pay_paybill(AMINA, 300_00, PHONE))
        await finance.office.settled()
        row = row_of(finance.office.rail.book[-1], **cells)

        await finance.read([row])
        await finance.read([row, row])

        (found,) = await finance.mismatches("pending")
        assert found.kind == kind
        assert await finance.office.cases() == ["reconciliation"]
        await finance.office.prove()
