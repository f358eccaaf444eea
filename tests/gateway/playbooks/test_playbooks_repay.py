"""Repaying through the whole house, with a misbehaving rail: one truth, one message, in the customer's language."""

import asyncio

import pytest

from flows.turn import Operation
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.demo import PEOPLE
from gateway.rails.contract import Collect
from tests.gateway.playbooks.street import (
    AMINA,
    BARAKA,
    LOAN,
    OWED,
    PAY_OFF,
    dialled,
    fault,
    loan_state,
    owed,
    part,
    part_from_wallet,
    prompt_on,
    prove,
    speaks,
    topics,
)
from tests.house import House, Houses
from tests.servers import wait_until

WALLET = chart.wallet(PEOPLE[0].id)
HAD = 5_000_00
QUICK = {"prompt_expires_seconds": 1, "callback_seconds": 0.3, "ask_seconds": 0.1, "ask_max_seconds": 0.3}


class TestWhatThePhoneAnswers:
    @pytest.mark.parametrize(
        ("language", "answer", "words"),
        [
            ("en", "cancel", "cancelled or not answered"),
            ("sw", "cancel", "lilighairiwa au halikujibiwa"),
            ("en", "wrong-pin", "did not accept the M-PESA PIN"),
            ("sw", "insufficient", "salio la M-PESA halitoshi"),
        ],
    )
    async def test_a_refusal_is_told_once_and_nothing_is_taken(
        self, house: House, language: str, answer: str, words: str
    ) -> None:
        """The loan owes what it owed; another try is possible at once."""
        await speaks(house, language)
        await house.outside.settings(auto_answer=False)
        await dialled(house, *part(500))

        await house.outside.answer(await prompt_on(house), answer)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert words in text
        assert await owed(house) == OWED
        assert [row.state for row in await house.operations("repay.stk")] == ["rejected"]
        await prove(house)

    async def test_paid_is_told_with_the_receipt_and_what_is_left(self, house: House) -> None:
        """A part of it."""
        await dialled(house, *part(500))
        await house.settled()

        [text] = await house.texts(AMINA)
        [moved] = (await house.outside.money()).movements
        assert "Ksh 500 received" in text
        assert moved.receipt in text
        assert "1,660" in text
        assert await owed(house) == OWED - 500_00
        await prove(house)

    async def test_while_another_prompt_is_open_on_the_phone_it_is_busy(self, house: House) -> None:
        """The rail says so at once, and so do we."""
        await house.outside.settings(auto_answer=False)
        other = Collect("other", AMINA, 10_00, "OTHER", "Somebody", f"{house.standins_url}/nowhere")
        await house.gateway.rail.collect(other)

        await dialled(house, *part(500))
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "busy with another request" in text
        assert await owed(house) == OWED

    async def test_a_phone_that_nobody_answers_is_a_time_out(self, one_house: Houses) -> None:
        """Told once the prompt is over, with room for a late success."""
        settings = {"prompt_seconds": 0.4, "auto_answer": False}
        house = await one_house.build(standin_settings=settings, rails={"daraja": QUICK})

        await dialled(house, *part(500))
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "no payment seen so far" in text
        assert await owed(house) == OWED
        await prove(house)


class TestWhatTheRailDoes:
    @pytest.mark.parametrize(
        ("api", "kind", "seconds"),
        [
            ("stk", "lost-callback", None),
            ("stk", "duplicate-callback", 0.05),
            ("stk", "late-callback", 1.0),
            ("stk", "callback-first", 5.0),
            ("stk", "timeout", 20.0),
            ("stk", "http-500", None),
            ("stk", "wrong-amount", None),
            ("stk-query", "does-not-exist", None),
            ("stk-query", "http-500", None),
            ("c2b", "lost-callback", None),
            ("c2b", "duplicate-callback", 0.05),
        ],
    )
    async def test_a_payment_is_booked_once_and_told_once(
        self, house: House, api: str, kind: str, seconds: float | None
    ) -> None:
        """However it reaches us, and however often."""
        await fault(house, api, kind, seconds=seconds)

        await dialled(house, *part(500))
        await house.settled()

        texts = await house.texts(AMINA)
        assert len(texts) == 1
        assert "Ksh 500 received" in texts[0]
        assert await owed(house) == OWED - 500_00
        assert len(await house.outside.prompts(AMINA)) == 1
        assert await house.operations("payment.received") == []
        await prove(house)

    async def test_neither_an_answer_nor_any_callback_is_found_in_the_rails_list(self, house: House) -> None:
        """Only the list knows of it."""
        await fault(house, "stk", "timeout", seconds=20)
        await fault(house, "stk", "lost-callback")
        await fault(house, "c2b", "lost-callback")

        await dialled(house, *part(500))
        await house.settled()

        assert len(await house.texts(AMINA)) == 1
        assert await owed(house) == OWED - 500_00
        await prove(house)

    async def test_it_takes_long_and_that_is_said_once(self, one_house: Houses) -> None:
        """And the end of it when it is known."""
        house = await one_house.build(rails={"daraja": {**QUICK, "slow_seconds": 0.5, "prompt_expires_seconds": 30}})
        await fault(house, "stk", "lost-callback")
        await fault(house, "c2b", "lost-callback")
        await fault(house, "stk-query", "drop")
        await fault(house, "pull", "drop")
        await dialled(house, *part(500))
        await told(house, "not confirmed yet")

        async with house.http.delete(f"{house.standins_url}/control/faults") as response:
            assert response.status == 200
        await house.settled()

        texts = await house.texts(AMINA)
        assert ["not confirmed yet" in text for text in texts] == [True, False]
        assert "Ksh 500 received" in texts[1]
        await prove(house)


class TestHowMuch:
    async def test_too_much_goes_to_the_wallet_and_is_said(self, house: House) -> None:
        """The customer's own money."""
        await dialled(house, *part(2_460))
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "Ksh 300" in text
        assert "extra" in text
        assert await house.balance(WALLET) == HAD + 300_00
        assert await loan_state(house, LOAN) == "closed"
        await prove(house)

    async def test_a_debt_with_cents_is_asked_in_whole_shillings(self, house: House) -> None:
        """What is too much by the rounding is in the wallet."""
        await dialled(house, *PAY_OFF)
        await house.settled()
        await dialled(house, "2", "1", "505", "1", "4826")
        await house.settled()
        borrowed = (await house.operations("loan.disburse"))[-1].reference
        assert await owed(house, borrowed) == 545_40

        await dialled(house, *PAY_OFF)
        await house.settled()

        assert (await house.outside.prompts(AMINA))[-1].amount_cents == 546_00
        assert await loan_state(house, borrowed) == "closed"
        assert await house.balance(WALLET) == HAD + 60
        assert "0.60" in (await house.texts(AMINA))[-1]
        await prove(house)

    async def test_two_repayments_at_once_are_both_booked(self, house: House) -> None:
        """By the paybill and by the prompt, together more than is owed."""
        await asyncio.gather(
            dialled(house, *part(1_500)),
            house.outside.pay_paybill(BARAKA, amount="1500.00", account=LOAN),
        )
        await house.settled()

        assert await loan_state(house, LOAN) == "closed"
        assert await house.balance(WALLET) == HAD + 3_000_00 - OWED
        assert len(await house.texts(AMINA)) == 2
        await prove(house)


class TestFromTheWallet:
    async def test_a_part_from_the_wallet(self, house: House) -> None:
        """Nothing passes the rail."""
        await dialled(house, *part_from_wallet(500))
        await house.settled()

        assert await owed(house) == OWED - 500_00
        assert await house.balance(WALLET) == HAD - 500_00
        assert (await house.outside.money()).movements == ()
        assert len(await house.texts(AMINA)) == 1
        await prove(house)

    async def test_no_more_is_taken_than_is_owed(self, houses: Houses) -> None:
        """Two wishes for the whole debt take it once; the second one is told that nothing was owed any more."""
        house = await houses.build(works=False)
        for number in range(2):
            await put(house, "repay.wallet", {"loan": LOAN, "amount_cents": OWED}, number)

        await house.gateway.worker.drain()

        assert [row.state for row in await house.operations("repay.wallet")] == ["done", "rejected"]
        assert await house.balance(WALLET) == HAD - OWED
        assert await loan_state(house, LOAN) == "closed"
        assert len(await house.texts(AMINA)) == 2
        await prove(house)

    async def test_a_wallet_that_was_emptied_meanwhile_pays_nothing_and_says_so(self, houses: Houses) -> None:
        """Two wishes were accepted while there was money for one."""
        house = await houses.build(works=False)
        operations = [
            ("repay.wallet", {"loan": LOAN, "amount_cents": 2_000_00}),
            ("repay.wallet", {"loan": LOAN, "amount_cents": 100_00}),
        ]
        await emptied(house, 4_000_00)
        for number, (kind, intent) in enumerate(operations):
            await put(house, kind, intent, number)

        await house.gateway.worker.drain()

        assert [row.state for row in await house.operations("repay.wallet")] == ["rejected", "done"]
        texts = await house.texts(AMINA)
        assert len(texts) == 2
        assert sum("too little" in text for text in texts) == 1
        assert await house.balance(WALLET) == 900_00
        assert await owed(house) == OWED - 100_00


class TestPaybill:
    @pytest.mark.parametrize("account", [LOAN, "ln7k2qd", "0711000001"])
    async def test_money_for_a_loan_reaches_it(self, house: House, account: str) -> None:
        """From any phone, under the loan's number or its owner's."""
        await house.outside.pay_paybill(BARAKA, amount="500.00", account=account)
        await came(house)
        await house.settled()

        assert await owed(house) == OWED - 500_00
        assert len(await house.texts(AMINA)) == 1
        await prove(house)

    async def test_money_for_nobody_is_held(self, house: House) -> None:
        """On suspense."""
        await house.outside.pay_paybill(BARAKA, amount="500.00", account="07110")
        await came(house)
        await house.settled()

        assert await house.balance(chart.SUSPENSE) == 500_00
        assert await topics(house) == []
        await prove(house)


async def came(house: House) -> None:
    """Until a confirmation has been taken."""

    async def is_queued() -> bool:
        return bool(await house.operations("payment.received"))

    await wait_until(is_queued)


async def told(house: House, words: str) -> None:
    async def is_told() -> bool:
        return any(words in text for text in await house.texts(AMINA))

    await wait_until(is_told)


async def emptied(house: House, cents: int) -> None:
    """So much leaves the wallet for somewhere else."""
    entry = Entry("withdrawal", "post", "Withdrawn", (Line(WALLET, cents), Line(chart.OPENING, -cents)))
    async with house.gateway.store.begin() as connection:
        await house.gateway.books.post(connection, entry, house.gateway.clock())


async def put(house: House, kind: str, intent: dict[str, object], number: int) -> None:
    """Queue a wish as a turn does."""
    wish = Operation(f"wish-{number}", kind, f"PY{number}", PEOPLE[0].id, intent)
    async with house.gateway.store.begin() as connection:
        await house.gateway.outbox.put(connection, wish)
