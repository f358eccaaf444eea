"""What operators see and do over HTTP, with their token and only with it."""

import asyncio
import json
from typing import Any
from unittest.mock import patch

import pytest
from redis import Redis

from gateway.errors import Unavailable
from tests.house import OPS_TOKEN, House, Houses
from tests.meddling import AMINA, AMINA_PIN, BARAKA, BORROW, RECEIVED, TO_THE_PIN, fault, typed

GUARDED = [
    ("POST", "/api/ussd/test"),
    ("GET", "/api/ussd/sessions"),
    ("POST", "/api/ussd/sessions/clear"),
    ("GET", "/api/ussd/queue/0711000001"),
    ("POST", "/api/ussd/sync"),
    ("POST", "/api/mpesa/c2b/register"),
    ("GET", "/metrics"),
]


class TestTheToken:
    """Operators authenticate with a bearer token."""

    async def test_everything_but_health_asks_for_it(self, house: House) -> None:
        """As a problem with a stable type, without a hint."""
        wrong = ("", "Bearer", "Bearer wrong", f"Basic {OPS_TOKEN}", OPS_TOKEN, f"Bearer {OPS_TOKEN}x")
        for method, path in GUARDED:
            for headers in ({}, *({"Authorization": header} for header in wrong)):
                async with house.http.request(method, f"{house.url}{path}", headers=headers) as response:
                    body = await response.json(content_type="application/problem+json")

                assert response.status == 401
                assert body["type"] == "urn:nyota:problem:unauthorized"
                assert OPS_TOKEN not in json.dumps(body)

    async def test_a_token_that_is_no_text_is_a_wrong_one(self, house: House) -> None:
        """Bytes that nobody typed break nothing."""
        reader, writer = await _connected(house)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()

        assert answer.startswith(b"HTTP/1.1 401 ")

    async def test_the_scheme_is_written_in_any_case_and_nobody_keeps_the_answer(self, house: House) -> None:
        """As HTTP has it; a list, a balance and a streamed table alike."""
        headers = {"Authorization": f"bearer {OPS_TOKEN}"}
        for path in ("/api/ussd/sessions", "/api/wallet/0711000001", "/api/operations/export"):
            async with house.http.get(f"{house.url}{path}", headers=headers) as response:
                assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")


async def _connected(house: House) -> Any:
    return await asyncio.open_connection("127.0.0.1", house.config.server.port)


class TestTrying:
    """`POST /api/ussd/test`: one hop, and where the session stands."""

    async def test_a_hop_is_played_as_a_carrier_would(self, house: House) -> None:
        """Screen, whether it goes on, and the session without whole phone or typed text."""
        status, first = await house.ops("POST", "/api/ussd/test", json=_tried(""))
        _, second = await house.ops("POST", "/api/ussd/test", json=_tried("2"))

        assert status == 200
        assert first["response"] == f"CON {first['message']}"
        assert (first["continue"], first["session"]["screen"]) == (True, "menu.main")
        assert (second["session"]["flow"], second["session"]["turn"]) == ("borrow", 2)
        assert second["session"]["phone"] == "0711***001"

    async def test_it_is_a_session_of_its_own(self, house: House) -> None:
        """Beside one of the carrier with the same id."""
        await typed(house, *TO_THE_PIN, session="T1")

        _, answer = await house.ops("POST", "/api/ussd/test", json=_tried("1"))

        assert answer["session"]["screen"] != "borrow.pin"

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({}, "sessionId"),
            ({"sessionId": "T1"}, "phoneNumber"),
            ({"sessionId": "T1", "phoneNumber": "12"}, "phoneNumber"),
            ({"sessionId": "T1", "phoneNumber": AMINA, "text": 5}, "text"),
            ({"sessionId": "", "phoneNumber": AMINA}, "sessionId"),
            ({"sessionId": "T1", "phoneNumber": AMINA, "pin": AMINA_PIN}, "pin"),
            ([], "body"),
        ],
    )
    async def test_what_is_wrong_is_named(self, house: House, body: Any, named: str) -> None:
        """The first field, in one line, without its value."""
        status, answer = await house.ops("POST", "/api/ussd/test", json=body)

        assert status == 422
        assert answer["type"] == "urn:nyota:problem:invalid"
        assert answer["detail"].startswith(f"{named}: ")
        assert AMINA_PIN not in json.dumps(answer)

    async def test_what_is_no_json_is_named_too(self, house: House) -> None:
        """Not a 500."""
        status, answer = await house.ops("POST", "/api/ussd/test", data=b"{broken")

        assert status == 422
        assert answer["detail"].startswith("body: ")


def _tried(text: str) -> dict[str, str]:
    return {"sessionId": "T1", "phoneNumber": "0711 000 001", "text": text}


class TestLiveSessions:
    """The monitor, masked."""

    async def test_they_are_listed_page_by_page(self, house: House) -> None:
        """With flow, screen, turn, age and time to live; never a whole phone."""
        phones = [f"+2547220000{number:02}" for number in range(30)]
        for phone in phones:
            await house.hop("", phone=phone, session=f"ATUid_{phone[1:]}")
        await typed(house, *TO_THE_PIN)

        listed, cursor = [], 0
        while True:
            status, page = await house.ops("GET", f"/api/ussd/sessions?cursor={cursor}&limit=10")
            assert status == 200
            listed += page["sessions"]
            cursor = page["cursor"]
            if not cursor:
                break

        assert len({session["id"] for session in listed}) == 31
        (borrowing,) = [session for session in listed if session["flow"] == "borrow"]
        assert (borrowing["phone"], borrowing["provider"]) == ("0711***001", "africastalking")
        assert (borrowing["turn"], borrowing["isFinal"]) == (5, False)
        assert 0 <= borrowing["ageSeconds"] < 60
        assert 0 < borrowing["ttlSeconds"] <= 180
        assert not any(phone[4:] in json.dumps(listed) for phone in [*phones, AMINA])

    @pytest.mark.parametrize("query", ["cursor=x", "limit=x", "cursor=-1", "cursor=99999999999999999999999", "cursor="])
    async def test_a_cursor_that_is_none_is_refused(self, house: House, query: str) -> None:
        """By name; Redis is not asked."""
        status, answer = await house.ops("GET", f"/api/ussd/sessions?{query}")

        assert status == 422
        assert answer["type"] == "urn:nyota:problem:invalid"

    async def test_one_phone_or_all_are_cleared(self, house: House) -> None:
        """And how many there were."""
        await house.hop("", session="ATUid_a")
        await house.hop("", session="ATUid_b")
        await house.hop("", session="ATUid_c", phone=BARAKA)

        assert await _cleared(house, {"phoneNumber": "0711 000 001"}) == 2
        assert await _cleared(house, {}) == 1
        assert (await house.ops("GET", "/api/ussd/sessions"))[1]["sessions"] == []

    @pytest.mark.parametrize("body", [{"phoneNumber": "12"}, {"phone": AMINA}, {"phoneNumber": ""}])
    async def test_a_phone_that_is_none_clears_nothing(self, house: House, body: dict[str, str]) -> None:
        """A slip of the pen must not throw everybody out."""
        await house.hop("")

        status, answer = await house.ops("POST", "/api/ussd/sessions/clear", json=body)

        assert (status, answer["type"]) == (422, "urn:nyota:problem:invalid")
        assert len((await house.ops("GET", "/api/ussd/sessions"))[1]["sessions"]) == 1

    async def test_a_session_of_an_older_shape_does_not_hide_the_others(self, house: House, fresh_redis: str) -> None:
        """What cannot be read is left out."""
        await house.hop("")
        with Redis.from_url(fresh_redis) as redis:
            redis.set("nyota:{old}:session", b"0123456789abcdef0001 not a session")

        status, page = await house.ops("GET", "/api/ussd/sessions")

        assert status == 200
        assert len(page["sessions"]) == 1


async def _cleared(house: House, body: dict[str, str]) -> int:
    status, answer = await house.ops("POST", "/api/ussd/sessions/clear", json=body)
    assert status == 200
    return int(answer["cleared"])


class TestTheQueue:
    """A customer's operations, and working them off now."""

    async def test_a_customers_operations_are_listed_with_their_attempts(self, house: House) -> None:
        """The newest first, with state, step and what each attempt came to."""
        accepted = RECEIVED.match(await typed(house, *BORROW))
        await house.settled()

        status, answer = await house.ops("GET", "/api/ussd/queue/0711000001")

        assert status == 200
        assert accepted
        (loan,) = [operation for operation in answer["operations"] if operation["kind"] == "loan.disburse"]
        assert (loan["reference"], loan["state"], loan["isOpen"]) == (accepted[1], "done", False)
        steps = [attempt["step"] for attempt in loan["attempts"]]
        assert (steps[0], steps[-1]) == ("apply", "post")
        assert [operation["kind"] for operation in answer["operations"]][-2:] == ["loan.disburse", "peer.ask"]

    async def test_others_operations_are_not(self, house: House) -> None:
        """Nor those of a phone nobody knows."""
        await typed(house, *BORROW)

        for phone in (BARAKA, "0722000000"):
            assert await house.ops("GET", f"/api/ussd/queue/{phone}") == (200, {"operations": []})
        assert (await house.ops("GET", "/api/ussd/queue/nobody"))[0] == 422

    async def test_sync_works_off_what_is_due(self, houses: Houses) -> None:
        """And says how much; a second time there is less to do."""
        house = await houses.build(works=False)
        await typed(house, *BORROW)

        status, first = await house.ops("POST", "/api/ussd/sync")

        assert status == 200
        assert first["worked"] >= 1
        (loan,) = await house.operations("loan.disburse")
        assert loan.step != "apply"

    async def test_register_tells_the_rail_or_why_not(self, house: House) -> None:
        """Harmless to repeat; a rail that is away is a 503, one that refuses a 502."""
        assert await house.ops("POST", "/api/mpesa/c2b/register") == (200, {"registered": True})

        await fault(house, "c2b", "drop")
        status, answer = await house.ops("POST", "/api/mpesa/c2b/register")

        assert status in {502, 503}
        assert answer["type"].startswith("urn:nyota:problem:")


class TestMetrics:
    """What Prometheus reads."""

    async def test_turns_attempts_and_the_queue_are_counted(self, house: House) -> None:
        """By our own names, never a person."""
        await typed(house, *BORROW)
        await house.settled()

        status, text = await house.ops("GET", "/metrics")

        assert status == 200
        assert 'nyota_turns_total{provider="africastalking",said="answered"}' in text
        assert 'nyota_attempts_total{kind="loan.disburse"' in text
        assert "nyota_queue_age_seconds" in text
        assert "711000001" not in text


class TestOutages:
    """Part of it is away."""

    async def test_an_operator_is_told_and_shown_nothing_inner(self, house: House) -> None:
        """503 with a problem; the reason stays in the log."""
        gone = Unavailable("redis at secret-host: gone")
        with patch.object(house.gateway.sessions, "live", side_effect=gone):
            status, answer = await house.ops("GET", "/api/ussd/sessions")

        assert (status, answer["type"]) == (503, "urn:nyota:problem:unavailable")
        assert "secret-host" not in json.dumps(answer)

    async def test_what_is_broken_is_a_500_without_a_traceback(self, house: House) -> None:
        """The edge catches everything."""
        broken = ZeroDivisionError("at line 5 of secret.py")
        with patch.object(house.gateway.sessions, "live", side_effect=broken):
            status, answer = await house.ops("GET", "/api/ussd/sessions")

        assert (status, answer["type"]) == (500, "urn:nyota:problem:internal")
        assert "secret.py" not in json.dumps(answer)
