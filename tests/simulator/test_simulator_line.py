"""A line must speak as strictly as the carrier, and say clearly when nobody answers."""

import re

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import NoService
from simulator.line import Line, Lines, callback_url, reachable, split_shortcut
from tests.simulator.pretend_network import ACCEPTED, AMINA, AMOUNT, BARAKA, MENU, visited_network

NOBODY = "http://127.0.0.1:9"


class TestLine:
    async def test_a_dial_is_the_form_that_africas_talking_posts(self) -> None:
        """The first hop has an empty text, a fresh session id and the phone with its plus."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, "0711000001")

            screen = await line.dial("*383#")

            assert network.hops == [
                {
                    "sessionId": line.session_id,
                    "phoneNumber": AMINA,
                    "networkCode": "63902",
                    "serviceCode": "*383#",
                    "text": "",
                }
            ]
            assert re.fullmatch("ATUid_[0-9a-f]{32}", line.session_id)
            assert (screen.text, screen.open) == (MENU[4:], True)
            assert (line.screen, line.open) == (MENU[4:], True)

    async def test_text_gathers_every_answer(self) -> None:
        """Each hop carries all that was typed before, joined by stars, within one session."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, AMINA)

            await line.dial("*383#")
            await line.send("2")
            await line.send("2000")
            await line.send("4826")

            assert [hop["text"] for hop in network.hops] == ["", "2", "2*2000", "2*2000*4826"]
            assert len({hop["sessionId"] for hop in network.hops}) == 1
            assert (line.screen, line.open) == (ACCEPTED[4:], False)

    async def test_a_shortcut_arrives_as_text_of_the_first_hop(self) -> None:
        """What is dialled behind the code is already an answer."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, AMINA)

            await line.dial("*383*2#")
            await line.send("2000")

            assert [hop["text"] for hop in network.hops] == ["2", "2*2000"]
            assert {hop["serviceCode"] for hop in network.hops} == {"*383#"}

    async def test_every_dial_is_another_session(self) -> None:
        """A redial never continues the session before."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, AMINA)

            await line.dial("*383#")
            await line.dial("*383#")

            assert len({hop["sessionId"] for hop in network.hops}) == 2

    async def test_a_repeat_is_the_same_hop_again(self) -> None:
        """A carrier's retry differs in nothing, also after the final screen."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, AMINA)
            await line.dial("*383*1#")

            screen = await line.repeat()

            assert network.hops[0] == network.hops[1]
            assert screen.open is False

    async def test_a_line_that_hung_up_cannot_answer(self) -> None:
        """After hanging up there is no session to type in, though the carrier may still retry."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, AMINA)
            await line.dial("*383#")

            line.hang_up()

            with pytest.raises(RuntimeError):
                await line.send("1")
            assert (await line.repeat()).text == MENU[4:]
            assert line.open is False

    async def test_nothing_can_be_repeated_before_a_dial(self) -> None:
        """A retry needs a first try."""
        async with ClientSession() as http:
            with pytest.raises(RuntimeError):
                await Line(http, NOBODY, AMINA).repeat()

    @pytest.mark.parametrize("fault", ["status", "prefix", "hang"])
    async def test_what_the_carrier_would_not_accept_is_no_service(self, fault: str) -> None:
        """A wrong status, a missing prefix and silence all end the session with a clear error."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, AMINA, timeout_seconds=0.05)
            network.fault = fault

            with pytest.raises(NoService):
                await line.dial("*383#")

            assert (line.screen, line.open) == ("", False)

    async def test_a_retry_that_gets_an_answer_brings_the_session_back(self) -> None:
        """A reply that was lost is not the end when the carrier tries again."""
        async with visited_network() as (network, http):
            line = Line(http, network.url, AMINA)
            network.fault = "status"
            with pytest.raises(NoService):
                await line.dial("*383#")
            network.fault = ""

            await line.repeat()
            await line.send("2")

            assert line.screen == AMOUNT[4:]

    async def test_an_unreachable_gateway_is_no_service(self) -> None:
        """The error names the address."""
        async with ClientSession() as http:
            with pytest.raises(NoService, match=r"127\.0\.0\.1:9"):
                await Line(http, NOBODY, AMINA).dial("*383#")
            assert await reachable(http, NOBODY) is False

    async def test_phones_have_sessions_of_their_own(self) -> None:
        """What one phone does leaves the other's session alone."""
        async with visited_network() as (network, http):
            lines = Lines(http, network.url)

            await lines.dial(AMINA, "*383#")
            await lines.dial(BARAKA, "*383#")
            lines.hang_up(BARAKA)
            screen = await lines.send("0711000001", "2")

            assert screen.text == AMOUNT[4:]
            assert network.hops[0]["sessionId"] == network.hops[2]["sessionId"]


class TestAddresses:
    def test_a_host_alone_means_the_ussd_callback(self) -> None:
        """A full address, such as one with a token, is taken as it is."""
        assert str(callback_url("http://127.0.0.1:8383")) == "http://127.0.0.1:8383/api/ussd/handler"
        assert str(callback_url("http://127.0.0.1:8383/")) == "http://127.0.0.1:8383/api/ussd/handler"
        assert callback_url("http://h/api/ussd/africastalking/beef").path == "/api/ussd/africastalking/beef"


class TestCodes:
    @pytest.mark.parametrize("dialled", ["", "*#", "383", "*383", "383#", "hello"])
    def test_what_is_no_code_is_refused(self, dialled: str) -> None:
        """Only what starts with a star and ends with a hash is a USSD code."""
        with pytest.raises(ValueError, match="USSD code"):
            split_shortcut(dialled)

    @given(st.lists(st.text("0123456789", max_size=6), min_size=1, max_size=6))
    def test_a_shortcut_is_split_without_losing_anything(self, answers: list[str]) -> None:
        """The answers arrive joined as they were dialled, empty ones too."""
        text = "*".join(answers)

        assert split_shortcut(f"*383*{text}#") == ("*383#", text)

    def test_another_code_is_dialled_as_it_is(self) -> None:
        """A code that only looks similar is not a shortcut of ours."""
        assert split_shortcut("*3830*1#") == ("*3830*1#", "")
