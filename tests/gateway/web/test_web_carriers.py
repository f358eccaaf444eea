"""The other carriers over HTTP: a whole dialogue in each dialect, repeats, drops, and what is refused."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.store import ends
from tests.house import House, Houses
from tests.meddling import AMINA

BARE = AMINA.lstrip("+")
OPEN = {"open_callbacks": True}
CARRIERS = {"generic": {**OPEN, "repeats_within_ms": 0}, "safaricom": OPEN, "comviva": {**OPEN, "repeats_within_ms": 0}}


@pytest.fixture
async def linked(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[House]:
    """A house with all carriers, whose last-input ones take every hop for a hand's."""
    async with AsyncExitStack() as stack:
        houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
        yield await houses.build(works=False, providers=CARRIERS)


class Link:
    """One phone on one carrier: `screen` answers as the dialect does, and gives the text and whether it is final."""

    def __init__(self, house: House, name: str, session: str = "s1") -> None:
        self.house, self.name, self.session = house, name, session
        self.typed: list[str] = []

    async def screen(self, answer: str, *, opens: bool = False) -> tuple[str, bool]:
        if not opens:
            self.typed.append(answer)
        status, headers, body = await getattr(self, f"_{self.name}")(answer, opens)
        assert status == 200, body
        if self.name == "generic":
            told = json.loads(body)
            return told["message"], not told["continue"]
        if self.name == "comviva":
            return body, headers["Freeflow"] == "FB"
        return body[4:], body.startswith("END")

    async def _generic(self, answer: str, opens: bool) -> tuple[int, Any, str]:
        fields = {"sessionId": self.session, "phoneNumber": AMINA, "serviceCode": "*383#", "input": answer}
        return await call(self.house, "POST", "/api/ussd/generic", json={**fields, "newSession": opens})

    async def _safaricom(self, answer: str, opens: bool) -> tuple[int, Any, str]:
        typed = "*".join(self.typed)
        fields = {"SESSION_ID": self.session, "MSISDN": BARE, "SERVICE_CODE": "*383#", "USSD_STRING": typed}
        return await call(self.house, "GET", "/api/ussd/safaricom", params=fields)

    async def _comviva(self, answer: str, opens: bool) -> tuple[int, Any, str]:
        fields = {"SessionId": self.session, "MSISDN": BARE, "INPUT": "*383#" if opens else answer}
        return await call(self.house, "GET", "/api/ussd/comviva", params=fields)


async def call(house: House, method: str, path: str, **request: Any) -> tuple[int, Any, str]:
    async with house.http.request(method, f"{house.url}{path}", **request) as response:
        return response.status, response.headers, await response.text()


async def told(house: House) -> list[Any]:
    async with house.gateway.store.read() as connection:
        return await ends.newest(connection, 10)


class TestDialogues:
    """The same conversation, whoever carries it."""

    @pytest.mark.parametrize("name", CARRIERS)
    async def test_a_loan_is_asked_for_from_menu_to_reference(self, linked: House, name: str) -> None:
        """With the PIN, in each dialect; one operation is accepted."""
        link = Link(linked, name)
        opened = await link.screen("", opens=True)
        screens = [opened, *[await link.screen(answer) for answer in ("2", "1", "2000", "1", "4826")]]

        assert screens[0][0].startswith("Nyota: Amina")
        assert [is_final for _, is_final in screens] == [False] * 5 + [True]
        assert "received. Ksh 1,980 will go to your M-PESA 0711***001" in screens[-1][0]
        assert len(await linked.operations("loan.disburse")) == 1

    @pytest.mark.parametrize("name", ["generic", "comviva"])
    async def test_the_same_answer_twice_at_a_hands_pace_is_two_answers(self, linked: House, name: str) -> None:
        """`9` for help; `1` for the first line; then `1` again is a code that is too short."""
        link = Link(linked, name)
        await link.screen("", opens=True)
        await link.screen("9")
        asks, _ = await link.screen("1")
        again, _ = await link.screen("1")

        assert asks.startswith("Code in the M-PESA SMS?")
        assert again.startswith("The code has letters and digits")

    @pytest.mark.parametrize("name", ["generic", "comviva"])
    async def test_dialling_again_under_the_same_id_begins_anew(self, linked: House, name: str) -> None:
        """Carriers recycle ids."""
        link = Link(linked, name)
        await link.screen("", opens=True)
        await link.screen("9")

        screen, _ = await link.screen("", opens=True)

        assert screen.startswith("Nyota: Amina")

    async def test_a_second_try_of_the_carrier_is_answered_alike(
        self, tmp_path: Path, fresh_sqlite: str, fresh_redis: str
    ) -> None:
        """Faster than a hand: the same screen, one answer."""
        async with AsyncExitStack() as stack:
            houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
            house = await houses.build(works=False, providers={"comviva": {**OPEN, "repeats_within_ms": 2000}})
            link = Link(house, "comviva")
            await link.screen("", opens=True)

            assert await link.screen("9") == await link.screen("9")


class TestDrops:
    """The caller is gone, and the carrier says so."""

    async def test_comviva_names_the_phone_only(self, linked: House) -> None:
        """The newest session of that phone is meant; where it stood is kept, and told twice counts once."""
        link = Link(linked, "comviva")
        await link.screen("", opens=True)
        await link.screen("9")
        for _ in range(2):
            gone = {"MSISDN": BARE, "clean": "clean-session", "status": "522"}
            assert (await call(linked, "GET", "/api/ussd/comviva", params=gone))[0] == 200

        (end,) = await told(linked)
        assert (end.provider, end.status, end.said, end.flow, end.step) == (
            "comviva",
            "incomplete",
            "522",
            "help",
            "menu",
        )
        assert end.phone == "0711***001"

    async def test_of_a_phone_without_a_session_nothing_is_kept(self, linked: House) -> None:
        """There is nothing to tell."""
        gone = {"MSISDN": "254711999999", "clean": "clean-session", "status": "522"}

        assert (await call(linked, "GET", "/api/ussd/comviva", params=gone))[0] == 200
        assert await told(linked) == []

    async def test_africas_talking_tells_after_the_session(self, linked: House) -> None:
        """On an address of its own, with cost and hops; what was typed is nowhere."""
        await linked.hop("9", session="ATUid_7")
        notice = {
            "sessionId": "ATUid_7", "phoneNumber": AMINA, "serviceCode": "*383#", "status": "Incomplete",
            "cost": "KES 0.50", "durationInMillis": "9000", "hopsCount": "2", "input": "9*4826",
        }  # fmt: skip
        with capture_logs() as logs:
            assert (await call(linked, "POST", "/api/ussd/events/africastalking", data=notice))[0] == 200

        (end,) = await told(linked)
        assert (end.flow, end.step, end.cost, end.seconds, end.hops) == ("help", "menu", "KES 0.50", 9, 2)
        assert "4826" not in repr(logs)
        assert "4826" not in repr(end)

    async def test_our_own_dialect_tells_it_as_json(self, linked: House) -> None:
        """Each status by its own name."""
        notice = {"sessionId": "s9", "phoneNumber": AMINA, "serviceCode": "*383#", "status": "failed", "hops": 3}

        assert (await call(linked, "POST", "/api/ussd/events/generic", json=notice))[0] == 200
        (end,) = await told(linked)
        assert (end.status, end.hops, end.flow) == ("failed", 3, "")


class TestNoCallback:
    """What is none gets a 4xx."""

    @pytest.mark.parametrize(
        ("method", "path", "request_", "status"),
        [
            ("POST", "/api/ussd/generic", {"data": {"sessionId": "s"}}, 400),
            ("POST", "/api/ussd/generic", {"data": b"[1]", "headers": {"Content-Type": "application/json"}}, 400),
            ("POST", "/api/ussd/generic", {"data": b"\xff{", "headers": {"Content-Type": "application/json"}}, 400),
            ("GET", "/api/ussd/generic", {}, 405),
            ("POST", "/api/ussd/safaricom", {"data": {"MSISDN": BARE}}, 405),
            ("GET", "/api/ussd/safaricom", {"params": {"MSISDN": BARE}}, 400),
            ("GET", "/api/ussd/comviva", {"params": {"INPUT": "*383#"}}, 400),
            ("GET", "/api/ussd/comviva/wrong", {"params": {"MSISDN": BARE, "SessionId": "s", "INPUT": "1"}}, 403),
            ("POST", "/api/ussd/events/safaricom", {"data": {"MSISDN": BARE}}, 400),
            ("POST", "/api/ussd/events/nobody", {"data": {}}, 404),
        ],
    )
    async def test_it_is_refused(
        self, linked: House, method: str, path: str, request_: dict[str, Any], status: int
    ) -> None:
        """By method, type, missing field or token."""
        assert (await call(linked, method, path, **request_))[0] == status
