"""Two people settle a prompt with a receipt that they typed wrongly; then the real one comes, through any door."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.desk.cases import Wanted, listed
from gateway.errors import Rejected
from gateway.playbooks.suspense import ASSIGN, Assignment, Suspense
from gateway.playbooks.telling import Teller
from gateway.playbooks.twice import BookedTwice
from gateway.rails import contract, matching
from gateway.reconciling.taking import Bounds, Shortcodes, Source, Taking
from gateway.statements.line import Line
from gateway.store.tables import cases
from gateway.suspense.tables import suspense
from tests.gateway.desk.hands import Hands
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office
from tests.gateway.rails_flow.pretend_rail import SHORTCODE, Moved

PART = 500_00
TYPED = "UA0000O002"
DAY_MS = 86_400_000
DOORS = ("result", "confirmation", "statement", "list")


class Wrong:
    """A repayment of Amina's that is settled as paid under a receipt that nobody ever gave."""

    def __init__(self, hands: Hands, loan: str, payment: str) -> None:
        self.hands = hands
        self.office: Office = hands.office
        self.loan = loan
        self.payment = payment

    @property
    def moved(self) -> Moved:
        """The money, as the rail has it."""
        return next(moved for moved in self.office.rail.book if moved.kind == "stk")

    async def comes(self, door: str, account: str | None = None, payer: str = AMINA) -> str:
        """The real receipt; the verdict of a callback, else what the list or the statement made of it."""
        office, moved = self.office, self.moved
        account = moved.account if account is None else account
        news = contract.Received(moved.receipt, SHORTCODE, moved.cents, account, payer, moved.at)
        match door:
            case "result":
                request = await office.request(self.payment)
                said = await office.receive(office.rail.callback("stk", request.token, office.rail.asked[-1].result))
            case "confirmation":
                said = await office.receive(office.rail.callback("confirmation", "", news))
            case "statement":
                line = Line(
                    number=1, receipt=moved.receipt, at=moved.at, kind="paid_in", cents=moved.cents, status="Completed",
                    reason="Pay Bill", details="", party=payer, account=account, balance_cents=None,
                )  # fmt: skip
                async with office.store.begin() as connection:
                    source = Source("file", SHORTCODE, "reading", "1")
                    counts, _ = await self.taking().taken(connection, source, [line], office.clock())
                said = "contradiction" if counts.mismatched == 1 else str(counts)
            case _:
                async with office.store.begin() as connection:
                    credited = await self.taking().listed(connection, news, office.clock())
                said = "credited" if credited else "contradiction"
        await office.settled()
        return said

    def taking(self) -> Taking:
        codes, bounds = Shortcodes(SHORTCODE, SHORTCODE), Bounds(DAY_MS, DAY_MS)
        return Taking(self.office.shop.callbacks, Books(), codes, bounds)

    async def held(self) -> list[tuple[str, int, str]]:
        async with self.office.store.read() as connection:
            rows = await connection.execute(select(suspense))
            return [(row.receipt, row.amount_cents, row.state) for row in rows]

    async def named(self) -> list[tuple[str, str, str]]:
        """Each case: its topic, and both receipts."""
        async with self.office.store.read() as connection:
            rows = await connection.execute(select(cases).order_by(cases.c.created_at))
            return [(row.topic, row.evidence.get("known"), row.evidence.get("receipt")) for row in rows]


@pytest.fixture
async def wrong(hands: Hands) -> AsyncIterator[Wrong]:
    """The loan owes 2,160; 500 of it was paid, and is said to have been paid under another receipt."""
    office = hands.office
    loan, payment = await hands.in_doubt(PART)
    assert await hands.resolve(payment, "paid", TYPED) == "resolved"
    await office.settled()
    assert await office.owed(loan) == 1_660_00
    yield Wrong(hands, loan, payment)


class TestTheRealReceipt:
    @pytest.mark.parametrize("door", DOORS)
    async def test_it_is_held_and_a_case_names_both(self, wrong: Wrong, door: str) -> None:
        """The loan is not credited a second time, whichever door it comes through; the customer, who has their receipt,
        is not told of one payment twice."""
        told = await wrong.office.texts()

        assert await wrong.comes(door) == "contradiction"

        assert await wrong.office.texts() == told
        assert await wrong.office.owed(wrong.loan) == 1_660_00
        assert await wrong.held() == [(wrong.moved.receipt, PART, "held")]
        assert await wrong.named() == [("paid again", TYPED, wrong.moved.receipt)]

    async def test_through_all_doors_it_is_held_once(self, wrong: Wrong) -> None:
        """In one case."""
        for door in DOORS:
            await wrong.comes(door)

        assert await wrong.held() == [(wrong.moved.receipt, PART, "held")]
        assert await wrong.named() == [("paid again", TYPED, wrong.moved.receipt)]
        assert await wrong.office.balance(chart.SUSPENSE) == PART

    async def test_paid_by_hand_to_the_loan_it_is_held_as_well(self, wrong: Wrong) -> None:
        """People may have meant the payment that the customer made at the paybill: same phone, amount and day."""
        await wrong.comes("confirmation", account=wrong.loan)

        assert await wrong.office.owed(wrong.loan) == 1_660_00
        assert await wrong.named() == [("paid again", TYPED, wrong.moved.receipt)]

    async def test_somebody_elses_payment_of_that_amount_is_credited(self, wrong: Wrong) -> None:
        """A friend pays for her on the same day."""
        assert await wrong.comes("confirmation", account=wrong.loan, payer=BARAKA) == "applied"

        assert await wrong.office.owed(wrong.loan) == 1_160_00
        assert await wrong.named() == []


class TestPuttingItRight:
    """The money came once, and two people say so."""

    def desk(self, wrong: Wrong) -> Suspense:
        shop = wrong.office.shop
        teller = Teller(shop.outbox)
        twice = BookedTwice(shop.books, teller, shop.outbox, shortcode=SHORTCODE, answer_ms=DAY_MS)
        desk = Suspense(
            shop.books, shop.portfolio, shop.received, teller, shop.outbox, twice, answer_ms=DAY_MS, language="en"
        )  # fmt: skip
        shop.playbooks[ASSIGN] = desk.assigning()
        return desk

    async def agreed(self, wrong: Wrong) -> None:
        """Jane proposes, Omar agrees."""
        desk, receipt = self.desk(wrong), wrong.moved.receipt
        async with wrong.office.store.begin() as connection:
            await desk.propose(connection, receipt, Assignment("same", ""), wrong.hands.deed("jane"))
        async with wrong.office.store.begin() as connection:
            await desk.decided(connection, receipt, wrong.hands.deed("omar"), is_yes=True)
        await wrong.office.settled()

    async def test_it_is_booked_once_under_its_real_receipt(self, wrong: Wrong) -> None:
        """Books, payments and request say what the rail says; the loan and the customer notice nothing."""
        await wrong.comes("confirmation")
        told = await wrong.office.texts()

        await self.agreed(wrong)

        assert await wrong.held() == [(wrong.moved.receipt, PART, "assigned")]
        assert [row.receipt for row in await wrong.office.payments()] == [wrong.moved.receipt]
        assert (await wrong.office.request(wrong.payment)).receipt == wrong.moved.receipt
        assert await wrong.office.owed(wrong.loan) == 1_660_00
        assert await wrong.office.texts() == told
        assert await wrong.comes("result") == "repeated"
        async with wrong.office.store.read() as connection:
            assert [row.topic for row in await listed(connection, Wanted(state="open"))] == []
        await wrong.office.prove()

    async def test_not_once_the_rail_has_named_the_typed_receipt(self, wrong: Wrong) -> None:
        """Then it came twice, and what is held is somebody's."""
        office = wrong.office
        await wrong.comes("confirmation")
        news = contract.Received(TYPED, SHORTCODE, PART, wrong.payment, AMINA, office.clock())
        await office.receive(office.rail.callback("confirmation", "", news))

        with pytest.raises(Rejected, match="nothing is booked under another receipt"):
            await self.agreed(wrong)

        assert await office.balance(chart.SUSPENSE) == PART


class TestPaidByHandBefore:
    """The prompt was not answered, so the customer paid the same at the paybill; that is booked."""

    @pytest.mark.parametrize(("payer", "is_booked"), [(AMINA, True), (matching.hashed(AMINA), True), (AMINA, False)])
    async def test_the_prompt_is_not_paid_by_that_payment_again(
        self, hands: Hands, payer: str, is_booked: bool
    ) -> None:
        """Under a receipt that nobody ever gave; nor where it waits for a worker. Who knows of two payments says so,
        and both count."""
        office = hands.office
        loan, payment = await hands.in_doubt(PART)
        news = contract.Received("UA0000HAND", SHORTCODE, PART, loan, payer, office.clock())
        await office.receive(office.rail.callback("confirmation", "", news))
        if is_booked:
            await office.drained()

        refused = await hands.resolve(payment, "paid", TYPED)
        await office.drained()

        assert (refused, await office.owed(loan)) == ("looks-booked", 1_660_00)
        assert await hands.resolve(payment, "paid", TYPED, said="their SMS; ua0000hand is another") == "resolved"
        await office.settled()
        assert await office.owed(loan) == 1_160_00

    async def test_what_somebody_else_paid_by_hand_is_no_reason(self, hands: Hands) -> None:
        """A friend paid for her."""
        office = hands.office
        loan, payment = await hands.in_doubt(PART)
        news = contract.Received("UA0000HAND", SHORTCODE, PART, loan, BARAKA, office.clock())
        await office.receive(office.rail.callback("confirmation", "", news))
        await office.drained()

        assert await hands.resolve(payment, "paid", TYPED) == "resolved"


class TestBeforeItIsBooked:
    @pytest.mark.parametrize("account", ["", "KODI"])
    async def test_the_rail_names_the_receipt_that_was_typed(self, hands: Hands, account: str) -> None:
        """In the moment after two people have said so it is not booked yet: it is the same payment all the same."""
        office = hands.office
        loan, payment = await hands.in_doubt(PART)
        moved = office.rail.book[-1]
        await hands.resolve(payment, "paid", moved.receipt)

        verdict = await office.receive(office.rail.confirmation(replace(moved, account=account)))
        await office.settled()

        assert verdict == "repeated"
        assert (await office.operation(payment)).state == "done"
        assert await office.owed(loan) == 1_660_00
        assert await office.cases() == []
        await office.prove()


class TestTheTypedReceipt:
    @pytest.mark.parametrize("named", ["prompt", "loan"])
    async def test_once_the_rail_has_named_it_a_second_payment_is_one(self, wrong: Wrong, named: str) -> None:
        """It was right after all: whoever pays the same again on that day has paid twice."""
        office = wrong.office
        account = wrong.payment if named == "prompt" else wrong.loan
        news = contract.Received(TYPED, SHORTCODE, PART, account, AMINA, office.clock())
        assert await office.receive(office.rail.callback("confirmation", "", news)) == "repeated"

        assert await wrong.comes("confirmation", account=wrong.loan) == "applied"

        assert await office.owed(wrong.loan) == 1_160_00
        assert await wrong.named() == []

    @pytest.mark.parametrize("account", ["0711000002", ""])
    async def test_it_is_somebody_elses_then_a_case_says_so(self, wrong: Wrong, account: str) -> None:
        """The receipt is booked already, so their money cannot be: it must not go unseen."""
        office = wrong.office
        news = contract.Received(TYPED, SHORTCODE, 300_00, account, BARAKA, office.clock())

        verdicts = [await office.receive(office.rail.callback("confirmation", "", news)) for _ in range(2)]

        assert verdicts == ["contradiction", "contradiction"]
        assert [topic for topic, _, _ in await wrong.named()] == ["receipt of another"]
