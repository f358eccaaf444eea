"""A SIM shows everything that can happen to a call, and never raises."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest

from simulator.line import Line
from simulator.outside import Outside
from simulator.phone.people import PEOPLE, STRANGER, person, spaced
from simulator.phone.sim import (
    BUSY_HINT,
    EMPTY_HINT,
    HUNG_UP,
    IDLE_HINT,
    IDLED_OUT,
    NO_CALL_HINT,
    NO_SERVICE,
    NO_SIGNAL,
    NOT_A_CODE_HINT,
    NOTHING_TO_REPEAT_HINT,
    SIGNAL_LOST,
    TIMED_OUT,
    Face,
    Sim,
)
from tests.simulator.pretend_network import AMINA, AMOUNT, BALANCE, MENU, PretendNetwork, visited_network


class HandClock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@asynccontextmanager
async def sim_on_network(
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[tuple[Sim, PretendNetwork, Outside]]:
    async with visited_network() as (network, http):
        line = Line(http, network.url, AMINA)
        yield Sim(line, clock or HandClock(), lambda: None), network, Outside(http, network.url)


class TestCalling:
    async def test_a_code_is_dialled_and_the_screen_answered(self) -> None:
        """What is entered is a code without a call, and an answer within one."""
        async with sim_on_network() as (sim, _, _):
            await sim.enter("*383#")
            asked = (sim.face, sim.text)
            await sim.enter("2")

            assert asked == (Face.ASKING, MENU[4:])
            assert sim.text == AMOUNT[4:]

    async def test_the_last_screen_stays_until_it_is_cleared(self) -> None:
        """The call is over, its words are not; End clears them."""
        async with sim_on_network() as (sim, _, _):
            await sim.enter("*383*1#")
            closed = (sim.face, sim.text, sim.in_call)
            sim.hang_up()

            assert closed == (Face.CLOSED, BALANCE[4:], False)
            assert (sim.face, sim.hint) == (Face.IDLE, IDLE_HINT)

    async def test_hanging_up_ends_the_call(self) -> None:
        """The screen says so."""
        async with sim_on_network() as (sim, _, _):
            await sim.enter("*383#")
            sim.hang_up()

            assert (sim.face, sim.text) == (Face.CLOSED, HUNG_UP)

    @pytest.mark.parametrize(("typed", "hint"), [("", IDLE_HINT), ("5", NOT_A_CODE_HINT)])
    async def test_keys_without_a_call_get_a_kind_word(self, typed: str, hint: str) -> None:
        """Nothing is sent."""
        async with sim_on_network() as (sim, network, _):
            sim.hint = ""

            await sim.enter(typed)

            assert (sim.hint, sim.face, network.hops) == (hint, Face.IDLE, [])

    async def test_end_and_repeat_without_a_call_get_a_kind_word(self) -> None:
        """Both say what to do instead."""
        async with sim_on_network() as (sim, _, _):
            sim.hang_up()
            ended = sim.hint
            assert await sim.repeat() is None

            assert (ended, sim.hint) == (NO_CALL_HINT, NOTHING_TO_REPEAT_HINT)

    async def test_an_empty_answer_is_asked_for_again(self) -> None:
        """The call goes on."""
        async with sim_on_network() as (sim, network, _):
            await sim.enter("*383#")
            await sim.enter("")

            assert (sim.hint, sim.in_call, len(network.hops)) == (EMPTY_HINT, True, 1)

    async def test_the_same_hop_again_shows_the_same_screen(self) -> None:
        """An honest service is told from one that is not."""
        async with sim_on_network() as (sim, network, _):
            await sim.enter("*383#")
            same = await sim.repeat()
            network.fault = "counting"
            other = await sim.repeat()

            assert (same, other) == (True, False)


class TestTrouble:
    async def test_no_service_is_shown_with_its_reason(self) -> None:
        """The words promise nothing about what was received."""
        async with sim_on_network() as (sim, network, _):
            network.fault = "status"

            await sim.enter("*383#")

            assert (sim.face, sim.text, sim.in_call) == (Face.FAILED, NO_SERVICE, False)
            assert "500" in sim.trouble

    async def test_after_no_service_one_can_dial_again(self) -> None:
        """The trouble is forgotten with the next screen."""
        async with sim_on_network() as (sim, network, _):
            network.fault = "status"
            await sim.enter("*383#")
            network.fault = ""

            await sim.enter("*383#")

            assert (sim.face, sim.trouble) == (Face.ASKING, "")

    async def test_an_answer_that_comes_after_hanging_up_is_not_shown(self) -> None:
        """Whoever hung up sees the end of the call, whatever arrives later."""
        async with sim_on_network() as (sim, network, _):
            network.fault = "hang"
            dialling = asyncio.create_task(sim.enter("*383#"))
            await network.arrived.wait()
            await sim.enter("1")
            busy = sim.hint

            sim.hang_up()
            network.released.set()
            await dialling

            assert busy == BUSY_HINT
            assert (sim.face, sim.text) == (Face.CLOSED, HUNG_UP)


class TestTime:
    async def test_the_carrier_ends_a_session_after_its_time(self) -> None:
        """The time runs from the dial, whatever is typed."""
        clock = HandClock()
        async with sim_on_network(clock) as (sim, network, _):
            await sim.enter("*383#")
            network.fault = "counting"
            for _ in range(3):
                clock.seconds += 45
                await sim.enter("2")
            left = sim.seconds_left

            clock.seconds += 44
            sim.expire()
            still = sim.in_call
            clock.seconds += 1
            sim.expire()

            assert (left, still) == (45, True)
            assert (sim.face, sim.text, sim.seconds_left) == (Face.CLOSED, TIMED_OUT, 0)

    async def test_a_screen_left_alone_ends_the_session(self) -> None:
        """A minute without an answer, though the session still has time."""
        clock = HandClock()
        async with sim_on_network(clock) as (sim, _, _):
            await sim.enter("*383#")
            clock.seconds += 59
            sim.expire()
            still = sim.in_call
            clock.seconds += 1
            sim.expire()

            assert still
            assert (sim.face, sim.text) == (Face.CLOSED, IDLED_OUT)


class TestSignal:
    """Coverage that comes and goes."""

    async def test_a_session_ends_where_the_signal_is_lost(self) -> None:
        """And nothing can be dialled until it is found."""
        async with sim_on_network() as (sim, network, _):
            await sim.enter("*383#")
            sim.lose_signal()
            lost = sim.text
            await sim.enter("*383#")
            dead = (sim.face, sim.text)
            sim.find_signal()
            await sim.enter("*383#")

            assert lost == SIGNAL_LOST
            assert dead == (Face.FAILED, NO_SIGNAL)
            assert (sim.face, len(network.hops)) == (Face.ASKING, 2)

    async def test_sms_wait_for_the_signal(self) -> None:
        """They come with the first look after it is back."""
        async with sim_on_network() as (sim, network, outside):
            sim.receive(await outside.messages(AMINA))
            sim.lose_signal()
            network.deliver_sms(AMINA, "while away")
            away = sim.receive(await outside.messages(AMINA))
            sim.find_signal()
            back = sim.receive(await outside.messages(AMINA))

            assert (list(away), [message.text for message in back]) == ([], ["while away"])


class TestTheEnd:
    """What the carrier tells about a session that is over."""

    @pytest.mark.parametrize(("answers", "status", "hops"), [(("1",), "Success", "2"), ((), "Incomplete", "1")])
    async def test_it_says_how_and_how_far(self, answers: tuple[str, ...], status: str, hops: str) -> None:
        """After the last screen, or when somebody hangs up in the middle; never what was typed."""
        calls: list[Coroutine[None, None, None]] = []
        async with visited_network() as (network, http):
            sim = Sim(Line(http, network.url, AMINA), HandClock(), lambda: None, later=calls.append)
            await sim.enter("*383#")
            for answer in answers:
                await sim.enter(answer)
            if sim.in_call:
                sim.hang_up()
            for call in calls:
                await call

            (told,) = network.ends
            assert (told["status"], told["hopsCount"], told["phoneNumber"]) == (status, hops, AMINA)
            assert told["sessionId"] == network.hops[0]["sessionId"]
            assert "text" not in told


class TestInbox:
    async def test_only_what_comes_later_is_new(self) -> None:
        """The inbox as it was found is read already."""
        async with sim_on_network() as (sim, network, outside):
            network.deliver_sms(AMINA, "old")
            first = sim.receive(await outside.messages(AMINA))
            network.deliver_sms(AMINA, "fresh")
            second = sim.receive(await outside.messages(AMINA))

            assert (list(first), [message.text for message in second]) == ([], ["fresh"])
            assert sim.unread == {"sms2"}


class TestPeople:
    def test_the_demo_people_are_known_by_their_numbers(self) -> None:
        """Anybody else is a stranger, not an error."""
        assert [person(one.msisdn) for one in PEOPLE] == list(PEOPLE)
        assert person("+254799000000").name == STRANGER

    def test_numbers_are_shown_as_they_are_read_out(self) -> None:
        """What has another length is left alone."""
        assert spaced(AMINA) == "0711 000 001"
        assert spaced("+123") == "+123"
