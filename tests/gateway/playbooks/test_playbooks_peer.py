"""A loan from person to person: asked, agreed to, paid over and repaid, whatever happens in between."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from flows.loans import quoted as as_values
from flows.turn import Operation, reference
from gateway.approvals import decisions
from gateway.approvals.decisions import Approval
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import check
from gateway.clock import local_date
from gateway.facts.peers import quoted
from gateway.lending.allocation import Parts
from gateway.lending.booking import lenders_cents, repaid_lines
from gateway.lending.standings import LoanRecord
from gateway.operations.claims import work_of
from gateway.peers import asking
from gateway.playbooks.approving import Approving, Late
from gateway.playbooks.autorepay import AutoRepay
from gateway.playbooks.peer import KIND, PRODUCT, Lenders, PeerLending
from gateway.playbooks.telling import Teller
from gateway.store.tables import customers
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, Shop, office_on

DAY_MS = 86_400_000
PRINCIPAL, ADDED = 2_000_00, 100_00
PARTS = st.builds(Parts, *(st.integers(-(10**6), 10**9) for _ in range(4)))


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        joined(office.shop)
        yield office


@pytest.fixture
async def each_office(database_url: str) -> AsyncIterator[Office]:
    async with office_on(database_url) as office:
        joined(office.shop)
        yield office


def joined(shop: Shop) -> None:
    """Lending between people is a part of this shop."""
    lending = PeerLending(shop.books, shop.portfolio, Teller(shop.outbox), a_day=3)
    shop.playbooks[KIND] = lending.playbook()
    shop.portfolio.witnesses.append(Lenders(shop.books, shop.outbox).repaid)


def rebuilt(office: Office) -> None:
    """The process has died; another one starts on the same database."""
    office.shop = Shop(office.store, office.rail, office.sms, office.clock)
    joined(office.shop)


async def ask(office: Office, *, cents: int = PRINCIPAL, days: int = 31, answer_days: int = 3) -> str:
    """Amina asks Baraka, a moment after whatever was before; the reference."""
    office.clock.turn(1)
    today = local_date(office.clock())
    due = today + timedelta(days=days)
    product = office.shop.portfolio.products[PRODUCT]
    intent = {
        "lender": BARAKA,
        "person": "Baraka O",
        "percent": 5,
        "quote": as_values(quoted(product, cents, 5, today, due)),
        "answer_by": (today + timedelta(days=answer_days)).isoformat(),
    }
    identity = str(uuid.uuid4())
    named = reference("RQ", identity)
    async with office.store.begin() as connection:
        await office.shop.outbox.put(connection, Operation(identity, KIND, named, AMINA, intent))
    return named


async def asked(office: Office, **terms: int) -> str:
    named = await ask(office, **terms)
    await office.drained()
    return named


async def question(office: Office) -> Approval:
    """The newest one put to Baraka or anybody."""
    async with office.store.read() as connection:
        return (await decisions.page(connection, {}, before=None, limit=1))[0]


async def says_yes(office: Office) -> None:
    async with office.store.begin() as connection:
        row = (await decisions.page(connection, {}, before=None, limit=1))[0]
        await Approving(office.shop.books, 0).approved(connection, row, BARAKA, office.clock())


async def says_no(office: Office) -> None:
    async with office.store.begin() as connection:
        row = (await decisions.page(connection, {}, before=None, limit=1))[0]
        await Approving(office.shop.books, 0).declined(connection, row, BARAKA, None, office.clock())


async def lent(office: Office, **terms: int) -> str:
    named = await asked(office, **terms)
    await says_yes(office)
    await office.drained()
    assert (await office.operation(named)).state == "done"
    return named


async def wallets(office: Office) -> tuple[int, int]:
    """Baraka's and Amina's."""
    return await office.balance(chart.wallet(BARAKA)), await office.balance(chart.wallet(AMINA))


async def available(office: Office, customer: str) -> int:
    async with office.store.read() as connection:
        return (await office.shop.books.balance(connection, chart.wallet(customer))).available_cents


async def claims(office: Office, named: str) -> tuple[int, int, int]:
    """What is owed of principal and of what was added, and what the lender is due."""
    loan = (await office.operation(named)).id
    keys = (chart.peer_principal(loan), chart.peer_interest(loan), chart.peer_due(loan))
    return (await office.balance(keys[0]), await office.balance(keys[1]), await office.balance(keys[2]))


async def proved(office: Office) -> None:
    async with office.store.read() as connection:
        assert await check(connection) == []


class TestAsking:
    async def test_the_lender_is_told_who_asks_what_comes_back_and_until_when_to_answer(self, office: Office) -> None:
        """In full, because money is asked of them."""
        named = await asked(office)
        await office.drained()

        assert await office.texts(BARAKA) == [
            "AMINA WANJIRU 0711000001 anaomba umkopeshe Ksh 2,000, alipe 2,100 5 Sep. "
            f"Jibu kufikia 8 Ago: *383# kisha 5. Unaweza kukataa. {named}"
        ]
        assert (await office.operation(named)).step == "decision"

    async def test_it_waits_until_the_end_of_the_day_that_was_named(self, office: Office) -> None:
        """By 8 Aug is by midnight."""
        await asked(office)

        assert (await question(office)).expires_at == (office.clock() // DAY_MS + 4) * DAY_MS - 3 * 3_600_000

    async def test_the_fourth_of_a_day_reaches_nobody(self, office: Office) -> None:
        """However the first three went."""
        for _ in range(3):
            await asked(office)
            await says_no(office)
            await office.drained()

        fourth = await asked(office)

        assert (await office.operation(fourth)).state == "rejected"
        assert (await office.templates(BARAKA)).count("peer.asked") == 3
        assert (await office.templates(AMINA)).count("peer.refused") == 4

    @pytest.mark.parametrize("shut", ["block", "refuse_all"])
    async def test_who_has_shut_out_the_asker_meanwhile_is_not_asked(self, office: Office, shut: str) -> None:
        """The asker learns no more than of any other no."""
        async with office.store.begin() as connection:
            whom = (BARAKA, AMINA) if shut == "block" else (BARAKA,)
            await getattr(asking, shut)(connection, *whom, office.clock())

        await asked(office)
        await office.drained()

        assert await office.texts(BARAKA) == []
        assert (await office.texts(AMINA))[0].endswith("was not approved. You owe nothing")


class TestAgreeing:
    async def test_the_money_is_out_of_reach_from_the_moment_of_the_yes(self, office: Office) -> None:
        """Not only from when a worker comes to it."""
        await asked(office)

        await says_yes(office)

        assert await available(office, BARAKA) == 3_000_00
        assert await wallets(office) == (5_000_00, 5_000_00)

    async def test_it_moves_from_wallet_to_wallet_and_the_loan_runs(self, office: Office) -> None:
        """What is owed and what is due are in the books; none of it is ours."""
        named = await lent(office)

        assert await wallets(office) == (3_000_00, 7_000_00)
        assert await claims(office, named) == (PRINCIPAL, ADDED, PRINCIPAL + ADDED)
        assert await office.owed(named) == PRINCIPAL + ADDED
        assert await office.balance(chart.INCOME_INTEREST) == await office.balance(chart.INTEREST_DEFERRED) == 0
        assert (await office.templates(BARAKA), await office.templates(AMINA)) == (
            ["peer.asked", "peer.lent"],
            ["peer.got"],
        )
        await proved(office)

    async def test_the_day_of_repayment_stays_the_agreed_one(self, office: Office) -> None:
        """Two days later it is two days shorter, and costs the same."""
        named = await asked(office)
        office.clock.turn(2 * DAY_MS)
        await says_yes(office)
        await office.drained()

        async with office.store.read() as connection:
            record = await office.shop.portfolio.by_reference(connection, named)
            assert record is not None
            standing = await office.shop.portfolio.standing(connection, record.id, local_date(office.clock()))
        assert standing.loan.rows[-1].due_on == date(2026, 9, 5)
        assert standing.owed_cents == PRINCIPAL + ADDED
        assert record.lender_id == BARAKA

    async def test_a_loan_between_people_takes_nothing_of_the_limit(self, office: Office) -> None:
        """What the house would lend is another matter."""
        await lent(office)

        async with office.store.read() as connection:
            held = await office.shop.portfolio.held(connection, AMINA, local_date(office.clock()))
        assert len(held.running) == 1
        assert held.in_use_cents == 0

    async def test_a_wallet_that_does_not_cover_it_lends_nothing(self, office: Office) -> None:
        """Spent in the moment between the look and the yes: both are told."""
        named = await asked(office)
        async with office.store.begin() as connection:
            lines = (Line(chart.wallet(BARAKA), 4_000_00), Line(chart.OPENING, -4_000_00))
            await office.shop.books.post(connection, Entry(named, "spent", "Spent", lines), office.clock())

        await says_yes(office)
        await office.drained()

        assert (await office.operation(named)).state == "rejected"
        assert await wallets(office) == (1_000_00, 5_000_00)
        assert (await office.templates(BARAKA))[-1] == "peer.short"
        assert (await office.templates(AMINA)) == ["peer.refused"]
        await proved(office)

    async def test_a_no_leaves_everything_and_tells_only_the_asker(self, office: Office) -> None:
        """And not why."""
        named = await asked(office)

        await says_no(office)
        await office.drained()

        assert (await office.operation(named)).state == "rejected"
        assert await office.templates(BARAKA) == ["peer.asked"]
        assert await office.templates(AMINA) == ["peer.refused"]
        assert await wallets(office) == (5_000_00, 5_000_00)

    async def test_silence_is_no_and_both_are_told(self, office: Office) -> None:
        """On the day after the last one to answer."""
        named = await asked(office)

        await office.settled()

        assert (await office.operation(named)).state == "rejected"
        assert (await office.templates(BARAKA))[-1] == "peer.expired"
        assert await office.templates(AMINA) == ["peer.refused"]
        with pytest.raises(Late):
            await says_yes(office)

    async def test_who_was_paused_meanwhile_gets_nothing_and_the_money_is_free_again(self, office: Office) -> None:
        """The yes was given before."""
        named = await asked(office)
        await says_yes(office)
        async with office.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.id == AMINA).values(state="inactive"))

        await office.drained()

        assert (await office.operation(named)).state == "rejected"
        assert await available(office, BARAKA) == 5_000_00
        await proved(office)


class TestFaults:
    @pytest.mark.parametrize("steps", [0, 1, 2])
    async def test_killed_between_any_two_steps_it_moves_once(self, each_office: Office, steps: int) -> None:
        """The next worker goes on when the lease is over."""
        office = each_office
        named = await ask(office) if steps == 0 else await asked(office)
        if steps == 2:
            await says_yes(office)
        claimed = [work.step for work in await office.shop.worker.claim(9) if work.kind == KIND]
        assert claimed == [["ask"], [], ["decision"]][steps]

        rebuilt(office)
        office.clock.turn(61_000)
        await office.drained()
        if steps < 2:
            await says_yes(office)
        await office.drained()

        assert (await office.operation(named)).state == "done"
        assert await wallets(office) == (3_000_00, 7_000_00)
        assert (await office.templates(BARAKA)).count("peer.lent") == 1
        await proved(office)

    async def test_two_yeses_at_once_are_one(self, each_office: Office) -> None:
        """The second hears that it was answered."""
        office = each_office
        await asked(office)

        answers = await asyncio.gather(says_yes(office), says_yes(office), says_no(office), return_exceptions=True)
        await office.drained()

        assert [type(answer) for answer in answers].count(Late) == 2
        assert sorted(await wallets(office)) in ([3_000_00, 7_000_00], [5_000_00, 5_000_00])
        await proved(office)

    @pytest.mark.parametrize("late_ms", [-1, 0])
    async def test_a_yes_while_the_time_runs_out_is_kept_or_refused_and_nothing_between(
        self, each_office: Office, late_ms: int
    ) -> None:
        """One millisecond before the end it counts, whatever the worker is doing; at the end it does not."""
        office = each_office
        named = await asked(office)
        office.clock.now = (await question(office)).expires_at + late_ms

        answers = await asyncio.gather(says_yes(office), office.drained(), return_exceptions=True)
        await office.settled()

        is_lent = (await office.operation(named)).state == "done"
        assert is_lent == (late_ms < 0)
        assert isinstance(answers[0], Late) != is_lent
        assert await wallets(office) == ((3_000_00, 7_000_00) if is_lent else (5_000_00, 5_000_00))
        assert await available(office, BARAKA) == (3_000_00 if is_lent else 5_000_00)
        await proved(office)

    async def test_held_money_pays_only_this_loan(self, each_office: Office) -> None:
        """Two askers, one wallet: the second yes finds it too low."""
        office = each_office
        first = await asked(office, cents=3_000_00)
        await says_yes(office)
        second = await asked(office, cents=3_000_00)
        await says_yes(office)

        await office.drained()

        states = {(await office.operation(each)).state for each in (first, second)}
        assert states == {"done", "rejected"}
        assert await wallets(office) == (2_000_00, 8_000_00)
        await proved(office)


class TestRepaying:
    @pytest.mark.parametrize("way", ["wallet", "prompt", "paybill", "friend", "auto"])
    async def test_the_lender_gets_what_is_repaid_whichever_way(self, office: Office, way: str) -> None:
        """Nothing is kept back, and one message says so."""
        named = await lent(office)

        await self._repaid(office, named, way)
        await office.settled()

        paid = PRINCIPAL + ADDED - await office.owed(named)
        assert paid == (500_00 if way != "auto" else 250_00)
        by_friend = paid if way == "friend" else 0  # Baraka himself pays for Amina
        assert (await wallets(office))[0] == 3_000_00 + paid - by_friend
        principal, added, due = await claims(office, named)
        assert principal + added == due == PRINCIPAL + ADDED - paid
        assert (await office.templates(BARAKA)).count("peer.repaid") == 1
        await proved(office)

    async def test_repaid_in_full_nothing_is_left_of_it(self, office: Office) -> None:
        """And the lender has gained what was added."""
        named = await lent(office)

        await office.from_wallet(named, PRINCIPAL + ADDED)
        await office.settled()

        assert await wallets(office) == (5_100_00, 4_900_00)
        assert await claims(office, named) == (0, 0, 0)
        assert await office.loan_state(named) == "closed"
        assert (await office.templates(BARAKA))[-1] == "peer.cleared"
        await proved(office)

    async def test_too_much_is_the_borrowers_own(self, office: Office) -> None:
        """The lender gets what was agreed and no more."""
        named = await lent(office)

        await office.prompt(named, 2_300_00)
        await office.settled()

        assert await wallets(office) == (5_100_00, 7_200_00)
        await proved(office)

    async def _repaid(self, office: Office, named: str, way: str) -> None:
        if way == "wallet":
            await office.from_wallet(named, 500_00)
        elif way == "prompt":
            await office.prompt(named, 500_00)
        elif way == "friend":
            await office.put("repay.for_wallet", {"person": AMINA, "amount_cents": 500_00}, BARAKA, "PY")
        elif way == "paybill":
            await office.receive(office.rail.pay_paybill(AMINA, 500_00, named))
        else:
            await self._credited(office)

    async def _credited(self, office: Office) -> None:
        """Money has come in for somebody who agreed to repay half of it."""
        async with office.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.id == AMINA).values(auto_repay_percent=50))
        async with office.store.begin() as connection:
            work = work_of((await office.operations(KIND))[0])
            auto = AutoRepay(office.shop.books, office.shop.portfolio)
            await auto.share(connection, work, AMINA, 500_00, office.clock())


class TestBooking:
    @given(PARTS)
    def test_what_a_repayment_lowers_the_lender_gets(self, parts: Parts) -> None:
        """Whatever the parts are: the credits come to what was paid, and all but fees is the lender's."""
        record = LoanRecord("L", "RQ5M3TZ", "amina", PRODUCT, {}, {}, 1, "active", "baraka")

        lines = repaid_lines(record, parts)

        assert sum(line.amount_cents for line in lines) == -parts.total
        gets = -sum(line.amount_cents for line in lines if line.account_key == chart.wallet("baraka"))
        assert gets == lenders_cents(parts) == parts.principal + parts.interest + parts.penalty
        owed = {line.account_key: line.amount_cents for line in lines}
        claims = [owed.get(key("L"), 0) for key in (chart.peer_principal, chart.peer_interest, chart.peer_due)]
        assert sum(claims) == 0

    @given(PARTS)
    def test_a_loan_of_the_house_touches_nobodys_wallet(self, parts: Parts) -> None:
        """As ever."""
        lines = repaid_lines(LoanRecord("L", "LN7K2QD", "amina", "quick", {}, {}, 1, "active"), parts)

        assert sum(line.amount_cents for line in lines) == -parts.total
        assert not any(line.account_key.startswith(("wallet", "peer")) for line in lines)
