"""SMS as a way in, on a whole house: what people write, what comes back, and what moves."""

import asyncio
import re
from typing import Any

from sqlalchemy import select

from gateway.accounts.codes import Codes
from gateway.clock import system
from gateway.config import Config
from gateway.features.texting import hands_of, inbox_of
from gateway.operations.outbox import Outbox
from gateway.operations.playbook import Work
from gateway.providers.contract import IncomingSms
from gateway.store import customers
from gateway.store.tables import metadata, operations
from gateway.texting import stops
from gateway.texting.deciding import Decider
from gateway.texting.hands import Letter
from gateway.texting.tidying import Tidying
from tests.gateway.texting.pen import AMINA, AT_ONCE, BARAKA, NOBODY, Pen, code_of, kept, who
from tests.house import House, Houses

UNKNOWN = "Sorry, we did not understand"


async def changed(house: House, line: str, **values: object) -> None:
    person = await who(house, line)
    async with house.gateway.store.begin() as connection:
        await customers.changed(connection, person.id, **values)


async def wallet(house: House, line: str) -> int:
    person = await who(house, line)
    return await house.balance(f"wallet:{person.id}")


async def kinds(house: House) -> list[str]:
    """What was asked for, besides messages in and out."""
    return [row.kind for row in await house.operations() if not row.kind.startswith("sms.")]


class TestAsking:
    async def test_figures_come_in_the_language_of_the_account(self, house: House) -> None:
        """To the line of the account; a language chosen by SMS holds from then on."""
        amina = Pen(house)

        [english] = await amina.write("BAL")
        [chosen] = await amina.write("LANG SW")
        [swahili] = await amina.write("balnce")
        [listed] = await amina.write("MIKOPO")

        assert "wallet Ksh 5,000, savings Ksh 1,200, loans Ksh 2,160" in english
        assert chosen.startswith("Sasa tunakuandikia kwa Kiswahili")
        assert "pochi Ksh 5,000, akiba Ksh 1,200" in swahili
        assert listed.startswith("Mikopo yako: LN")

    async def test_junk_gets_one_short_help_a_day_and_nothing_else(self, house: House) -> None:
        """Noise, pictures, letters, files: no operation but the answers."""
        nobody = Pen(house, NOBODY)
        junk = [
            "habari yako",
            "😀😀😀",
            "\x00\x01\x02\xff",
            "x" * 5000,
            "' OR 1=1 --",
            "",
            "0",
            "**383*2#",
            "hello " * 300,
        ]

        came = [await nobody.write(text) for text in junk]

        assert [len(texts) for texts in came] == [1] + [0] * (len(junk) - 1)
        assert came[0][0].startswith(UNKNOWN)
        assert await kinds(house) == []

    async def test_who_has_no_account_learns_how_to_get_one(self, house: House) -> None:
        """No figure, no code."""
        nobody = Pen(house, NOBODY)

        [stranger] = await nobody.write("SALIO")
        [joining] = await nobody.write("JOIN")
        [helped] = await nobody.write("HELP SEND")

        assert stranger.startswith("Nambari hii haina akaunti")
        assert "send JOIN, your two names and ID number" in joining
        assert helped.endswith("Example: SEND 200 0712345678")
        assert await kinds(house) == []

    async def test_a_message_that_comes_again_is_answered_once(self, houses: Houses) -> None:
        """By the carrier's id; on both databases."""
        house = await houses.build(standin_settings=AT_ONCE)
        amina = Pen(house)

        first = await amina.write("BAL", id="ATXid_7")
        again = await amina.write("BAL", id="ATXid_7")

        assert (len(first), again) == (1, [])
        assert len(await kept(house)) == 1


class TestMoving:
    async def test_money_moves_when_the_code_comes_back_and_not_before(self, house: House) -> None:
        """The name and the fee are in the question; the code is good once."""
        amina = Pen(house)

        asked = await amina.write("SEND 200 0711000002")
        before = await wallet(house, AMINA)
        accepted, receipt = await amina.confirm(asked)
        [again] = await amina.confirm(asked)

        assert asked[0].startswith("Send Ksh 200 to BARAKA O. 0711000002. Fee Ksh 0? Reply ")
        assert before == 5_000_00
        assert accepted.startswith("Request SN")
        assert "Confirmed. Ksh 200 sent to BARAKA O." in receipt
        assert again.startswith("That code is good no more")
        assert await wallet(house, AMINA) == 4_800_00

    async def test_a_loan_is_asked_for_as_on_the_phone(self, houses: Houses) -> None:
        """The whole price first; the same kind, price and exclusivity; on both databases."""
        house = await houses.build(standin_settings=AT_ONCE)
        baraka = Pen(house, BARAKA)

        price, question = await baraka.write("MKOPO 1,500")
        texts = await baraka.confirm([question])

        [loan] = await house.operations("loan.disburse")
        person = await who(house, BARAKA)
        assert "utapata" in price
        assert question.startswith("Kopa Ksh 1,500, lipa Ksh 1,620 kufikia")
        assert (loan.state, loan.customer_id, loan.intent["product"]) == ("done", person.id, "quick")
        assert loan.intent["quote"]["principal_cents"] == 1_500_00
        assert any("zimetumwa M-PESA" in text for text in texts)

    async def test_a_wrong_code_moves_nothing_and_three_end_it(self, house: House) -> None:
        """Each message is one try; then not even the right one is good."""
        amina = Pen(house)
        asked = await amina.write("WITHDRAW 500")
        right = code_of(asked[-1])
        wrong = "000000" if right != "000000" else "111111"

        said = [(await amina.write(code))[0] for code in (wrong, wrong, wrong, right)]

        assert [text.split(".")[0] for text in said] == [
            "That is not the code",
            "That is not the code",
            "That code is good no more",
            "That code is good no more",
        ]
        assert await kinds(house) == []
        assert await wallet(house, AMINA) == 5_000_00

    async def test_a_code_is_of_no_use_on_another_line(self, house: House) -> None:
        """A sender alone moves nothing: the code goes to the line of the account, and only from there it counts."""
        amina, baraka = Pen(house), Pen(house, BARAKA)
        asked = await amina.write("SEND 200 0711000002")

        [said] = await baraka.write(code_of(asked[-1]))

        assert said.startswith("Umetuma PIN yako kwa SMS")
        assert "wallet.send" not in await kinds(house)

    async def test_a_newer_request_makes_the_older_code_void(self, house: House) -> None:
        """Another amount is another question."""
        amina = Pen(house)
        first = await amina.write("WITHDRAW 500")
        second = await amina.write("WITHDRAW 700")

        [said] = await amina.confirm(first)
        texts = await amina.confirm(second)

        assert said.startswith("That is not the code")
        assert texts[0].startswith("Request WD")
        assert await wallet(house, AMINA) == 5_000_00 - 700_00 - 15_00

    async def test_what_may_not_leave_does_not_leave_by_sms(self, house: House) -> None:
        """After a SIM change, with a locked PIN, or above what one day allows."""
        amina = Pen(house)
        await changed(house, AMINA, outgoing_from=system() + 86_400_000)
        [cooling] = await amina.write("SEND 200 0711000002")
        await changed(house, AMINA, outgoing_from=0, pin_locked_until=system() + 86_400_000)
        [locked] = await amina.write("WITHDRAW 200")
        await changed(house, AMINA, pin_locked_until=0)
        [refused] = await amina.write("LOAN 400000")

        assert cooling.startswith("For your safety this opens on")
        assert locked.startswith("Your Nyota PIN is locked")
        assert refused.startswith("Whole shillings only, 500 to ")
        assert await kinds(house) == []

    async def test_a_lock_that_comes_before_the_code_holds(self, house: House) -> None:
        """Looked at once more in the unit of work that would move the money."""
        amina = Pen(house)
        asked = await amina.write("WITHDRAW 200")
        await changed(house, AMINA, pin_locked_until=system() + 86_400_000)

        [said] = await amina.confirm(asked)

        assert said.startswith("Your Nyota PIN is locked")
        assert "wallet.withdraw" not in await kinds(house)

    async def test_a_day_has_its_limit(self, light: Houses) -> None:
        """What was confirmed counts; the phone is there for more."""
        house = await light.build(standin_settings=AT_ONCE, texting={"day_limit": 300, "codes_a_day": 2})
        amina = Pen(house)

        asked = await amina.write("SAVE 200")
        await amina.confirm(asked)
        [more] = await amina.write("SAVE 200")
        await amina.write("SAVE 100")
        [enough] = await amina.write("SAVE 100")

        assert more.startswith("By SMS at most Ksh 300 a day can move")
        assert enough.startswith("No more codes today")
        assert (await kinds(house)).count("savings.save") == 1


class TestSecrets:
    async def test_neither_a_pin_nor_a_code_is_on_disk(self, house: House) -> None:
        """A PIN sent by mistake is told of once; of a code, neither where it goes out nor where it comes back."""
        amina = Pen(house)

        [told] = await amina.write("PIN 918273")
        again = await amina.write("my pin is 918273")
        code = code_of((await amina.write("WITHDRAW 500"))[-1])
        await amina.write(code)

        async with house.gateway.store.read() as connection:
            rows = [str(row) for table in metadata.sorted_tables for row in await connection.execute(select(table))]
        assert told.startswith("You sent your PIN by SMS")
        assert again == []
        by_itself = re.compile(rf"(?<![0-9a-f])(918273|{code})(?![0-9a-f])")  # ids and moments are longer
        assert not [row for row in rows if by_itself.search(row)]


async def told(outbox: Outbox, house: House, template: str, values: dict[str, Any]) -> str:
    """Queue a message to Amina; what became of it."""
    person = await who(house, AMINA)
    async with house.gateway.store.begin() as connection:
        await outbox.tell(connection, f"test:{template}:{system()}", person.id, AMINA, template, values)
    outbox.news.set()
    await house.settled()
    async with house.gateway.store.read() as connection:
        query = select(operations.c.state).where(operations.c.kind == "sms.send").order_by(operations.c.number.desc())
        return str((await connection.execute(query.limit(1))).scalar())


OFFER = {"said": "Save more in August"}


class TestStopping:
    async def test_stop_stops_all_but_what_is_owed(self, light: Houses) -> None:
        """Offers and reminders end, by word or by the carrier; receipts and codes still come; START undoes it."""
        house = await light.build(
            standin_settings=AT_ONCE, messages={"quiet_from": "00:00:00", "quiet_until": "00:00:00"}
        )
        outbox, amina = house.gateway.outbox, Pen(house)
        await changed(house, AMINA, offers=True)

        [said] = await amina.write("Stop it please")
        stopped = await told(outbox, house, "bulk.text", OFFER)
        receipt = await told(outbox, house, "pin.changed", {})
        asked = await amina.write("WITHDRAW 200")
        await amina.write("START")
        started = await told(outbox, house, "bulk.text", OFFER)
        url = f"{house.url}/api/sms/optout/africastalking"
        async with house.http.post(url, data={"senderId": "NYOTA", "phoneNumber": AMINA}) as response:
            assert response.status == 200
        by_carrier = await told(outbox, house, "bulk.text", OFFER)

        assert said.startswith("You will get no more reminders")
        assert (stopped, receipt, started, by_carrier) == ("rejected", "done", "done", "rejected")
        assert code_of(asked[-1])
        assert (await who(house, AMINA)).offers is False
        async with house.gateway.store.read() as connection:
            assert await stops.is_stopped(connection, AMINA)


class TestTooMuch:
    async def test_a_line_gets_so_many_answers_a_day_and_can_stop_all_the_same(self, light: Houses) -> None:
        """What comes after them is kept and answered by nobody."""
        house = await light.build(standin_settings=AT_ONCE, texting={"answers_a_day": 2})
        amina = Pen(house)

        said = [len(await amina.write(text)) for text in ("BAL", "LOANS", "BAL", "STOP")]

        assert said == [1, 1, 0, 0]
        assert len(await kept(house)) == 4
        async with house.gateway.store.read() as connection:
            assert await stops.is_stopped(connection, AMINA)


GENERIC: dict[str, Any] = {"providers": {"generic": {"open_callbacks": True}}}


async def handed(house: House, **fields: object) -> int:
    """A message by our own dialect."""
    body = {"phoneNumber": AMINA, "to": "383", **fields}
    async with house.http.post(f"{house.url}/api/sms/inbound/generic", json=body) as response:
        return response.status


class TestCarriers:
    async def test_parts_are_put_together_in_any_order(self, houses: Houses) -> None:
        """Each part may come twice; one answer; a reference may be used again. On both databases."""
        house = await houses.build(standin_settings=AT_ONCE, **GENERIC)
        parts = {1: "SEND 2", 2: "00 07110", 3: "00002"}

        for part in (3, 1, 3, 2, 1, 2):
            assert await handed(house, reference="77", part=part, parts=3, text=parts[part]) == 200
        for part, text in ((2, "LOANS"), (3, ""), (1, "HELP ")):
            assert await handed(house, reference="77", part=part, parts=3, text=text) == 200
        await house.settled()

        assert len(await house.operations("sms.in")) == 2
        asked, helped = sorted(await house.texts(AMINA))
        assert asked.startswith("Send Ksh 200 to BARAKA O.")
        assert helped.endswith("Example: LOANS")

    async def test_without_an_id_the_same_words_soon_after_are_a_repeat(self, light: Houses) -> None:
        """By content and time; other words are another message."""
        house = await light.build(standin_settings=AT_ONCE, **GENERIC)

        for text in ("BAL", "BAL", "LOANS"):
            assert await handed(house, text=text) == 200
        await house.settled()

        assert len(await kept(house)) == 2

    async def test_what_is_no_message_is_refused(self, house: House) -> None:
        """No such carrier, a wrong token, no phone: nothing is kept of it."""
        cases: list[tuple[str, dict[str, str], int]] = [
            ("nobody", {"from": AMINA, "text": "BAL"}, 404),
            ("africastalking/wrong", {"from": AMINA, "text": "BAL"}, 403),
            ("africastalking", {"from": "MPESA", "text": "BAL"}, 400),
            ("africastalking", {"text": "BAL"}, 400),
        ]

        for path, fields, status in cases:
            async with house.http.post(f"{house.url}/api/sms/inbound/{path}", data=fields) as response:
                assert response.status == status
        assert await kept(house) == []

    def test_the_defaults_are_careful(self) -> None:
        """Whoever changes nothing has limits."""
        settings = Config().texting

        assert (settings.code_minutes, settings.codes_a_day, settings.day_limit) == (5, 10, 20_000)


class TestRehearsing:
    async def test_an_operator_sees_what_a_message_would_lead_to(self, house: House) -> None:
        """In the words that would be sent; nothing is kept, sent or moved, and the code is not shown."""
        tried = {}
        for text in ("LOAN 500", "SEND 200 0711000002", "BAL", "my pin is 4826", "LOAN"):
            body = {"phoneNumber": "0711000001", "text": text}
            status, tried[text] = await house.ops("POST", "/api/sms/simulate", json=body)
            assert status == 200

        assert tried["LOAN 500"]["says"][0].startswith("Loan Ksh 500, you get Ksh 495")
        assert "Reply ****** by" in tried["LOAN 500"]["asks"]
        assert tried["SEND 200 0711000002"]["asks"].startswith("Send Ksh 200 to BARAKA O. 0711000002. Fee Ksh 0? Reply")
        assert tried["BAL"]["says"][0].startswith("As at ")
        assert tried["my pin is 4826"]["kept"] == "my pin is ****"
        assert tried["LOAN"]["says"][0].startswith("That was not clear")
        assert await kept(house) == []
        assert await kinds(house) == []

    async def test_only_operators_may_try(self, house: House) -> None:
        """Figures of people are in the answer."""
        async with house.http.post(f"{house.url}/api/sms/simulate", json={}) as response:
            assert response.status == 401
        status, said = await house.ops("POST", "/api/sms/simulate", json={"phoneNumber": "12", "text": "BAL"})
        assert (status, said["type"]) == (422, "urn:nyota:problem:invalid")


async def letters(house: House) -> list[Letter]:
    """Every message as it was understood."""
    return [Letter(row.id, row.intent) for row in await house.operations("sms.in")]


class TestOnce:
    async def test_an_answer_that_is_worked_again_does_nothing_twice(self, house: House) -> None:
        """A worker that was killed between the commit and the end of its step: the same words, the same operation."""
        amina, tools = Pen(house), house.gateway.tools
        decider = Decider(hands_of(tools, Codes(tools.config, tools.store, tools.clock)))

        asked = await amina.write("SEND 200 0711000002")
        [question] = [await decider.answer(letter) for letter in await letters(house)]
        looked_up = len(await kinds(house))
        await amina.confirm(asked)
        before = await kinds(house)
        told = await decider.answer((await letters(house))[-1])

        assert (question.does, looked_up) == ("ask", 1)
        assert told.says[0].values["said"].startswith("Request SN")
        assert await kinds(house) == before
        assert await wallet(house, AMINA) == 4_800_00

    async def test_a_repeat_that_had_to_wait_is_still_a_repeat(self, house: House) -> None:
        """Its carrier gave it no id and sent it again, and the second was kept before the first; by when they came."""
        inbox, window_ms = inbox_of(house.gateway.tools), house.config.texting.window_seconds * 1000
        second = system() // window_ms * window_ms
        sms = IncomingSms("mno", "", AMINA, "383", "BAL")

        for at in (second, second - 1, second - window_ms):
            await inbox.received(sms, at)

        assert [row.received_at for row in await kept(house)] == [second, second - window_ms]

    async def test_two_yeses_at_one_moment_are_one(self, houses: Houses) -> None:
        """The same code in two messages that come together; on both databases."""
        house = await houses.build(standin_settings=AT_ONCE)
        amina = Pen(house)
        asked = await amina.write("WITHDRAW 500")
        code = code_of(asked[-1])

        statuses = await asyncio.gather(*(amina.post(code) for _ in range(4)))
        await house.settled()

        assert statuses == [200] * 4
        assert (await kinds(house)).count("wallet.withdraw") == 1
        assert await wallet(house, AMINA) == 5_000_00 - 500_00 - 15_00


class TestTidying:
    async def test_what_is_old_is_forgotten(self, house: House) -> None:
        """Messages and requests; of a part whose others never came only what may be kept."""
        amina = Pen(house)
        await amina.write("WITHDRAW 500")
        sms = IncomingSms("generic", "p1", AMINA, "383", "my pin is 918273 and", joined="9", part=1, parts=2)
        await inbox_of(house.gateway.tools).received(sms)
        later = system() + 3_600_000
        work = Work(0, "t", "DYT", "texting.tidy", "", {}, "queued", "forget", 0, 0, {}, 0, None, 0)

        async with house.gateway.store.begin() as connection:
            await Tidying(house.config.texting).forget(connection, work, later)
        hidden = [row.text for row in await kept(house)]
        async with house.gateway.store.begin() as connection:
            await Tidying(house.config.texting).forget(connection, work, later + 91 * 86_400_000)

        assert hidden == ["WITHDRAW 500", "my pin is **** and"]
        assert await kept(house) == []

    async def test_half_a_pin_is_forgotten_soon(self, house: House) -> None:
        """By what was queued with it, without waiting for the day; a part of a moment ago may yet be completed."""
        inbox = inbox_of(house.gateway.tools)
        for part, text in ((1, "so my pin is 48"), (2, "26 and my name"), (3, "is not on it")):
            await inbox.received(IncomingSms("generic", "p1", AMINA, "383", text, joined="9", part=part, parts=4))
        async with house.gateway.store.read() as connection:
            query = select(operations).where(operations.c.kind == "texting.tidy", operations.c.lane == "")
            queued = (await connection.execute(query)).first()
        assert queued is not None
        work = Work(0, "t", "TYT", "texting.tidy", "", queued.intent, "queued", "forget", 0, 0, {}, 0, None, 0)

        async def forgotten(now: int) -> list[str]:
            async with house.gateway.store.begin() as connection:
                await Tidying(house.config.texting).forget(connection, work, now)
            return [row.text for row in await kept(house)]

        assert await forgotten(queued.created_at) == ["so my pin is 48", "26 and my name", "is not on it"]
        assert await forgotten(queued.due_at) == ["so my pin is ****", "**** and my name", "is not on it"]
