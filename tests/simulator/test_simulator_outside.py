"""What a tester is told of the pretend world, and that it says so when nobody tells."""

import pytest
from aiohttp import ClientSession

from simulator.errors import Away
from simulator.outside import Outside, standins_url
from tests.simulator.pretend_network import AMINA, BARAKA, visited_network

NOBODY = "http://127.0.0.1:9"


class TestOutside:
    async def test_messages_come_oldest_first(self) -> None:
        """Only this phone's SMS are listed."""
        async with visited_network() as (network, http):
            network.deliver_sms(AMINA, "first")
            network.deliver_sms(BARAKA, "not hers")
            network.deliver_sms(AMINA, "second")

            messages = await Outside(http, network.url).messages("0711000001")

            assert [message.text for message in messages] == ["first", "second"]

    async def test_a_prompt_is_seen_and_answered(self) -> None:
        """An answered prompt is not open any more."""
        async with visited_network() as (network, http):
            outside = Outside(http, network.url)
            network.raise_prompt(AMINA, "2160.00", "LN7K2")

            [prompt] = await outside.prompts(AMINA)
            await outside.answer(prompt.id, "pay")
            [answered] = await outside.prompts(AMINA)

            assert (prompt.amount_cents, prompt.account_reference) == (216_000, "LN7K2")
            assert (prompt.is_open, answered.is_open) == (True, False)
            assert network.answers == [(prompt.id, "pay")]

    async def test_money_settings_faults_and_sms_reach_the_control_api(self) -> None:
        """Every knob arrives by the name that the stand-ins know."""
        async with visited_network() as (network, http):
            outside = Outside(http, network.url)

            money = await outside.money()
            await outside.settings(auto_answer=False)
            await outside.faults(api="b2c", fault="timeout", rate=0.5, seed=7)
            await outside.write_sms(AMINA, "BAL")
            await outside.pay_paybill(AMINA, amount="500.00", account="LN7K2")

            assert money.movements[0].amount_cents == 198_000
            assert money.totals.out == "1980.00"
            assert network.settings == [{"autoAnswer": False}]
            assert network.faults == [{"api": "b2c", "fault": "timeout", "rate": 0.5, "seed": 7}]
            assert network.written == [(AMINA, "BAL")]
            assert network.payments == [{"phone": AMINA, "amount": "500.00", "account": "LN7K2"}]

    async def test_a_refusal_is_away_with_its_reason(self) -> None:
        """Status and body are in the error, for whoever has to look."""
        async with visited_network() as (network, http):
            network.is_away = True

            with pytest.raises(Away, match=r"503.*away"):
                await Outside(http, network.url).messages(AMINA)

    async def test_an_answer_of_another_shape_is_away(self) -> None:
        """A message without id or text is not guessed at."""
        async with visited_network() as (network, http):
            network.messages.append({"phone": AMINA})

            with pytest.raises(Away, match="something else"):
                await Outside(http, network.url).messages(AMINA)

    async def test_unreachable_standins_are_away(self) -> None:
        """Nobody listening is the same as a refusal."""
        async with ClientSession() as http:
            with pytest.raises(Away):
                await Outside(http, NOBODY).settings(auto_answer=True)


class TestAddresses:
    def test_the_standins_are_on_the_next_port(self) -> None:
        """The path of the callback plays no part."""
        assert standins_url("http://127.0.0.1:8383/api/ussd/handler") == "http://127.0.0.1:8384"
