"""What is easy to get wrong about people and carriers, one class each: every test fails without the guard it names.

All of it through the whole house: the carrier's callback comes in by HTTP, Redis and the database are real, and the
outside world misbehaves on request.
"""

import asyncio
import re
from pathlib import Path

import gsm0338  # noqa: F401 - registers the codec that counts septets
import pytest
from redis import Redis
from sqlalchemy import update

from gateway.clock import system
from gateway.lending.offers import DEMO_PRODUCTS
from gateway.store.tables import turns
from tests.house import House, Houses
from tests.meddling import (
    AMINA_PIN,
    BARAKA,
    BORROW,
    POLITE,
    RECEIVED,
    TO_THE_PIN,
    all_at_once,
    another,
    held,
    hop,
    typed,
)
from tests.servers import wait_until

DAY_MS = 86_400_000


class TestTwoAtOnce:
    """1. Identical callbacks together, and different ones in flight together."""

    async def test_two_identical_callbacks_do_one_thing_and_get_one_screen(self, house: House) -> None:
        """Guard: gateway/operations/outbox.py:Outbox.accept, the turn record UNIQUE(session, turn)."""
        await typed(house, *TO_THE_PIN)
        all_at_once(house.gateway.sessions, "load", 2)

        first, second = await asyncio.gather(*(house.hop("*".join(BORROW)) for _ in range(2)))

        assert RECEIVED.match(first)
        assert second == first
        assert len(await house.operations("loan.disburse")) == 1

    async def test_of_two_different_answers_in_flight_the_first_wins_and_both_see_it(self, house: House) -> None:
        """Guard: gateway/sessions.py:SAVE, compare-and-set on session and turn."""
        await house.hop("")
        all_at_once(house.gateway.sessions, "load", 2)

        borrow, help_ = await asyncio.gather(house.hop("2"), house.hop("9"))

        assert borrow == help_

    async def test_two_different_confirmations_in_flight_commit_once(self, house: House) -> None:
        """Guard: gateway/conversation.py:Conversation._committed, who is answered from the winner's record."""
        await typed(house, *TO_THE_PIN)
        all_at_once(house.gateway.sessions, "load", 2)
        text = "*".join(BORROW)

        first, second = await asyncio.gather(house.hop(text), house.hop(f"{text}#"))

        assert RECEIVED.match(first)
        assert second == first
        assert len(await house.operations("loan.disburse")) == 1


class TestReplyLost:
    """2. The reply was lost after the operation was accepted: the aggregator retries, the customer redials."""

    async def test_a_retry_is_answered_byte_for_byte_and_a_redial_says_it_is_on_its_way(self, houses: Houses) -> None:
        """Guards: gateway/reading.py:read (repeat), flows/engine.py:Engine._opened (a request under way first)."""
        house = await houses.build(works=False)
        asked = await typed(house, *TO_THE_PIN)
        asked_again = await house.hop("*".join(TO_THE_PIN))
        accepted = await house.hop("*".join(BORROW))

        retried = await house.hop("*".join(BORROW))
        redialled = await house.hop("", session="ATUid_2")

        found = RECEIVED.match(accepted)
        assert found
        assert asked_again == asked
        assert retried == accepted
        assert f"Request {found[1]}" in redialled
        assert "on its way" in redialled
        assert len(await house.operations("loan.disburse")) == 1

    async def test_a_retry_after_redis_forgot_is_answered_from_disk(self, house: House, fresh_redis: str) -> None:
        """Guard: gateway/conversation.py:Conversation._turn, which asks Outbox.recall before it starts afresh."""
        accepted = await typed(house, *BORROW)
        with Redis.from_url(fresh_redis) as redis:
            redis.flushall()

        retried = await house.hop("*".join(BORROW))

        assert retried == accepted
        assert len(await house.operations("loan.disburse")) == 1

    async def test_two_sessions_that_confirm_the_same_wish_get_one_operation(self, houses: Houses) -> None:
        """Guard: gateway/operations/outbox.py:Outbox._explain_one, one open operation per kind and account."""
        house = await houses.build(works=False)
        await typed(house, *TO_THE_PIN, session="ATUid_old")
        checked, go_on = held(house.gateway.conversation._pins, "verdict")
        slow = asyncio.create_task(house.hop("*".join(BORROW), session="ATUid_old"))
        await checked.wait()

        quick = await typed(house, *BORROW, session="ATUid_new")
        go_on.set()
        late = await slow

        found = RECEIVED.match(quick)
        assert found
        assert f"Request {found[1]}" in late
        assert "on its way" in late
        assert len(await house.operations("loan.disburse")) == 1


class TestRecycledSessionIds:
    """5. A session id comes again: from another phone today, from the same phone tomorrow."""

    async def test_another_phone_with_the_same_id_is_another_session(self, house: House) -> None:
        """Guard: gateway/sessions.py:Sessions.keys, which begins with the phone."""
        await typed(house, *TO_THE_PIN)

        stranger = await house.hop("", phone=BARAKA)
        forged = await house.hop("*".join(BORROW), phone=BARAKA)
        own = await house.hop("*".join(BORROW))

        assert "1 Salio" in stranger
        assert not forged.startswith("END")
        assert RECEIVED.match(own)
        assert len(await house.operations("loan.disburse")) == 1

    async def test_the_same_phone_with_the_same_id_tomorrow_starts_afresh(self, house: House, fresh_redis: str) -> None:
        """Guard: gateway/operations/outbox.py:Outbox.recall, which looks back only as far as a session lives."""
        accepted = await typed(house, *BORROW)
        await house.settled()
        with Redis.from_url(fresh_redis) as redis:
            redis.flushall()
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(turns).values(at=turns.c.at - DAY_MS))

        tomorrow = await house.hop("2*1*500")

        assert RECEIVED.match(accepted)
        assert tomorrow.startswith("CON Loan Ksh 500")


class TestWhatPeopleType:
    """6. Whatever is typed, dialled or sent."""

    @pytest.mark.parametrize(
        ("before", "text", "expected"),
        [
            ("1", "1**2", r"CON A Nyota PIN is 4 to 6 digits"),
            ("", "*1*500", r"CON Enter Nyota PIN"),
            ("", "1*500*", r"CON Enter Nyota PIN"),
            ("", "0*a*b*****", r"CON Choose "),
            ("2", "2*", r"CON (No answer|Choose)"),
            ("", "#", r"CON Choose "),
            ("", "9" * 10_000, r"CON Choose "),
            ("", "*".join("1" * 5_000), r"CON "),
            ("", "٢", r"CON Borrow"),
            ("", "２", r"CON Borrow"),
            ("", " 2 ", r"CON Borrow"),
            ("", "\U0001f4b8", r"CON Choose "),
            ("", "\x00\x1b[31m", r"CON (Choose|No answer)"),
            ("", "\ud83d", r"CON Choose "),
        ],
        ids=[
            "a-star-typed", "a-star-first", "a-star-last", "letters-and-stars", "an-empty-answer", "a-hash",
            "ten-kilobytes", "ten-kilobytes-of-answers", "arabic-digit", "full-width-digit", "spaces", "emoji",
            "control-characters", "half-a-character",
        ],
    )  # fmt: skip
    async def test_it_is_answered_and_the_session_goes_on(
        self, house: House, fresh_redis: str, before: str, text: str, expected: str
    ) -> None:
        """Guards: flows/text.py:plain and parts, flows/engine.py:Engine._first (the empty answer)."""
        await house.hop("")
        if before:
            await house.hop(before)

        screen = await house.hop(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
        following = await house.hop(f"{text}*00".encode("utf-8", "surrogatepass").decode("utf-8", "replace"))

        assert re.match(expected, screen), screen
        assert following.startswith("CON ")
        with Redis.from_url(fresh_redis) as redis:
            assert max(len(redis.get(key) or b"") for key in redis.scan_iter("nyota:*")) < 1024

    async def test_ten_kilobytes_of_complaint_are_kept_as_one_screen_of_it(self, house: House) -> None:
        """Guard: flows/text.py:INPUT_CHARACTERS_MAX, as much as a phone can send."""
        screen = await typed(house, "9", "5", "a" * 10_000)

        (operation,) = await house.operations("case.open")
        assert screen.startswith("END Case")
        assert len(operation.intent["said"]) == 182


class TestDiallingAhead:
    """7. A shortcut lands on the cost and not past it; a PIN in it is dropped."""

    @pytest.mark.parametrize("dialled", ["2*1*2000", "2*1*2000*1", f"2*1*2000*1*{AMINA_PIN}"])
    async def test_it_lands_on_the_cost_and_no_further(self, house: House, dialled: str) -> None:
        """Guard: flows/engine.py:Engine._stops_folding."""
        screen = await house.hop(dialled, session="ATUid_ahead")
        as_a_code = await house.hop("", session="ATUid_code", serviceCode=f"*383*{dialled}#")

        assert screen.startswith("CON Loan Ksh 2,000")
        assert as_a_code == screen
        assert await house.operations() == []

    async def test_a_pin_that_came_with_other_answers_is_not_looked_at(self, house: House) -> None:
        """Guard: flows/engine.py:Engine.takes_secret, which takes a PIN only as the one new answer."""
        await typed(house, *TO_THE_PIN)

        screen = await house.hop("*".join((*BORROW, "1")))

        assert screen.startswith("CON ")
        assert await house.operations() == []


class TestRoomOnAScreen:
    """8. Septets counted exactly in Swahili with expensive characters; options whole; digits that mean one thing."""

    async def test_every_page_fits_and_no_option_is_cut_or_collides(self, houses: Houses) -> None:
        """Guards: menus/gsm.py:septets (two for the extension table), menus/screen.py (options never cut)."""
        keys = ["quick", *(f"loan{number:02}" for number in range(2, 13))]
        names = {key: f"Mkopo {{{number}}} [€] é{'|' * number}" for number, key in enumerate(keys, start=1)}
        terms = {"min_amount": "100.00", "max_amount": "5000.00", "first_limit": "2000.00"}
        quick = DEMO_PRODUCTS["quick"]
        house = await houses.build(
            lending={"products": {key: {**quick, **terms, "name": name} for key, name in names.items()}},
        )
        text, pages = "2", []
        await house.hop("", phone=BARAKA)
        while True:
            pages.append((await house.hop(text, phone=BARAKA))[4:])
            if not re.search(r"(?m)^98 |(?<= )98 ", pages[-1]):
                break
            text += "*98"

        listed = [line for page in pages for line in page.split("\n") if re.match(r"\d+ Mkopo", line)]
        digits = [line.split(" ")[0] for line in listed]
        assert len(pages) > 2
        assert all(len(page.encode("gsm03.38")) <= 160 for page in pages)
        assert [name for name in names.values() if not any(name in line for line in listed)] == []
        assert digits == [str(number) for number in range(1, 13)]
        assert (await house.hop(f"{text}*12", phone=BARAKA)).startswith("CON Mkopo wa Mkopo {12} [€]")


class TestExpired:
    """9. Input after the session has expired; a node whose clock is wrong."""

    async def test_a_pin_at_second_181_is_not_taken_and_the_price_is_shown_again(
        self, house: House, fresh_redis: str
    ) -> None:
        """Guard: flows/engine.py:Engine._stops_folding, where an unknown session's text is folded to the first gate."""
        await typed(house, *TO_THE_PIN)
        with Redis.from_url(fresh_redis) as redis:
            for key in redis.scan_iter("nyota:{*"):
                redis.pexpire(key, 1)
            await wait_until(lambda: not list(redis.scan_iter("nyota:{*")))

        screen = await house.hop("*".join(BORROW))
        again = await house.hop("*".join((*BORROW, "1")))
        accepted = await house.hop("*".join((*BORROW, "1", AMINA_PIN)))

        assert screen.startswith("CON Loan Ksh 2,000")
        assert "PIN" in again
        assert RECEIVED.match(accepted)
        assert len(await house.operations("loan.disburse")) == 1

    async def test_every_answer_keeps_the_session_alive_for_the_whole_time(
        self, house: House, fresh_redis: str
    ) -> None:
        """Guard: gateway/sessions.py:SAVE, which sets the time to live with every turn."""
        await house.hop("")
        with Redis.from_url(fresh_redis) as redis:
            for key in redis.scan_iter("nyota:*"):
                redis.expire(key, 5)

            await house.hop("2")

            assert all(redis.ttl(key) > 170 for key in redis.scan_iter("nyota:*"))

    async def test_a_node_whose_clock_is_an_hour_off_takes_over_in_the_middle(
        self, house: House, tmp_path: Path
    ) -> None:
        """Guard: gateway/sessions.py:Sessions, where only Redis's own clock ends a session."""
        async with (
            another(house, tmp_path, lambda: system() + 3_600_000) as ahead,
            another(house, tmp_path, lambda: system() - 3_600_000) as behind,
        ):
            nodes = [house.gateway, ahead, behind]
            for count in range(len(BORROW) + 1):
                text = "*".join(BORROW[:count])
                reply = await nodes[count % 3].conversation.answer(hop(text))

        await house.settled()
        assert reply.is_final
        assert "received" in reply.text
        assert len((await house.outside.money()).movements) == 1


class TestTenTimesTheTraffic:
    """12. A flood from the addresses of a few aggregators."""

    async def test_hundreds_of_phones_behind_one_address_are_all_served(self, house: House) -> None:
        """Guard: gateway/web/ussd.py:UssdRoutes.handle, which knows no limit per address."""
        phones = [f"+2547220{number:05}" for number in range(300)]

        screens = await asyncio.gather(*(house.hop("", session=f"ATUid_{phone[1:]}", phone=phone) for phone in phones))

        assert all(screen.startswith("CON ") for screen in screens)

    async def test_new_dials_are_turned_away_before_those_who_are_about_to_pay(self, houses: Houses) -> None:
        """Guard: gateway/conversation.py:Conversation.answer, in_flight_max for hops without text."""
        house = await houses.build(works=False, server={"turns_in_flight_max": 1})
        await typed(house, *TO_THE_PIN)
        busy, go_on = held(house.gateway.conversation._facts, "gather")
        blocking = asyncio.create_task(house.hop("", session="ATUid_2", phone=BARAKA))
        await busy.wait()

        dialled = await house.hop("", session="ATUid_3", phone="+254722000001")
        paying = await house.hop("*".join(BORROW))
        go_on.set()

        assert POLITE.match(dialled)
        assert RECEIVED.match(paying)
        assert (await blocking).startswith("CON ")
