"""A payment given back: sent once, booked on proof alone, and a person where there is none."""

from collections.abc import AsyncIterator

import pytest

from gateway.accounts.audit import Deed
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import check
from gateway.errors import NyotaError, Rejected, Unavailable, Uncertain
from gateway.playbooks.reversing import Reversing, wanted
from gateway.playbooks.telling import Teller
from gateway.rails.contract import Acknowledged, Result
from gateway.rails.organisation import Reverse
from gateway.rails.reverse import ReverseStep
from gateway.rails.steps import Addresses
from gateway.suspense import held as kept
from tests.gateway.rails_flow.office import AMINA, PATIENCE, Office, office_on
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

STRANGER = "+254722000007"
HAD = 5_000_00
DONE = Result("done", "0", "paid", "reversed", receipt="UB00000001", amount_cents=500_00)
BEFORE = Result("uncertain", "R000001", "uncertain", "it was reversed before")
REFUSED = Result("refused", "21", "refused", "not allowed")


class PretendBack:
    """The part of the rail that gives back: raises `error`, once, if there is one."""

    def __init__(self) -> None:
        self.asked: list[Reverse] = []
        self.error: NyotaError | None = None

    async def reverse(self, request: Reverse) -> Acknowledged:
        self.asked.append(request)
        error, self.error = self.error, None
        if error is not None:
            raise error
        return Acknowledged("AG_1")


class Desk:
    """Two people, a payment in suspense, and the rail's hand that gives back."""

    def __init__(self, office: Office) -> None:
        self.office, self.back = office, PretendBack()
        shop = office.shop
        self.reversing = Reversing(
            shop.books, Teller(shop.outbox), shop.outbox, shortcode=SHORTCODE, answer_ms=86_400_000, language="en"
        )
        step = ReverseStep(
            office.rail, office.store, office.clock, PATIENCE, Addresses("http://nyota", "token"),
            wanted(office.rail.name), self.reversing.slow,
        )  # fmt: skip
        playbook = self.reversing.playbook(step.of(self.back))
        shop.playbooks[playbook.kind] = playbook

    async def paid(self, account: str = "KODI") -> str:
        await self.office.receive(self.office.rail.pay_paybill(STRANGER, 500_00, account))
        await self.office.settled()
        return self.office.rail.book[-1].receipt

    async def proposed(self, receipt: str) -> str:
        async with self.office.store.begin() as connection:
            return await self.reversing.propose(connection, receipt, self.deed("jane"))

    async def confirmed(self, named: str, by: str = "omar") -> None:
        row = await self.office.operation(named)
        async with self.office.store.begin() as connection:
            await self.reversing.decided(connection, row.id, self.deed(by), is_yes=True)
        await self.office.drained()

    async def sent(self, receipt: str) -> str:
        """Agreed by two, and asked of the rail."""
        named = await self.proposed(receipt)
        await self.confirmed(named)
        return named

    async def told(self, named: str, result: Result, purpose: str = "reversal/result") -> str:
        """The rail's result, on the request's own path; the verdict."""
        token = (await self.office.request(named)).token
        verdict = await self.office.receive(self.office.rail.callback(purpose, token, result))
        await self.office.drained()
        return verdict

    async def state(self, receipt: str) -> str:
        async with self.office.store.read() as connection:
            held = await kept.by_receipt(connection, receipt)
            assert await check(connection) == []
        assert held is not None
        return held.state

    def deed(self, by: str) -> Deed:
        return Deed(by, by, "paid twice", "", self.office.clock())


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    async with office_on(fresh_sqlite) as office:
        yield Desk(office)


class TestProof:
    async def test_a_success_with_the_amount_is_booked(self, desk: Desk) -> None:
        """Once, however often it is told; whoever paid is told both receipts."""
        receipt = await desk.paid()
        named = await desk.sent(receipt)

        assert [await desk.told(named, DONE) for _ in range(2)] == ["applied", "repeated"]

        assert [(each.receipt, each.amount_cents) for each in desk.back.asked] == [(receipt, 500_00)]
        assert (await desk.office.operation(named)).state == "done"
        assert await desk.state(receipt) == "refunded"
        assert await desk.office.balance(chart.SUSPENSE) == await desk.office.balance(chart.COLLECTION) == 0
        assert "UB00000001" in (await desk.office.texts(STRANGER))[-1]

    async def test_reversed_before_is_no_proof_that_this_did_it(self, desk: Desk) -> None:
        """Nothing is booked; the money stays set aside, and a person looks."""
        receipt = await desk.paid()
        named = await desk.sent(receipt)

        await desk.told(named, BEFORE)

        row = await desk.office.operation(named)
        assert (row.state, row.step) == ("parked", "reverse")
        assert await desk.office.balance(chart.COLLECTION) == 500_00
        assert await desk.state(receipt) == "asked"

    async def test_another_amount_moves_nothing(self, desk: Desk) -> None:
        """It is not the one that we asked for."""
        named = await desk.sent(await desk.paid())
        other = Result("done", "0", "paid", "", receipt="UB1", amount_cents=400_00)

        assert await desk.told(named, other) == "mismatch"
        assert await desk.office.balance(chart.COLLECTION) == 500_00

    async def test_a_result_of_something_else_on_its_path_is_forged(self, desk: Desk) -> None:
        """A path is about one thing."""
        named = await desk.sent(await desk.paid())

        assert await desk.told(named, DONE, "stk") == "forged"
        assert not (await desk.office.request(named)).is_settled

    async def test_refused_it_waits_as_before_and_paid_after_all_it_is_booked(self, desk: Desk) -> None:
        """With a case: the rail has contradicted itself."""
        receipt = await desk.paid()
        named = await desk.sent(receipt)
        await desk.told(named, REFUSED)
        before = await desk.state(receipt)

        assert await desk.told(named, DONE) == "late"

        assert before == "held"
        assert await desk.state(receipt) == "refunded"
        assert await desk.office.cases() == ["paid after refusal"]
        assert await desk.office.balance(chart.SUSPENSE) == await desk.office.balance(chart.COLLECTION) == 0


class TestSending:
    async def test_what_was_spent_by_then_is_owed_and_its_owner_hears_of_it(self, desk: Desk) -> None:
        """How much, and no word of what is in the wallet."""
        office, receipt = desk.office, await desk.paid("0711000001")
        loan = await office.lent(5_000_00)
        named = await desk.sent(receipt)
        await desk.told(named, REFUSED)
        await office.from_wallet(loan, 5_300_00)
        await office.drained()

        await desk.told(named, DONE)

        assert await office.balance(chart.wallet(AMINA)) == 0
        assert await office.balance(chart.receivable(AMINA)) == 300_00
        (told,) = [text for text in await office.texts() if "you owe us" in text]
        assert (receipt in told, "500" in told, "300" in told, "wallet" in told) == (True, True, True, False)
        assert "owed to us" in await office.cases()

    async def test_unanswered_it_is_never_sent_again(self, desk: Desk) -> None:
        """There is no id by which to probe: it waits for the result, and then for a person."""
        desk.back.error = Uncertain("no answer")
        named = await desk.sent(await desk.paid())

        await desk.office.settled()

        assert len(desk.back.asked) == 1
        assert (await desk.office.operation(named)).state == "parked"
        assert await desk.office.balance(chart.COLLECTION) == 500_00

    async def test_what_did_not_leave_is_sent_when_the_rail_is_back(self, desk: Desk) -> None:
        """Provably nothing had happened."""
        desk.back.error = Unavailable("nobody there")
        named = await desk.sent(await desk.paid())
        desk.office.clock.turn(3_600_000)
        await desk.office.drained()

        await desk.told(named, DONE)

        assert len(desk.back.asked) == 2
        assert (await desk.office.operation(named)).state == "done"


class TestDeciding:
    async def test_what_a_loan_has_taken_is_not_given_back(self, desk: Desk) -> None:
        """Nor what nobody has paid."""
        loan = await desk.office.lent()
        for receipt in (await desk.paid(loan), "UA404"):
            with pytest.raises(Rejected, match="receipt"):
                await desk.proposed(receipt)

    async def test_taken_back_from_the_loan_it_is(self, desk: Desk) -> None:
        """It waits in suspense then, by the receipt that it came with."""
        loan = await desk.office.lent()
        receipt = await desk.paid(loan)
        async with desk.office.store.begin() as connection:
            paid = (await desk.office.payments())[-1]
            lines = (Line(chart.loan_principal(paid.operation_id), 500_00), Line(chart.SUSPENSE, -500_00))
            await desk.office.shop.books.post(connection, Entry("back", "act", "taken back", lines), 1)
            held = kept.Held("back", "LAB2C3D", SHORTCODE, receipt, 500_00, loan, STRANGER, 1)
            await kept.put_back(connection, held, 1)

        await desk.told(await desk.sent(receipt), DONE)

        assert await desk.state(receipt) == "refunded"
        assert await desk.office.balance(chart.SUSPENSE) == 0

    async def test_out_of_a_wallet_only_what_is_in_it(self, desk: Desk) -> None:
        """Spent meanwhile, it is refused, and nothing was sent."""
        receipt = await desk.paid("0711000001")
        loan = await desk.office.lent(5_000_00)
        named = await desk.proposed(receipt)
        await desk.office.from_wallet(loan, 5_300_00)
        await desk.office.drained()

        await desk.confirmed(named)

        assert (await desk.office.operation(named)).state == "rejected"
        assert desk.back.asked == []
        assert await desk.office.balance(chart.wallet(AMINA)) == HAD + 500_00 - 5_300_00

    async def test_one_at_a_time_and_by_two(self, desk: Desk) -> None:
        """Neither twice nor alone."""
        receipt = await desk.paid()
        named = await desk.proposed(receipt)

        with pytest.raises(Rejected, match="second person"):
            await desk.confirmed(named, "jane")
        with pytest.raises(Rejected, match="assigned"):
            await desk.proposed(receipt)
        assert desk.back.asked == []
