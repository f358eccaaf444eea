"""A forgotten PIN: only who has the line, the ID number and what was last done with the PIN chooses another."""

import re

from sqlalchemy import select, update

from gateway.clock import local_date, system
from gateway.demo import PEOPLE
from gateway.store import customers
from gateway.store.tables import cases
from gateway.store.tables import customers as people
from tests.gateway.playbooks.street import AMINA, BARAKA, BARAKA_PIN, PIN, topics
from tests.house import House, Houses
from tests.meddling import typed
from tests.servers import wait_until

ID, NEW_PIN = "23456789", "8374"
FORGOT = ("9", "3")
CALLED = "We call you from 0711000009 by "


async def moved(house: House, shillings: int = 200) -> None:
    """Amina moves savings with her PIN; that is the last that was done with it."""
    screen = await typed(house, "7", PIN, "3", str(shillings), PIN, session="moved")
    assert screen.startswith("END Request SV"), screen
    await house.settled()


async def code_of(house: House) -> str:
    """The digits of the code that came to her line."""
    found: list[str] = []

    async def has_come() -> bool:
        texts = [message.text for message in await house.outside.messages(AMINA)]
        found[:] = [match[1] for text in texts if (match := re.match(r"(\d{6}) lets", text))]
        return bool(found)

    await wait_until(has_come)
    return found[-1]


async def asked(house: House, *, session: str = "asked", national_id: str = ID, shillings: int = 200) -> str:
    return await typed(house, *FORGOT, national_id, str(shillings), session=session)


async def recovered(house: House) -> str:
    """All of it, in one session; the code."""
    await moved(house)
    await asked(house)
    code = await code_of(house)
    screen = await typed(house, *FORGOT, code, NEW_PIN, NEW_PIN, session="chosen")
    assert screen.startswith("END Your new Nyota PIN is set."), screen
    await house.settled()
    return code


class TestProving:
    async def test_nothing_says_which_answer_was_wrong(self, house: House) -> None:
        """Each wrong pair is a case, in the same words, and sends no code."""
        await moved(house)

        screens = [
            await asked(house, session="one", national_id="11111111"),
            await asked(house, session="two", shillings=300),
            await asked(house, session="three", national_id="11111111", shillings=300),
        ]
        await house.settled()

        assert {re.sub(r"CS\w+", "CS", screen) for screen in screens} == {re.sub(r"CS\w+", "CS", screens[0])}
        assert CALLED in screens[0]
        assert await topics(house) == ["forgotten PIN"] * 3
        assert await house.operations("pin.code") == []

    async def test_three_times_a_day_and_no_more(self, one_house: Houses) -> None:
        """Then a person answers, whatever is known."""
        house = await one_house.build(accounts={"forgot_tries_a_day": 1})
        await moved(house)
        await asked(house, shillings=300)

        screen = await typed(house, *FORGOT, session="two")

        assert "Forgot PIN. Your national ID number? We then call you" in screen

    async def test_switched_off_it_is_a_case_at_once(self, one_house: Houses) -> None:
        """As an organisation may wish."""
        house = await one_house.build(works=False, accounts={"forgot_tries_a_day": 0})

        assert CALLED in await typed(house, *FORGOT, ID)

    async def test_money_that_others_sent_proves_nothing(self, house: House) -> None:
        """Whoever has the phone could have sent it."""
        await moved(house)
        screen = await typed(house, "6", "3", "0711000001", "500", BARAKA_PIN, session="gift", phone=BARAKA)
        assert screen.startswith("END "), screen
        await house.settled()

        assert CALLED in await asked(house, shillings=500)
        assert "6-digit code" in await asked(house, session="own")

    async def test_staff_do_not_recover_theirs_by_phone(self, house: House) -> None:
        """Too much hangs on it."""
        await moved(house)
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(people).where(people.c.msisdn == AMINA).values(role="officer"))

        assert "We then call you" in await typed(house, *FORGOT)


class TestChoosing:
    async def test_the_new_pin_counts_the_old_one_does_not_and_no_money_leaves(self, house: House) -> None:
        """A lock is open again."""
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[0].id, pin_failures=2)

        await recovered(house)

        async with house.gateway.store.read() as connection:
            amina = await customers.get(connection, PEOPLE[0].id)
        assert amina.pin_failures == 0
        assert amina.outgoing_from > system() + 71 * 3_600_000
        assert "Wrong" in await typed(house, "1", PIN, session="old")
        assert "Wallet Ksh 5,200" in await typed(house, "1", NEW_PIN, session="new")
        assert [text for text in await house.texts(AMINA) if "Your Nyota PIN is new." in text]

    async def test_a_lock_for_good_is_open_again(self, house: House) -> None:
        """Whoever is locked out is whom this is for."""
        await moved(house)
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[0].id, pin_locked_until=1 << 53, pin_locks=2)
        assert "Forgot it? *383# then 9, 3, or call" in await typed(house, "1", PIN, session="locked")

        await asked(house)
        await typed(house, *FORGOT, await code_of(house), NEW_PIN, NEW_PIN, session="chosen")

        assert "Wallet Ksh 5,200" in await typed(house, "1", NEW_PIN, session="new")

    async def test_a_code_is_good_once(self, house: House) -> None:
        """And in no table."""
        code = await recovered(house)

        assert "Your national ID number?" in await typed(house, *FORGOT, session="again")
        assert all(code not in text for text in await house.texts(AMINA))
        assert all(code not in str(row.intent) + str(row.data) for row in await house.operations("sms.send"))


class TestANewSim:
    async def test_no_code_goes_to_a_line_that_has_just_got_another_sim(self, one_house: Houses) -> None:
        """A person answers, and the line is told so."""
        identity = {"source": "standin", "sim_changes": {AMINA: local_date(system())}}
        house = await one_house.build(wallet={"identity": identity})
        await moved(house)

        await asked(house)
        await house.settled()

        [row] = await house.operations("pin.code")
        async with house.gateway.store.read() as connection:
            [case] = list(await connection.execute(select(cases)))
        [told] = [text for text in await house.texts(AMINA) if "cannot give you a new Nyota PIN" in text]
        assert row.state == "rejected"
        assert (case.topic, case.evidence) == ("forgotten PIN", {"refused": "sim"})
        assert told.startswith(f"{case.reference}: ")
