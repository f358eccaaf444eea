"""Joining by SMS on a whole house: name and identity number, a code, an account; the PIN at the first dial."""

import asyncio
import re

from sqlalchemy import select

from gateway.clock import system
from gateway.operations.playbook import Work
from gateway.store import customers
from gateway.store.tables import consents, metadata, operations
from gateway.store.tables import customers as customers_table
from gateway.texting.tables import requests
from gateway.texting.tidying import Tidying
from tests.gateway.texting.pen import AT_ONCE, NOBODY, Pen, code_of, kept, who
from tests.house import House, Houses

OTHER = "+254711000044"
JOIN = "JOIN Neema Ng'ang'a 34567890"
AMINAS_ID = "23456789"
BYTE = re.compile(r"\\x[0-9a-f]{2}")


async def rows_naming(house: House, text: str) -> list[str]:
    """The tables in which something stands by itself."""
    alone = re.compile(rf"(?<![0-9a-f]){re.escape(text)}(?![0-9a-f])")
    async with house.gateway.store.read() as connection:
        return [
            table.name
            for table in metadata.sorted_tables
            for row in await connection.execute(select(table))
            if alone.search(BYTE.sub(" ", str(row)))
        ]


class TestJoining:
    async def test_the_code_opens_the_account_that_the_phone_would_open(self, houses: Houses) -> None:
        """The same operation and consents, but for the PIN; SMS works at once; on both databases."""
        house = await houses.build(standin_settings=AT_ONCE)
        neema = Pen(house, NOBODY)

        [asked] = await neema.write(JOIN)
        before = await who(house, NOBODY)
        welcome, joined = await neema.confirm([asked])
        [again] = await neema.confirm([asked])
        [balance] = await neema.write("BAL")

        person = await who(house, NOBODY)
        [registered] = await house.operations("customer.register")
        async with house.gateway.store.read() as connection:
            agreed = list(await connection.execute(select(consents).where(consents.c.customer_id == person.id)))
        assert asked.startswith("NEEMA N.: join Nyota? Age 18+, own line, agree to nyota.example/t nyota.example/d")
        assert before is None
        assert welcome.startswith("Welcome to Nyota, Neema.")
        assert joined.startswith("Neema, your Nyota account is open.")
        assert again.startswith("That code is good no more")
        assert "wallet Ksh 0" in balance
        assert (person.name, person.national_id, person.state, person.language) == (
            "Neema Ng'ang'a", "34567890", "active", "en",
        )  # fmt: skip
        assert (person.pin_hash, registered.intent["terms_version"]) == (None, agreed[0].version)
        assert sorted(row.kind for row in agreed) == ["data", "terms"]

    async def test_the_first_dial_chooses_the_pin_and_then_shows_the_menu(self, house: House) -> None:
        """However late it comes; the next dial goes straight there, and the PIN is the one of all screens."""
        neema = Pen(house, NOBODY)
        await neema.confirm(await neema.write("JIUNGE 34567890 Neema Ng'ang'a"))

        chooses = await house.hop("", phone=NOBODY, session="s1")
        again = await house.hop("7786", phone=NOBODY, session="s1")
        home = await house.hop("7786*7786", phone=NOBODY, session="s1")
        later = await house.hop("", phone=NOBODY, session="s2")
        await house.hop("1", phone=NOBODY, session="s2")
        balance = await house.hop("1*7786", phone=NOBODY, session="s2")

        assert chooses.startswith("CON Chagua PIN yako ya Nyota, tarakimu 4 hadi 6")
        assert "Weka tena PIN hiyo" in again
        assert home.startswith("CON Nyota: Neema")
        assert later.startswith("CON Nyota: Neema")
        assert "Pochi Ksh 0" in balance

    async def test_what_is_missing_is_explained(self, house: House) -> None:
        """With an example, and how to dial; a code is sent for nothing less than name and number."""
        neema = Pen(house, NOBODY)

        said = [(await neema.write(text))[0] for text in ("JOIN", "JOIN Neema", "jiunge 34567890", "JOIN Neema O. 12")]

        assert "send JOIN, your two names and ID number. Example: JOIN Amina Wanjiru 23456789" in said[0]
        assert "dial *383#" in said[0]
        assert said[1] == said[3] == said[0]
        assert said[2].startswith("Kujiunga na Nyota bure: tuma JIUNGE")
        assert await house.operations("customer.register") == []

    async def test_an_id_of_another_line_is_a_case_and_no_code(self, house: House) -> None:
        """The words and the case of the phone, once a day however often it is written."""
        neema = Pen(house, NOBODY)

        first = await neema.write(f"JOIN Neema Ng'ang'a {AMINAS_ID}")
        second = await neema.write(f"JOIN Neema Ng'ang'a {AMINAS_ID}")

        [case] = await house.operations("case.open")
        assert any(text.startswith("We need to see your ID before you join.") for text in first)
        assert [text.startswith("We need to see your ID before you join.") for text in second] == [True]
        assert case.intent == {"topic": "id in use", "said": AMINAS_ID}
        assert await who(house, NOBODY) is None

    async def test_an_operator_can_try_it(self, house: House) -> None:
        """Nothing is kept, and no case is opened."""
        tried = {}
        for text in (JOIN, f"JOIN Neema Ng'ang'a {AMINAS_ID}"):
            _, tried[text] = await house.ops("POST", "/api/sms/simulate", json={"phoneNumber": NOBODY, "text": text})

        assert tried[JOIN]["kept"] == "JOIN Neema Ng'ang'a ****"
        assert tried[JOIN]["asks"].startswith("NEEMA N.: join Nyota?")
        assert tried[f"JOIN Neema Ng'ang'a {AMINAS_ID}"]["says"][0].startswith("We need to see your ID")
        assert await house.operations("case.open") == []
        assert await kept(house) == []


class TestTheCode:
    async def test_it_is_of_no_use_on_another_line_and_after_three_tries(self, house: House) -> None:
        """Nor from a line that was never asked; in the language of the word that was written."""
        neema, other = Pen(house, NOBODY), Pen(house, OTHER)
        [asked] = await neema.write("JIUNGE Neema Ng'ang'a 34567890")
        wrong = "000000" if code_of(asked) != "000000" else "111111"

        [elsewhere] = await other.write(code_of(asked))
        said = [(await neema.write(code))[0] for code in (wrong, wrong, wrong, code_of(asked))]

        assert elsewhere.startswith("You sent your PIN by SMS")
        assert [text.split(".")[0] for text in said] == [
            "Hiyo si code", "Hiyo si code", "Code hiyo haitumiki tena", "Code hiyo haitumiki tena",
        ]  # fmt: skip
        assert await house.operations("customer.register") == []

    async def test_of_two_joins_at_one_moment_one_account_comes(self, houses: Houses) -> None:
        """Another name makes the code before it void; the same code in two messages opens it once; on both."""
        house = await houses.build(standin_settings=AT_ONCE)
        neema = Pen(house, NOBODY)
        first = await neema.write("JOIN Neema Onyango 34567890")
        second = await neema.write(JOIN)

        [void] = await neema.confirm(first)
        statuses = await asyncio.gather(*(neema.post(code_of(second[-1])) for _ in range(4)))
        await house.settled()

        assert void.startswith("That is not the code")
        assert statuses == [200] * 4
        assert [row.intent["name"] for row in await house.operations("customer.register")] == ["Neema Ng'ang'a"]

    async def test_of_two_lines_with_one_id_one_joins(self, houses: Houses) -> None:
        """Both got a code before either was there; the other one is a case; on both databases."""
        house = await houses.build(standin_settings=AT_ONCE)
        pens = [Pen(house, NOBODY), Pen(house, OTHER)]
        codes = [code_of((await pen.write(JOIN))[-1]) for pen in pens]

        await asyncio.gather(*(pen.post(code) for pen, code in zip(pens, codes, strict=True)))
        await house.settled()

        assert len([person for pen in pens if (person := await who(house, pen.line)) is not None]) == 1
        assert len(await house.operations("case.open")) == 1

    async def test_who_has_joined_by_phone_meanwhile_joins_no_second_time(self, house: House) -> None:
        """The code is void once somebody is on the line."""
        neema = Pen(house, NOBODY)
        asked = await neema.write(JOIN)
        async with house.gateway.store.begin() as connection:
            await customers.added(
                connection, "somebody", msisdn=NOBODY, name="Someone Else", national_id="31111111", language="en",
                state="active", limit_cents=0, created_at=system(),
            )  # fmt: skip

        [said] = await neema.confirm(asked)

        assert said.startswith("That code is good no more")
        assert (await who(house, NOBODY)).name == "Someone Else"

    async def test_who_is_on_the_members_list_proves_the_number_there(self, house: House) -> None:
        """And goes by the name there, as on the phone."""
        async with house.gateway.store.begin() as connection:
            await customers.added(
                connection, "listed", msisdn=NOBODY, name="Neema Ng'ang'a", national_id="34567890", language="sw",
                state="listed", limit_cents=0, created_at=system(),
            )  # fmt: skip
        neema = Pen(house, NOBODY)

        [wrong] = await neema.write("JIUNGE Neema Onyango 31111111")
        await neema.confirm(await neema.write("JIUNGE Neema Onyango 34567890"))

        person = await who(house, NOBODY)
        assert wrong.startswith("Hiyo si nambari ya ID tuliyo nayo")
        assert (person.id, person.name, person.state) == ("listed", "Neema Ng'ang'a", "active")


class TestWhatIsKept:
    async def test_name_and_number_wait_in_one_place_that_is_forgotten(self, house: House) -> None:
        """Not in the message, not in an operation; whoever never replies is gone with the inbox."""
        neema = Pen(house, NOBODY)
        await neema.write("JOIN Neema Ng'ang'a 34 567 890")
        work = Work(0, "t", "DYT", "texting.tidy", "", {}, "queued", "forget", 0, 0, {}, 0, None, 0)

        before = await rows_naming(house, "34567890")
        async with house.gateway.store.begin() as connection:
            await Tidying(house.config.texting).forget(connection, work, system() + 91 * 86_400_000)

        assert before == [requests.name]
        assert await rows_naming(house, "34567890") == []
        assert await rows_naming(house, "Neema Ng'ang'a 34") == []

    async def test_once_the_account_is_open_they_are_where_the_phone_puts_them(self, house: House) -> None:
        """The person and their registration; the request holds nothing any more."""
        neema = Pen(house, NOBODY)

        await neema.confirm(await neema.write(JOIN))

        assert [row.text for row in await kept(house)] == ["JOIN Neema Ng'ang'a ****", "****"]
        assert sorted(await rows_naming(house, "34567890")) == [customers_table.name, operations.name]
