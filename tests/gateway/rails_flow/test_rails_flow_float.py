"""What the shortcodes hold: asked for, answered by callback, kept, and told to whoever looks after it."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from gateway.clock import local_date
from gateway.config import App
from gateway.config import Float as Settings
from gateway.errors import NotACallback, Rejected, Unavailable
from gateway.payouts import passed
from gateway.payouts.floats import Float
from gateway.payouts.passed import Payout
from gateway.payouts.standing import Paying, Standing
from gateway.playbooks import floating
from gateway.playbooks.floating import KIND, RESULT, TIMEOUT, AskStep, FloatAnswers, Told
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Acknowledged
from gateway.rails.organisation import Answers
from gateway.rails.steps import Addresses
from gateway.store.tables import messages
from tests.gateway.rails_flow.office import AMINA, Office

PAYOUT, COLLECTION = "600998", "600999"
KEEPER = "+254711000077"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SETTINGS = Settings(low=50_000, critical=10_000, least=1_000, poll_minutes=15, phone=KEEPER)


@dataclass
class PretendOrganisation:
    """Takes questions and keeps where their answers go."""

    error: Exception | None = None
    asked: list[tuple[str, Answers]] = field(default_factory=list)

    async def ask_balance(self, app: App, answers: Answers) -> Acknowledged:
        if self.error is not None:
            raise self.error
        self.asked.append((app.shortcode, answers))
        return Acknowledged(f"AG_{len(self.asked)}")


class Treasury:
    """An office that asks for its float."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.rail = PretendOrganisation()
        self.paying = Paying(PAYOUT, SETTINGS)
        apps = tuple(App(shortcode=each) for each in (COLLECTION, PAYOUT))
        step = AskStep(
            self.rail, apps, office.store, Addresses("http://nyota", "token"), office.clock,  # type: ignore[arg-type]
            every_ms=15 * MINUTE_MS,
        )  # fmt: skip
        shop = office.shop
        shop.playbooks[KIND] = floating.playbook(step)
        answers = FloatAnswers(self.paying, shop.outbox, office.clock, Told("", KEEPER, "en"))
        shop.callbacks.takers |= {RESULT: answers.answered, TIMEOUT: answers.late}

    async def poll(self) -> str:
        """What a new day brings."""
        day = local_date(self.office.clock()).isoformat()
        return await self.office.put(KIND, {"day": day}, "", "DY")

    async def ask(self) -> str:
        """One question; where the answer for the paying shortcode goes."""
        await self.office.put(KIND, {"day": "2026-08-05", "once": True}, "", "FP")
        await self.office.drained()
        return self.rail.asked[-1][1].result_url

    async def answer(self, url: str, shillings: str, account: str = "Utility Account", **more: Any) -> str:
        """M-PESA's word; the verdict it was kept with."""
        written = f"Working Account|KES|0.00|0.00|0.00|0.00&{account}|KES|{shillings}|{shillings}|0.00|0.00"
        items = {"ResultParameter": [{"Key": "AccountBalance", "Value": written}]}
        return await self.say(RESULT, url, {"ResultCode": "0", "ResultParameters": items, **more})

    async def say(self, purpose: str, url: str, result: dict[str, Any]) -> str:
        token = url.rpartition("/")[2]
        body = json.dumps({"Result": result})
        return await self.office.receive(Callback(purpose, token, body, "127.0.0.1", self.office.clock()))

    async def holds(self, shillings: str) -> None:
        """A whole question and answer, a little later."""
        self.office.clock.turn(MINUTE_MS)
        assert await self.answer(await self.ask(), shillings) == "applied"

    async def known(self) -> Float | None:
        async with self.office.store.read() as connection:
            return await self.paying.latest(connection)

    async def standing(self) -> list[Standing]:
        async with self.office.store.read() as connection:
            return await self.paying.standing(connection, self.office.clock())

    async def told(self) -> list[str]:
        """What the keeper of the float has got."""
        await self.office.drained()
        async with self.office.store.read() as connection:
            query = select(messages.c.text).where(messages.c.msisdn == KEEPER).order_by(messages.c.created_at)
            return [row[0] for row in await connection.execute(query)]


@pytest.fixture
def treasury(office: Office) -> Treasury:
    return Treasury(office)


class TestAsking:
    async def test_every_shortcode_is_asked_about_every_so_often(self, treasury: Treasury) -> None:
        """Each question has a path of its own."""
        await treasury.poll()
        for _ in range(3):
            await treasury.office.drained()
            treasury.office.clock.turn(15 * MINUTE_MS)

        assert [shortcode for shortcode, _ in treasury.rail.asked] == [COLLECTION, PAYOUT] * 3
        paths = {url for _, answers in treasury.rail.asked for url in (answers.result_url, answers.timeout_url)}
        assert len(paths) == 12
        assert all(path.startswith("http://nyota/api/public/pay/token/balance/") for path in paths)

    async def test_it_is_over_with_its_day_and_the_next_day_takes_it_on(self, treasury: Treasury) -> None:
        """Never two at once."""
        today = await treasury.poll()
        await treasury.office.drained()
        treasury.office.clock.turn(24 * HOUR_MS)
        tomorrow = await treasury.poll()

        await treasury.office.drained()

        assert (await treasury.office.operation(today)).state == "done"
        assert (await treasury.office.operation(tomorrow)).state == "queued"
        assert len(treasury.rail.asked) == 4

    @pytest.mark.parametrize("error", [Unavailable("away"), Rejected("not allowed", "21")])
    async def test_a_rail_that_does_not_answer_is_asked_again_in_time(
        self, treasury: Treasury, error: Exception
    ) -> None:
        """Nothing is given up and nothing is wrong."""
        treasury.rail.error = error
        poll = await treasury.poll()
        await treasury.office.drained()
        treasury.rail.error = None
        treasury.office.clock.turn(15 * MINUTE_MS)

        await treasury.office.drained()

        assert (await treasury.office.operation(poll)).attempts == 0
        assert len(treasury.rail.asked) == 2

    async def test_asked_by_hand_it_waits_for_no_other(self, treasury: Treasury) -> None:
        """As after a top-up."""
        await treasury.poll()
        await treasury.office.drained()

        await treasury.ask()

        assert len(treasury.rail.asked) == 4


class TestAnswers:
    async def test_it_is_kept_with_its_time(self, treasury: Treasury) -> None:
        """Of the question, because what goes out meanwhile may not be in it."""
        asked_at = treasury.office.clock()
        url = await treasury.ask()
        treasury.office.clock.turn(5_000)

        assert await treasury.answer(url, "75000.50") == "applied"

        assert await treasury.known() == Float(
            PAYOUT, "Utility Account", 75_000_50, 75_000_50, asked_at, asked_at + 5_000, "ok"
        )

    async def test_the_name_of_the_account_is_read_in_any_case(self, treasury: Treasury) -> None:
        """And kept as it is configured."""
        assert await treasury.answer(await treasury.ask(), "1.00", account="UTILITY ACCOUNT") == "applied"

        assert [each.known.account for each in await treasury.standing()] == ["Utility Account", "Working Account"]

    async def test_the_other_shortcode_is_kept_beside_it(self, treasury: Treasury) -> None:
        """It says nothing about pay-outs."""
        await treasury.ask()
        collection = next(answers for shortcode, answers in treasury.rail.asked if shortcode == COLLECTION)

        assert await treasury.answer(collection.result_url, "5.00") == "applied"

        assert await treasury.known() is None
        assert {each.known.shortcode for each in await treasury.standing()} == {COLLECTION}
        assert await treasury.told() == []

    async def test_a_repeat_changes_nothing(self, treasury: Treasury) -> None:
        """Whatever it says."""
        url = await treasury.ask()
        await treasury.answer(url, "75000.00")

        assert await treasury.answer(url, "1.00") == "repeated"

        known = await treasury.known()
        assert known is not None and known.available_cents == 75_000_00

    async def test_an_answer_to_an_older_question_changes_nothing(self, treasury: Treasury) -> None:
        """They may overtake each other."""
        older = await treasury.ask()
        await treasury.holds("75000.00")

        assert await treasury.answer(older, "1.00") == "nothing"

        known = await treasury.known()
        assert known is not None and known.available_cents == 75_000_00
        assert await treasury.told() == []

    async def test_without_a_path_of_its_own_it_is_found_by_the_rails_id(self, treasury: Treasury) -> None:
        """The rail may leave the rest of the path away."""
        await treasury.ask()
        plain = "http://nyota/api/public/pay/token/balance/result/"

        assert await treasury.answer(plain, "75000.00", ConversationID="AG_2") == "applied"

    @pytest.mark.parametrize("rail_id", ["", "AG_99"])
    async def test_what_nobody_asked_is_forged(self, treasury: Treasury, rail_id: str) -> None:
        """It is recorded and harmless."""
        plain = "http://nyota/api/public/pay/token/balance/result/"

        assert await treasury.answer(plain, "9.00", ConversationID=rail_id) == "forged"
        assert await treasury.say(TIMEOUT, plain, {}) == "forged"

        assert await treasury.known() is None

    async def test_a_refusal_and_a_timeout_say_nothing(self, treasury: Treasury) -> None:
        """What was known stays."""
        await treasury.holds("75000.00")

        assert await treasury.say(RESULT, await treasury.ask(), {"ResultCode": "21"}) == "nothing"
        assert await treasury.say(TIMEOUT, await treasury.ask(), {}) == "nothing"

        known = await treasury.known()
        assert known is not None and known.available_cents == 75_000_00

    async def test_what_is_no_result_is_no_callback(self, treasury: Treasury) -> None:
        """The web answers 400."""
        url = await treasury.ask()

        with pytest.raises(NotACallback):
            await treasury.say(RESULT, url, {})


class TestAlerts:
    async def test_each_crossing_is_told_once(self, treasury: Treasury) -> None:
        """Low, critical, and enough again; not while it stays where it is."""
        for shillings in ("75000", "49999", "20000", "9999", "100", "60000", "70000"):
            await treasury.holds(f"{shillings}.00")

        told = await treasury.told()

        assert [text.split(" at ")[0] for text in told] == [
            "Nyota float 600998: Ksh 49,999", "Nyota float 600998: Ksh 9,999", "Nyota float 600998: Ksh 60,000",
        ]  # fmt: skip
        assert ["low" in told[0], "CRITICAL" in told[1], "enough again" in told[2]] == [True] * 3

    async def test_the_first_balance_of_all_may_be_low(self, treasury: Treasury) -> None:
        """Before it everything is taken to be well."""
        await treasury.holds("10.00")

        assert len(await treasury.told()) == 1

    async def test_it_says_how_long_it_will_last(self, treasury: Treasury) -> None:
        """By what the last week has paid out."""
        office = treasury.office
        async with office.store.begin() as connection:
            for hour in range(1, 7 * 24 + 1):
                payout = Payout(f"o{hour}", f"WD{hour}", "wallet.withdraw", AMINA, AMINA, 4_000_00, True, ("x",))
                await passed.counted(connection, payout, office.clock() - hour * HOUR_MS)

        await treasury.holds("40000.00")

        [told] = await treasury.told()
        assert "Empty in about 9 h" in told or "Empty in about 10 h" in told


class TestEachEngine:
    async def test_the_sums_are_right(self, each_office: Office) -> None:
        """By hour, by day, and what is in flight."""
        now = each_office.clock()
        hour = now - now % HOUR_MS
        async with each_office.store.begin() as connection:
            for number, at in enumerate((hour - 1, hour, now)):
                payout = Payout(f"o{number}", f"WD{number}", "k", AMINA, AMINA, 100 * (number + 1), True, ("k", "k:p"))
                await passed.counted(connection, payout, at)
                await passed.counted(connection, payout, at)
            await passed.given_back(connection, "o2", ("k", "k:p"))
            await passed.given_back(connection, "o9", ("k", "k:p"))

        async with each_office.store.read() as connection:
            assert await passed.by_hour(connection, since=0) == {hour - HOUR_MS: 100, hour: 200}
            assert await passed.paid_on(connection, local_date(now)) == {"k": 300, "k:p": 300}
            assert await passed.in_flight_cents(connection, since=0) == 0

    async def test_answers_are_kept(self, each_office: Office) -> None:
        """On a row that is there, and on one that is not."""
        treasury = Treasury(each_office)
        await treasury.holds("75000.00")
        await treasury.holds("74000.00")

        known = await treasury.known()
        assert known is not None and known.available_cents == 74_000_00
