"""Sending through the whole house: to members, to phones without an account, and what comes back."""

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.books import accounts as chart
from gateway.books.integrity import check
from gateway.clock import local_date, system
from gateway.demo import PEOPLE
from gateway.store import customers
from gateway.store.tables import operations
from gateway.wallet import usage
from gateway.wallet.tables import transfers
from tests.gateway.playbooks.street import AMINA, BARAKA, PIN, dialled
from tests.house import House, Houses
from tests.servers import wait_until

AMINAS, BARAKAS = (chart.wallet(person.id) for person in PEOPLE[:2])
STRANGER = "+254711000003"
OPEN: dict[str, Any] = {"wallet": {"send_to_strangers": True}}
JOIN = ("1", "1", "1", "34567890", "Neema Achieng", "1", "7786", "7786")


async def sent(house: House, shillings: int = 500, to: str = "0711000002") -> str:
    screen = await dialled(house, "6", "3", to, str(shillings), PIN)
    found = re.search(r"Request (SN\w+) received", screen)
    assert found, screen
    return found[1]


async def sent_to_stranger(house: House, shillings: int = 500) -> str:
    screen = await dialled(house, "6", "3", "0711000003", "1", str(shillings), PIN)
    found = re.search(r"Request (SN\w+) received", screen)
    assert found, screen
    reference = found[1]

    async def is_kept() -> bool:
        return bool((await house.operation(reference)).state == "done")

    await wait_until(is_kept)
    return reference


async def state_of(house: House, reference: str) -> str:
    async with house.gateway.store.read() as connection:
        return str(await connection.scalar(select(transfers.c.state).where(transfers.c.reference == reference)))


async def time_is_over(house: House) -> None:
    """The days in which it could be claimed have passed."""
    async with house.gateway.store.begin() as connection:
        await connection.execute(update(transfers).values(expires_at=system() - 1))
        await connection.execute(update(operations).where(operations.c.kind == "wallet.return").values(due_at=0))


async def proven(house: House) -> None:
    async with house.gateway.store.read() as connection:
        assert await check(connection) == []


class TestToAMember:
    async def test_both_sides_move_in_one_unit_of_work_and_both_are_told(self, houses: Houses) -> None:
        """Each in their own language, with their own balance."""
        house = await houses.build()

        reference = await sent(house)
        await house.settled()

        [mine], [theirs] = await house.texts(AMINA), await house.texts(BARAKA)
        assert (await house.balance(AMINAS), await house.balance(BARAKAS)) == (4_500_00, 12_500_00)
        assert mine.startswith(f"{reference} Confirmed. Ksh 500 sent to BARAKA O. 0711000002, ")
        assert mine.endswith("Fee Ksh 0. Wallet Ksh 4,500")
        assert theirs.startswith(f"{reference} Imethibitishwa. Umepokea Ksh 500 kutoka kwa AMINA W. 0711000001, ")
        assert theirs.endswith("Pochi Ksh 12,500")
        await proven(house)

    async def test_the_receivers_agreed_share_goes_on_to_the_loan(self, house: House) -> None:
        """One message says both, to the receiver."""
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[0].id, auto_repay_percent=10)
        screen = await dialled(house, "6", "3", "0711000001", "1000", "7391", phone=BARAKA)
        assert "limepokelewa" in screen
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "Ksh 1,000 received from BARAKA O." in text
        assert "Auto-repay Ksh 100 to LN7K2QD, you owe 2,060. Wallet 5,900" in text
        await proven(house)

    @pytest.mark.parametrize(("state", "said"), [("closed", "That wallet is closed."), ("inactive", "locked for now")])
    async def test_a_wallet_that_is_not_open_is_refused_by_its_reason(
        self, house: House, state: str, said: str
    ) -> None:
        """Before any amount is asked."""
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[1].id, state=state)

        assert said in await dialled(house, "6", "3", "0711000002")

    async def test_ten_numbers_a_day_and_no_more(self, one_house: Houses) -> None:
        """Counted in the database, whatever became of each."""
        house = await one_house.build(numbers={"lookups_a_day": 2})
        line = house.line(AMINA)
        await line.dial("*383*6*3#")
        for answer in ("0711000002", "0", "0711000003"):
            await line.send(answer)
        await line.send("1")

        assert line.screen.startswith("You have looked up as many numbers as a day allows.")
        assert (await dialled(house, "6", "3")).startswith("You have looked up as many numbers")

    async def test_a_session_never_holds_the_number(self, house: House) -> None:
        """It holds the look-up's reference."""
        line = house.line(AMINA)
        await line.dial("*383*6*3#")
        await line.send("0711000002")
        status, answer = await house.ops("GET", "/api/ussd/sessions")

        assert line.screen.startswith("0711000002 is BARAKA O. If that is right, how much?")
        assert status == 200
        assert "711000002" not in str(answer)

    async def test_a_receiver_who_may_hold_no_more_gets_nothing(self, one_house: Houses) -> None:
        """Neither side changes, and the sender knows."""
        tiers = {2: {"deposit": 1, "withdraw": 1, "send": 9_000, "in_a_day": 1, "out_a_day": 9_000, "most": 12_100}}
        house = await one_house.build(wallet={"tiers": tiers})

        await sent(house)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "that wallet cannot take so much now. Nothing was taken" in text
        assert (await house.balance(AMINAS), await house.balance(BARAKAS)) == (5_000_00, 12_000_00)

    async def test_the_limit_of_the_day_is_said_on_the_screen(self, one_house: Houses) -> None:
        """The most that is left, not the most there ever is."""
        tiers = {2: {"deposit": 1, "withdraw": 900, "send": 900, "in_a_day": 1, "out_a_day": 1_000, "most": 90_000}}
        house = await one_house.build(wallet={"tiers": tiers})
        await sent(house, 800)
        await house.settled()

        screen = await dialled(house, "6", "3", "0711000002", "300")

        assert screen.startswith("Up to Ksh 200 more today.")


class TestToAStranger:
    async def test_nothing_is_sent_where_it_is_not_allowed(self, house: House) -> None:
        """The default."""
        screen = await dialled(house, "6", "3", "0711000003")

        assert screen.startswith("0711000003 has no Nyota account, so nothing can be sent there.")

    async def test_whoever_joins_on_that_line_gets_it_with_joining(self, houses: Houses) -> None:
        """In the same unit of work; both are told."""
        house = await houses.build(**OPEN)
        reference = await sent_to_stranger(house)
        assert (await house.balance(AMINAS), await house.balance(chart.UNCLAIMED)) == (4_500_00, 500_00)

        await dialled(house, *JOIN, phone=STRANGER)
        await house.settled()

        async with house.gateway.store.read() as connection:
            joined = await customers.on_line(connection, STRANGER)
        assert joined is not None
        claim, *welcome = await house.texts(STRANGER)
        assert claim.startswith("AMINA W. 0711000001 sent you Ksh 500 on Nyota. To take it join free: *383#")
        assert any("You received Ksh 500 from AMINA W." in text for text in welcome)
        assert "NEEMA A. 0711000003 has joined and got your Ksh 500" in (await house.texts(AMINA))[-1]
        assert await house.balance(chart.wallet(joined.id)) == 500_00
        assert await house.balance(chart.UNCLAIMED) == 0
        assert await state_of(house, reference) == "claimed"
        await proven(house)

    async def test_the_sender_takes_it_back_while_nobody_has_claimed_it(self, one_house: Houses) -> None:
        """Offered only while there is something to take back."""
        house = await one_house.build(**OPEN)
        assert "Take back" not in await dialled(house, "6")
        reference = await sent_to_stranger(house)
        assert "5 Take back" in await dialled(house, "6")

        screen = await dialled(house, "6", "5", "1", PIN)
        await wait_until(lambda: _is(house, reference, "taken_back"))

        assert screen.startswith(f"{reference}: Ksh 500 comes back to your wallet")
        await wait_until(lambda: _told(house, AMINA, f"{reference}: Ksh 500 for 0711000003 is back"))
        assert (await house.balance(AMINAS), await house.balance(chart.UNCLAIMED)) == (5_000_00, 0)
        await proven(house)
        async with house.gateway.store.read() as connection:
            assert await usage.used_cents(connection, PEOPLE[0].id, "out", 0) == 0, "the day's limit is as before"

    async def test_unclaimed_money_comes_back_once(self, houses: Houses) -> None:
        """After its days, whoever else asks for it in that moment."""
        house = await houses.build(**OPEN)
        reference = await sent_to_stranger(house)

        await time_is_over(house)
        house.gateway.outbox.news.set()
        await wait_until(lambda: _is(house, reference, "returned"))
        await house.settled()
        await dialled(house, *JOIN, phone=STRANGER)
        await house.settled()

        assert (await house.balance(AMINAS), await house.balance(chart.UNCLAIMED)) == (5_000_00, 0)
        assert (await house.texts(AMINA))[-1].startswith(f"{reference}: 0711000003 did not take Ksh 500.")
        await proven(house)

    async def test_somebody_who_joined_in_that_very_moment_gets_it_too(self, one_house: Houses) -> None:
        """The return looks for them first."""
        house = await one_house.build(**OPEN)
        reference = await sent_to_stranger(house)
        async with house.gateway.store.begin() as connection:
            await customers.added(
                connection, "late", msisdn=STRANGER, name="Neema Achieng", language="en", state="active", created_at=1
            )

        await time_is_over(house)
        house.gateway.outbox.news.set()
        await wait_until(lambda: _is(house, reference, "claimed"))

        assert await house.balance(chart.wallet("late")) == 500_00
        await proven(house)


class TestTheLine:
    async def test_a_sim_that_was_just_changed_closes_outgoing_money(self, one_house: Houses) -> None:
        """Found out before anything leaves, said, and from then on shown."""
        today = house_day()
        identity = {"source": "standin", "sim_changes": {AMINA: today}}
        house = await one_house.build(wallet={"identity": identity})

        await sent(house)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "For your safety money leaves again from" in text
        assert await house.balance(AMINAS) == 5_000_00
        assert (await dialled(house, "6", "2")).startswith("For your safety this opens on ")

    async def test_an_unchanged_line_sends(self, one_house: Houses) -> None:
        """The question costs nothing."""
        house = await one_house.build(wallet={"identity": {"source": "standin"}})

        await sent(house)
        await house.settled()

        assert await house.balance(AMINAS) == 4_500_00

    @pytest.mark.parametrize(("name", "tier"), [("ACHIENG Neema", 2), ("Somebody Else", 1)])
    async def test_whoever_the_registry_confirms_is_of_a_higher_tier(
        self, one_house: Houses, name: str, tier: int
    ) -> None:
        """Looked up once, after joining."""
        house = await one_house.build(wallet={"identity": {"source": "standin", "people": {"34567890": name}}})

        await dialled(house, *JOIN, phone=STRANGER)
        await house.settled()

        async with house.gateway.store.read() as connection:
            joined = await customers.on_line(connection, STRANGER)
        assert joined is not None
        assert joined.tier == tier


def house_day() -> str:
    return local_date(system()).isoformat()


async def _is(house: House, reference: str, state: str) -> bool:
    return await state_of(house, reference) == state


async def _told(house: House, phone: str, begins: str) -> Any:
    return any(text.startswith(begins) for text in await house.texts(phone))
