"""Between a pay-out and the rail: what looks sent before, what a day has no room for, what there is no float for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.books import accounts as chart
from gateway.clock import local_date
from gateway.config import Float as FloatSettings
from gateway.config import Payouts as Settings
from gateway.config import Wallet
from gateway.errors import Rejected
from gateway.operations.playbook import Playbook
from gateway.payouts import floats, passed
from gateway.payouts.standing import Paying
from gateway.playbooks.guard import Guard
from gateway.playbooks.safety import Safety
from gateway.playbooks.telling import Teller
from gateway.playbooks.withdraw import Withdrawals, wanted
from gateway.rails.contract import Result
from gateway.rails.organisation import Account, Balances
from gateway.rails.steps import Addresses, DisburseStep
from gateway.store.tables import cases, operations
from gateway.wallet.limits import Limits
from tests.gateway.rails_flow.office import AMINA, PATIENCE, Office

SHORTCODE, UTILITY = "600998", "Utility Account"
CENTS = 500_00
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


class Counter:
    """An office that pays out of wallets behind a guard, and the hands of the people at its desk."""

    def __init__(self, office: Office, settings: Settings, floats: FloatSettings) -> None:
        self.office = office
        shop = office.shop
        self.guard = Guard(settings, Paying(SHORTCODE, floats), Teller(shop.outbox))
        withdrawals = Withdrawals(shop.books, Teller(shop.outbox), Limits(Wallet(), shop.books), Safety())
        step = DisburseStep(
            office.rail, office.store, office.clock, PATIENCE, Addresses("http://nyota", "token"),
            wanted(office.rail.name), withdrawals.slow,
        )  # fmt: skip
        shop.playbooks["wallet.withdraw"] = withdrawals.playbook(step)
        for kind, playbook in shop.playbooks.items():
            shop.playbooks[kind] = self.guard.around(playbook)

    async def withdraw(self, cents: int = CENTS, *, own: bool = True, **intent: Any) -> str:
        """Ask for money: on the customer's own phone, or by anybody else."""
        office = self.office
        named = await office.put("wallet.withdraw", {"amount_cents": cents, "fee_cents": 0, **intent}, AMINA, "WD")
        if own:
            async with office.store.begin() as connection:
                await connection.execute(
                    update(operations).where(operations.c.reference == named).values(session_id="theirs")
                )
        return named

    async def paid(self, cents: int = CENTS, **how: Any) -> str:
        """The same, paid out."""
        named = await self.withdraw(cents, **how)
        await self.work()
        assert (await self.office.operation(named)).state == "done"
        return named

    async def work(self) -> None:
        """What is due now, and what the rail has to say to it."""
        await self.office.drained()
        await self.office.told()
        await self.office.drained()

    async def say(self, named: str, by: str, state: str = "approved") -> str:
        """A word of somebody at the desk."""
        office = self.office
        row = await office.operation(named)
        async with office.store.begin() as connection:
            deed = Deed(by, by, "looked at it", row.id, office.clock())
            return await self.guard.decided(connection, deed, row.id, state)

    async def holds(self, named: str) -> bool:
        row = await self.office.operation(named)
        return (row.state, row.step) == ("queued", "guard")

    async def open_questions(self, named: str) -> list[str]:
        """What the desk is asked about it now."""
        row = await self.office.operation(named)
        async with self.office.store.read() as connection:
            rows = await decisions.of_operation(connection, row.id)
        return [row.detail["reason"] for row in rows if row.state == "open"]

    async def cases(self) -> list[Any]:
        async with self.office.store.read() as connection:
            return list(await connection.execute(select(cases)))

    async def has_float(self, cents: int) -> None:
        """The rail has just told what the shortcode holds."""
        office, balances = self.office, Balances((Account(UTILITY, cents, cents, 0, 0),), "AG", None)
        async with office.store.begin() as connection:
            question = await floats.put_question(connection, SHORTCODE, office.clock())
            await floats.kept(connection, question, balances, {}, office.clock())

    async def paid_today(self) -> Mapping[str, int]:
        async with self.office.store.read() as connection:
            return await passed.paid_on(connection, local_date(self.office.clock()))


@pytest.fixture
def counter(office: Office) -> Counter:
    return Counter(office, Settings(), FloatSettings(least=1_000))


class TestSentBefore:
    async def test_the_same_amount_again_waits_and_the_customer_is_told_once(self, counter: Counter) -> None:
        """The money stays set aside, and nothing has gone to the rail."""
        office = counter.office
        await counter.paid()
        office.clock.turn(10 * MINUTE_MS)

        again = await counter.withdraw()
        await counter.work()
        office.clock.turn(HOUR_MS - 1)
        await counter.work()

        assert await counter.holds(again)
        assert office.rail.calls.count("disburse") == 1
        assert await office.templates() == ["wallet.withdrawn", "payout.held"]
        await office.prove()

    async def test_a_yes_on_the_own_phone_settles_it(self, counter: Counter) -> None:
        """They were shown the earlier one and mean it."""
        first = await counter.paid()

        again = await counter.withdraw(again=first)
        await counter.work()

        assert (await counter.office.operation(again)).state == "done"
        assert counter.office.rail.cents("b2c") == 2 * CENTS

    async def test_a_yes_covers_what_was_shown_and_nothing_that_came_since(self, counter: Counter) -> None:
        """A third of which the second's screen knew nothing is asked about."""
        first = await counter.paid()
        counter.office.clock.turn(1)
        await counter.paid(again=first)

        third = await counter.withdraw(again=first)
        await counter.work()

        assert await counter.holds(third)

    @pytest.mark.parametrize(("cents", "minutes"), [(CENTS + 100, 1), (CENTS, 60)])
    async def test_another_amount_or_another_hour_is_another_pay_out(
        self, counter: Counter, cents: int, minutes: int
    ) -> None:
        """For what customers ask for themselves."""
        await counter.paid()
        counter.office.clock.turn(minutes * MINUTE_MS)

        await counter.paid(cents)

        assert counter.office.rail.calls.count("disburse") == 2

    async def test_a_loan_of_the_same_amount_is_not_the_same(self, counter: Counter) -> None:
        """What people ask for themselves is compared with what is of its kind."""
        office = counter.office
        loan = await office.borrow()
        await office.settled()
        net_cents = (await office.request(loan)).amount_cents

        await counter.paid(net_cents)

        assert office.rail.cents("b2c") == 2 * net_cents

    async def test_it_is_a_case_with_evidence_and_a_deadline(self, counter: Counter) -> None:
        """One, however often it is looked at; the customer's SMS names the same moment."""
        first = await counter.paid()
        since = counter.office.clock()
        again = await counter.withdraw()
        await counter.work()
        counter.office.clock.turn(HOUR_MS)
        await counter.work()

        [case] = await counter.cases()
        evidence = {"operation": again, "kind": "wallet.withdraw", "amount": "500.00"}
        assert case.evidence == {**evidence, "reason": "again", "about": first, "people": 2}
        assert (case.topic, case.customer_id, case.answer_by) == ("payout held", AMINA, since + 24 * HOUR_MS)
        assert (await counter.office.templates()).count("payout.held") == 1

    async def test_two_people_let_it_go(self, counter: Counter) -> None:
        """One is not enough, and not the same one twice; both are on record."""
        await counter.paid()
        again = await counter.withdraw()
        await counter.work()

        assert await counter.say(again, "jane") == "second"
        await counter.work()
        assert await counter.holds(again)
        assert [case.state for case in await counter.cases()] == ["open"]
        with pytest.raises(Rejected, match="second person"):
            await counter.say(again, "jane")
        assert await counter.say(again, "omar") == "released"
        await counter.work()

        assert [case.state for case in await counter.cases()] == ["resolved"]
        assert (await counter.office.operation(again)).state == "done"
        await counter.office.prove()

    async def test_a_no_gives_the_money_back(self, counter: Counter) -> None:
        """With fee and word; nobody is compared with it afterwards."""
        office = counter.office
        await counter.paid()
        again = await counter.withdraw()
        await counter.work()

        assert await counter.say(again, "jane", "declined") == "declined"
        assert [case.state for case in await counter.cases()] == ["resolved"]
        await counter.work()

        assert (await office.operation(again)).state == "rejected"
        assert (await office.templates())[-1] == "wallet.held"
        assert await office.balance(chart.wallet(AMINA)) == 4_500_00
        with pytest.raises(Rejected, match="nothing holds it"):
            await counter.say(again, "omar")

    async def test_nobody_answers_and_it_is_given_up(self, counter: Counter) -> None:
        """After a day; the customer is told."""
        await counter.paid()
        again = await counter.withdraw()

        await counter.office.settled()

        assert (await counter.office.operation(again)).state == "rejected"
        assert (await counter.office.templates())[-1] == "wallet.held"
        assert [case.state for case in await counter.cases()] == ["resolved"]

    async def test_it_may_be_refused_at_once(self, office: Office) -> None:
        """Where nobody is there to decide."""
        counter = Counter(office, Settings(again="refuse"), FloatSettings())
        await counter.paid()

        again = await counter.withdraw()
        await counter.work()

        assert (await office.operation(again)).state == "rejected"

    async def test_what_the_rail_refused_was_not_sent_before(self, counter: Counter) -> None:
        """The same amount again is no second one."""
        office = counter.office
        office.rail.code, office.rail.words = "2040", "unpaid"
        await counter.withdraw()
        await counter.work()
        office.rail.code = ""

        await counter.paid()

        assert await counter.paid_today() == {"wallet.withdraw": CENTS}

    async def test_what_the_rail_paid_after_it_refused_was(self, counter: Counter) -> None:
        """It counts from then on."""
        office = counter.office
        withdrawal = await counter.withdraw()
        await office.drained()
        [news] = office.rail.outbox
        office.rail.outbox.clear()
        request = await office.request(withdrawal)
        refused = Result("refused", "1", "refused", "float", our_id=request.id)
        await office.receive(office.rail.callback("b2c/result", request.token, refused))
        await office.drained()
        assert await office.receive(news) == "late"
        await office.drained()

        again = await counter.withdraw()
        await counter.work()

        assert await counter.holds(again)


class TestAskedForByOthers:
    """Staff, the core, a program: their word is not the customer's."""

    @pytest.mark.parametrize(("hours", "people"), [(0.5, ["jane", "omar"]), (20, ["jane"])])
    async def test_it_is_looked_at_for_a_day(self, counter: Counter, hours: float, people: list[str]) -> None:
        """By two people within the hour, by one within the day."""
        await counter.paid()
        counter.office.clock.turn(int(hours * HOUR_MS))

        again = await counter.withdraw(own=False, again="WD99999")
        await counter.work()
        assert await counter.holds(again)
        said = [await counter.say(again, by) for by in people]
        await counter.work()

        assert said[-1] == "released"
        assert (await counter.office.operation(again)).state == "done"

    async def test_a_loan_of_the_same_amount_speaks_against_it(self, counter: Counter) -> None:
        """Whatever it was for."""
        loan = await counter.office.borrow()
        await counter.office.settled()

        other = await counter.withdraw((await counter.office.request(loan)).amount_cents, own=False)
        await counter.work()

        assert await counter.holds(other)

    async def test_whoever_asked_for_it_does_not_let_it_go(self, counter: Counter) -> None:
        """Two others have to."""
        await counter.paid()
        again = await counter.withdraw(own=False, by="jane")
        await counter.work()

        with pytest.raises(Rejected, match="second person"):
            await counter.say(again, "jane")


class TestADay:
    async def test_what_is_over_the_limit_of_a_day_goes_out_on_the_next(self, office: Office) -> None:
        """By itself; the customer is told once that it is delayed."""
        counter = Counter(office, Settings(a_day={"wallet.withdraw": 800}), FloatSettings())
        await counter.paid()
        over = await counter.withdraw(400_00)
        await counter.work()
        assert await counter.holds(over)
        today = local_date(office.clock())

        await office.settled()

        request = await office.request(over)
        assert await counter.cases() == []
        assert (await office.operation(over)).state == "done"
        assert local_date(request.created_at) == today + timedelta(days=1)
        assert await office.templates() == ["wallet.withdrawn", "payout.delayed", "wallet.withdrawn"]

    async def test_a_product_has_a_limit_of_its_own(self, office: Office) -> None:
        """Named by kind and product; other kinds go on."""
        counter = Counter(office, Settings(a_day={"loan.disburse:quick": 3_000}), FloatSettings())
        await office.lent(2_000_00)

        second = await office.borrow(1_500_00)
        await counter.work()

        assert await counter.holds(second)
        await counter.paid()

    async def test_two_people_may_let_it_go_today(self, office: Office) -> None:
        """With the same record as any other."""
        counter = Counter(office, Settings(a_day={"wallet.withdraw": 100}), FloatSettings())
        over = await counter.withdraw()
        await counter.work()

        assert [await counter.say(over, by) for by in ("jane", "omar")] == ["second", "released"]
        await counter.work()

        assert (await office.operation(over)).state == "done"


class TestOneAfterAnother:
    async def test_people_decide_about_what_holds_it_now(self, office: Office) -> None:
        """Held for the day and then for float: a yes to the one is none to the other."""
        days = FloatSettings(stale_minutes=10_000)
        counter = Counter(office, Settings(a_day={"wallet.withdraw": 800}), days)
        await counter.paid()
        over = await counter.withdraw(400_00)
        await counter.work()
        assert await counter.say(over, "jane") == "second"
        await counter.has_float(0)
        office.clock.turn(24 * HOUR_MS)
        await counter.work()

        assert await counter.open_questions(over) == ["float"]
        assert [await counter.say(over, by) for by in ("jane", "omar")] == ["second", "released"]
        await counter.work()

        assert (await office.operation(over)).state == "done"
        assert await counter.open_questions(over) == []


class TestFloat:
    async def test_a_pay_out_waits_for_float_and_goes_out_when_it_is_back(self, counter: Counter) -> None:
        """Never sent, so never uncertain; the customer is told once."""
        office = counter.office
        await counter.has_float(1_400_00)
        withdrawal = await counter.withdraw()
        for _ in range(5):
            await counter.work()
            office.clock.turn(MINUTE_MS)
        assert await counter.holds(withdrawal)
        assert office.rail.calls == []

        await counter.has_float(10_000_00)
        await counter.work()

        assert (await office.operation(withdrawal)).state == "done"
        assert await office.templates() == ["payout.delayed", "wallet.withdrawn"]
        await office.prove()

    async def test_what_is_in_flight_is_gone_already(self, counter: Counter) -> None:
        """Two that fit each, and not both: the second waits, until the rail refuses the first."""
        office = counter.office
        await counter.has_float(2_000_00)
        office.rail.tells, office.rail.knows = 0, False
        first = await counter.withdraw(600_00)
        await office.drained()
        second = await office.put("loan.disburse", (await self._loan(office)), AMINA, "LN")
        await office.drained()
        assert await counter.holds(second)

        request = await office.request(first)
        refused = Result("refused", "2040", "unpaid", "not registered", our_id=request.id)
        await office.receive(office.rail.callback("b2c/result", request.token, refused))
        await office.drained()
        office.clock.turn(MINUTE_MS)
        await office.drained()

        assert (await office.operation(second)).step == "disburse"

    async def test_what_was_paid_since_the_balance_was_asked_for_is_gone_too(self, counter: Counter) -> None:
        """A balance is never newer than its question."""
        await counter.has_float(2_000_00)
        counter.office.clock.turn(1)
        await counter.paid(600_00)

        second = await counter.withdraw(700_00)
        await counter.work()

        assert await counter.holds(second)

    @pytest.mark.parametrize("minutes", [None, 61])
    async def test_a_balance_that_is_unknown_or_old_holds_up_nothing(
        self, counter: Counter, minutes: int | None
    ) -> None:
        """The rail itself refuses what it has no money for, and nothing has moved then."""
        if minutes is not None:
            await counter.has_float(0)
            counter.office.clock.turn(minutes * MINUTE_MS)

        await counter.paid()

    async def test_two_people_may_go_below_the_least(self, counter: Counter) -> None:
        """They know of money that the rail has not told us of yet."""
        await counter.has_float(1_400_00)
        withdrawal = await counter.withdraw()
        await counter.work()

        assert [await counter.say(withdrawal, by) for by in ("jane", "omar")] == ["second", "released"]
        await counter.work()

        assert (await counter.office.operation(withdrawal)).state == "done"

    async def _loan(self, office: Office) -> Mapping[str, Any]:
        """The intent of a loan of a thousand."""
        named = await office.borrow(1_000_00)
        row = await office.operation(named)
        async with office.store.begin() as connection:
            await connection.execute(update(operations).where(operations.c.id == row.id).values(is_open=False))
        return dict(row.intent)


class TestTogether:
    """Several that come at the same moment, on each engine."""

    async def test_of_two_that_are_alike_one_goes_out(self, each_office: Office) -> None:
        """Whichever is first; the other one waits for people."""
        counter = Counter(each_office, Settings(), FloatSettings(poll_minutes=0))
        loan = await each_office.borrow(1_000_00)
        other = await counter.withdraw(990_00, own=False)

        await counter.work()

        assert each_office.rail.cents("b2c") == 990_00
        assert [await counter.holds(named) for named in (loan, other)].count(True) == 1

    async def test_they_share_what_there_is(self, each_office: Office) -> None:
        """Never more goes out than leaves the least."""
        counter = Counter(each_office, Settings(again_hours=0, look_hours=0), FloatSettings(least=1_000))
        await counter.has_float(2_000_00)
        loan = await each_office.borrow(800_00)
        other = await counter.withdraw(700_00)

        await counter.work()

        assert each_office.rail.cents("b2c") in {792_00, 700_00}
        assert [await counter.holds(named) for named in (loan, other)].count(True) == 1


class TestAround:
    def test_a_playbook_that_pays_nothing_out_stays_as_it_is(self, counter: Counter) -> None:
        """Only what sends money has the step, right before it is sent."""
        playbooks: Mapping[str, Playbook] = counter.office.shop.playbooks

        steps = {kind: [step.name for step in playbook.steps] for kind, playbook in playbooks.items()}

        assert sorted(kind for kind, names in steps.items() if "guard" in names) == ["loan.disburse", "wallet.withdraw"]
        assert steps["wallet.withdraw"] == ["reserve", "guard", "disburse", "post"]
        assert counter.guard.around(playbooks["repay.stk"]) is playbooks["repay.stk"]
