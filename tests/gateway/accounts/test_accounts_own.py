"""What people do to their own account, over HTTP: e-mail with its code, statements, another line, offers, the end."""

import re

import pytest
from sqlalchemy import select, update

from gateway.accounts import consents, emails, lines
from gateway.accounts.tables import codes, past_lines
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.demo import PEOPLE
from gateway.store.tables import customers
from gateway.texting import stops
from tests.gateway.postoffice import PostOffice, opened
from tests.house import House, Houses
from tests.meddling import AMINA, BARAKA, typed
from tests.servers import wait_until

FREE = "+254711000066"
STATEMENT = ("8", "5", "4826")


async def mailed(house: House, office: PostOffice, count: int) -> str:
    """The last of so many letters, as read."""
    await wait_until(lambda: len(office.letters) >= count)
    body = next(part for part in office.letters[-1].walk() if part.get_content_type() == "text/plain")
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def code_in(letter: str) -> str:
    found = re.search(r"\b(\d{6})\b", letter)
    assert found
    return found[1]


async def texted(house: House, phone: str) -> str:
    """The code that came to a phone by SMS."""
    found: list[str] = []

    async def has_come() -> bool:
        found[:] = [message.text for message in await house.outside.messages(phone)]
        return bool(found)

    await wait_until(has_come)
    return code_in(found[-1])


async def verified(house: House, office: PostOffice) -> None:
    """Amina's address, typed, and proved with the code that went there."""
    await typed(house, *STATEMENT, "3", "amina@post.example", session="mail")
    code = code_in(await mailed(house, office, 1))
    screen = await typed(house, *STATEMENT, "4", code, session="code")
    assert screen.startswith("END Your e-mail address is confirmed."), screen


class TestEmail:
    async def test_it_is_used_once_its_owner_has_proved_it(self, houses: Houses) -> None:
        """Typed in one call, the code in another; then statements go there."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump())
            assert "2 By e-mail" not in await typed(house, *STATEMENT)
            await verified(house, office)
            assert "Statement to a***@post.example." in await typed(house, *STATEMENT, "2", session="one")
            assert "goes to a***@post.example now" in await typed(house, *STATEMENT, "2", "1", session="two")
            letter = await mailed(house, office, 2)

        assert "is attached" in letter
        assert "Now in your wallet Ksh 5,000, in savings Ksh 1,200." in letter
        assert office.letters[-1]["To"] == "amina@post.example"

    async def test_a_wrong_code_proves_nothing(self, houses: Houses) -> None:
        """Nothing but the code goes to that address."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump())
            await typed(house, *STATEMENT, "3", "amina@post.example")
            right = code_in(await mailed(house, office, 1))
            wrong = "111111" if right != "111111" else "222222"
            assert "Wrong code. 2 tries left." in await typed(house, *STATEMENT, "4", wrong, session="two")
            assert "2 By e-mail" not in await typed(house, *STATEMENT, session="three")

    async def test_another_address_begins_again(self, houses: Houses) -> None:
        """The code of the first does not prove the second."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump())
            await typed(house, *STATEMENT, "3", "amina@post.example")
            first = code_in(await mailed(house, office, 1))
            await typed(house, *STATEMENT, "3", "mallory@post.example", session="two")
            await mailed(house, office, 2)
            screen = await typed(house, *STATEMENT, "4", first, session="three")

        assert "Wrong code" in screen

    async def test_the_code_is_in_no_table(self, houses: Houses) -> None:
        """Neither in the queue nor in what was sent."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump())
            await typed(house, *STATEMENT, "3", "amina@post.example")
            code = code_in(await mailed(house, office, 1))
            rows = await house.operations("mail.send")

        assert [code in str(row.intent) for row in rows] == [False]

    async def test_without_a_server_there_is_no_e_mail(self, house: House) -> None:
        """As it comes: only the SMS."""
        screen = await typed(house, *STATEMENT)

        assert "1 By SMS" in screen
        assert "e-mail" not in screen

    def test_an_address_is_shown_in_part(self) -> None:
        """Phones are looked at by others."""
        assert emails.masked("amina@post.example") == "a***@post.example"
        assert len(emails.masked("a@" + "x" * 60 + ".example")) == emails.CHARACTERS_MAX


class TestAnotherLine:
    async def test_the_codes_are_in_no_table(self, house: House) -> None:
        """What was sent is kept without its digits, and what was queued too."""
        await typed(house, "8", "6", "0711000066", "1")
        code = await texted(house, FREE)

        assert all(code not in text for text in await house.texts(FREE))
        assert all(code not in str(row.intent) + str(row.data) for row in await house.operations("sms.send"))

    async def test_enough_codes_are_enough(self, houses: Houses) -> None:
        """Somebody else's phone is not to be pestered."""
        house = await houses.build(works=False, accounts={"codes_a_day": 1, "code_minutes": 1})
        await typed(house, "8", "6", "0711000066", "1")
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(codes).values(expires_at=1))
        screen = await typed(house, "8", "6", session="two")

        assert screen.startswith("END You have asked for codes often enough today.")

    async def test_the_line_before_is_remembered(self, house: House) -> None:
        """With the reason, for whoever asks later."""
        await _moved(house)
        async with house.gateway.store.read() as connection:
            (row,) = await lines.before(connection, AMINA)

        assert (row.customer_id, row.why) == (PEOPLE[0].id, "changed")


class TestOffers:
    async def test_a_yes_and_a_no_are_kept_with_their_wording(self, house: House) -> None:
        """The no does not unsay the yes; it follows it."""
        await typed(house, "8", "4", "1")
        assert "offers" in await _in_force(house)
        await typed(house, "8", "4", "1", session="two")

        assert await _in_force(house) == ["terms", "data"]


class TestClosing:
    async def test_an_empty_account_is_closed_and_its_line_is_free(self, house: House) -> None:
        """Joining again is possible at once, with the same identity number; the record stays."""
        jane = PEOPLE[2]
        await typed(house, "8", "7", jane.pin, phone=jane.msisdn)
        await wait_until(lambda: _is_closed(house))
        join = ("1", "1", "1", jane.national_id, "Jane Muthoni", "1", "7786", "7786")

        assert "END Welcome, Jane." in await typed(house, *join, phone=jane.msisdn, session="two")
        async with house.gateway.store.read() as connection:
            row = (await connection.execute(select(past_lines))).one()
            closed = (await connection.execute(select(customers).where(customers.c.id == jane.id))).one()
        assert (row.msisdn, row.national_id, row.why) == (jane.msisdn, jane.national_id, "closed")
        assert (closed.state, closed.pin_hash, closed.national_id) == ("closed", None, None)

    async def test_whoever_joins_on_the_free_line_has_not_said_stop(self, house: House) -> None:
        """Who had it before had."""
        jane = PEOPLE[2]
        async with house.gateway.store.begin() as connection:
            await stops.stopped(connection, jane.msisdn, stops.WORD, house.gateway.clock())
        await typed(house, "8", "7", jane.pin, phone=jane.msisdn)
        await wait_until(lambda: _is_closed(house))

        await typed(
            house, "1", "1", "1", "87654321", "Neema Wanja", "1", "7786", "7786", phone=jane.msisdn, session="two"
        )

        async with house.gateway.store.read() as connection:
            assert not await stops.is_stopped(connection, jane.msisdn)

    @pytest.mark.parametrize(("phone", "said"), [(AMINA, "a loan is not finished"), (BARAKA, "kuna pesa")])
    async def test_one_with_money_or_a_loan_is_not(self, house: House, phone: str, said: str) -> None:
        """And says which."""
        assert said in await typed(house, "8", "7", phone=phone)

    async def test_money_that_comes_meanwhile_keeps_it_open(self, houses: Houses) -> None:
        """Looked at once more when it is done; said by SMS."""
        house = await houses.build(works=False)
        jane = PEOPLE[2]
        await typed(house, "8", "7", jane.pin, phone=jane.msisdn)
        await _given(house, jane.id)
        await house.gateway.worker.drain()

        assert (await house.operations("account.close"))[0].state == "rejected"
        assert "Nyota: Jane" in await typed(house, phone=jane.msisdn, session="two")


async def _in_force(house: House) -> list[str]:
    async with house.gateway.store.read() as connection:
        return [row.kind for row in await consents.in_force(connection, PEOPLE[0].id)]


async def _moved(house: House) -> None:
    await typed(house, "8", "6", "0711000066", "1")
    old, new = await texted(house, AMINA), await texted(house, FREE)
    screen = await typed(house, "8", "6", old, new, "4826", session="two")
    assert screen.startswith("END Your Nyota account is now on 0711***066."), screen


async def _is_closed(house: House) -> bool:
    return all(row.state == "done" for row in await house.operations("account.close"))


async def _given(house: House, customer_id: str) -> None:
    books = house.gateway.books
    async with house.gateway.store.begin() as connection:
        amount = (Line(chart.OPENING, 100), Line(chart.wallet(customer_id), -100))
        await books.post(connection, Entry("gift", "gift", "Gift", amount), house.gateway.clock())
