"""Pay-outs held back and the float they come from, through the whole house: by HTTP, in health, from a terminal."""

import subprocess
import sys
import uuid
from typing import Any

from flows.turn import Operation, reference
from gateway.store import customers
from tests.house import CALLBACK_TOKEN, House, Houses
from tests.servers import wait_until

AMINA = "+254711000001"
KEEPER = "+254711000077"
JANE, OMAR = ({"by": by, "why": "asked them on the phone"} for by in ("jane", "omar"))


async def asked(house: House, cents: int = 500_00) -> str:
    """A pay-out that a program asks for; its reference."""
    identity = str(uuid.uuid4())
    named = reference("WD", identity)
    async with house.gateway.store.begin() as connection:
        person = await customers.on_line(connection, AMINA)
        assert person is not None
        found = Operation(identity, "wallet.withdraw", named, person.id, {"amount_cents": cents, "fee_cents": 0})
        await house.gateway.outbox.put(connection, found)
    house.gateway.outbox.news.set()
    return named


async def at(house: House, named: str, step: str) -> None:
    """Until it stands at a step."""

    async def stands() -> bool:
        row = await house.operation(named)
        return bool(row.step == step and row.lease_until == 0)

    await wait_until(stands)


async def over(house: House, named: str) -> None:
    """Until nothing of it is to be done any more, and nothing is left to be told."""

    async def is_over() -> bool:
        return not (await house.operation(named)).is_open

    await wait_until(is_over)
    await house.settled()


async def held(houses: Houses, **settings: Any) -> tuple[House, str]:
    """A house in which a pay-out was made, and the same asked for once more."""
    house = await houses.build(**settings)
    await asked(house)
    await house.settled()
    again = await asked(house)
    await at(house, again, "guard")
    return house, again


async def known(house: House) -> dict[str, Any]:
    """The account that pays out, once M-PESA has told."""
    found: list[dict[str, Any]] = []

    async def told() -> bool:
        _, body = await house.ops("GET", "/api/mpesa/float")
        found[:] = [each for each in body["floats"] if each["paysOut"]]
        return bool(found)

    await wait_until(told)
    return found[0]


async def degraded(house: House) -> dict[str, Any]:
    """What health says, once it finds everything at work and something wrong all the same."""
    found: dict[str, Any] = {}

    async def is_it() -> bool:
        _, body = await house.ops("GET", "/api/ussd/health")
        found.update(body)
        return bool(found["status"] == "degraded")

    await wait_until(is_it)
    return found


class TestHeld:
    async def test_it_is_listed_and_two_people_let_it_go(self, houses: Houses) -> None:
        """In one request each, with a reason; both are in the record of what staff did."""
        house, again = await held(houses)

        _, before = await house.ops("GET", "/api/payouts/held")
        [shown] = before["payouts"]
        said = [await house.ops("POST", f"/api/payouts/{again}/release", json=who) for who in (JANE, JANE, OMAR, OMAR)]
        await over(house, again)

        assert {key: shown[key] for key in ("reference", "kind", "phone", "amount", "reason", "people")} == {
            "reference": again, "kind": "wallet.withdraw", "phone": AMINA, "amount": "500.00", "reason": "again",
            "people": 2,
        }  # fmt: skip
        assert [(status, body.get("state")) for status, body in said] == [
            (200, "second"), (409, None), (200, "released"), (409, None),
        ]  # fmt: skip
        assert (await house.operation(again)).state == "done"
        _, after = await house.ops("GET", "/api/payouts/held")
        assert after == {"payouts": [], "cursor": None}
        _, log = await house.ops("GET", "/api/staff/actions")
        assert [each["by"] for each in log["actions"] if each["action"] == "payout"] == ["omar", "jane"]

    async def test_declined_the_money_is_back_and_the_customer_knows(self, house: House) -> None:
        """By one person."""
        await asked(house)
        await house.settled()
        again = await asked(house)
        await at(house, again, "guard")

        status, body = await house.ops("POST", f"/api/payouts/{again}/decline", json=JANE)
        await over(house, again)

        assert (status, body["state"]) == (200, "declined")
        assert (await house.texts(AMINA))[-1].startswith(f"{again}: Ksh 500 not sent: it looked like one sent before.")

    async def test_what_is_wrong_is_said(self, house: House) -> None:
        """Nobody held, a reason that is none, a page that is none, no token."""
        async with house.http.get(f"{house.url}/api/payouts/held") as response:
            assert response.status == 401
        assert (await house.ops("POST", "/api/payouts/WD22222/release", json=JANE))[0] == 404
        status, body = await house.ops("POST", "/api/payouts/WD22222/release", json={"by": "jane"})
        assert (status, body["detail"]) == (422, "why: Field required")
        assert (await house.ops("GET", "/api/payouts/held?cursor=x"))[0] == 422


class TestFloat:
    async def test_it_is_asked_for_by_itself_and_shown(self, houses: Houses) -> None:
        """With what has gone out since, and how long the rest will last."""
        house = await houses.build(rails={"float": {"poll_minutes": 15}})
        shown = await known(house)
        await asked(house)
        await house.settled()

        _, body = await house.ops("GET", "/api/mpesa/float")

        assert (shown["shortcode"], shown["available"], shown["level"]) == ("600998", "10000000.00", "ok")
        assert body["marks"] == {"low": "50000.00", "critical": "10000.00", "least": "1000.00"}
        [paying] = [each for each in body["floats"] if each["paysOut"]]
        assert (paying["inFlight"], paying["hoursLeft"], paying["isStale"]) == ("500.00", None, False)
        assert {each["shortcode"] for each in body["floats"]} == {"600998", "600999"}

    async def test_a_critical_one_is_in_health_and_holds_pay_outs_back(self, houses: Houses) -> None:
        """Its keeper is told; the customer too; two people let it go all the same."""
        marks = {"low": 30_000_000, "critical": 20_000_000, "least": 9_999_999, "phone": KEEPER, "poll_minutes": 15}
        house = await houses.build(rails={"float": marks})
        await known(house)
        short = await asked(house)
        await at(house, short, "guard")

        health = await degraded(house)
        for who in (JANE, OMAR):
            await house.ops("POST", f"/api/payouts/{short}/release", json=who)
        await over(house, short)

        assert health["checks"]["float"] == {"status": "degraded", "level": "critical"}
        assert (await house.operation(short)).state == "done"
        delayed, sent = await house.texts(AMINA)
        assert delayed.startswith(f"{short}: Ksh 500 to your M-PESA is delayed on our side.")
        assert sent.startswith(f"{short} Confirmed.")
        [told] = await house.texts(KEEPER)
        assert told.startswith("Nyota float 600998: Ksh 10,000,000 at ")

    async def test_it_is_asked_for_at_once_by_hand(self, house: House) -> None:
        """As after a top-up."""
        status, _ = await house.ops("POST", "/api/mpesa/float")

        assert status == 202
        assert (await known(house))["level"] == "ok"

    async def test_a_forged_answer_is_taken_and_changes_nothing(self, house: House) -> None:
        """It is answered like any other, so that nobody learns anything."""
        written = "Utility Account|KES|1.00|1.00|0.00|0.00"
        body = {"Result": {"ResultCode": 0, "ResultParameters": {
            "ResultParameter": {"Key": "AccountBalance", "Value": written}
        }}}  # fmt: skip
        for path in ("balance/result", f"balance/result/{'0' * 32}"):
            async with house.http.post(f"{house.url}/api/public/pay/{CALLBACK_TOKEN}/{path}", json=body) as response:
                assert await response.json() == {"ResultCode": 0, "ResultDesc": "Accepted"}

        _, shown = await house.ops("GET", "/api/mpesa/float")
        assert shown["floats"] == []

    async def test_the_terminal_shows_the_same(self, house: House) -> None:
        """A line per account."""
        await house.ops("POST", "/api/mpesa/float")
        await known(house)
        url = house.config.database.url

        done = subprocess.run(  # noqa: ASYNC221 - nothing else goes on here meanwhile
            [sys.executable, "-m", "gateway", "rails", "float"],
            env={"PATH": "/usr/bin", "NYOTA_DATABASE__URL": url},
            capture_output=True, text=True, check=True,
        )  # fmt: skip

        paying = next(line for line in done.stdout.splitlines() if line.startswith("600998 Utility Account"))
        assert "KES 10000000.00 at " in paying
        assert paying.endswith("; ok, KES 0.00 on its way out, lasts more than two weeks")
