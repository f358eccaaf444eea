"""M-PESA at the operators' desk, through the whole house."""

from typing import Any

from tests.gateway.playbooks.street import prove
from tests.house import OPS_TOKEN, House, Houses
from tests.servers import wait_until

AMINA = "0711000001"
PUSH = {"phone": AMINA, "amount": "300", "by": "jane"}
PAY = {"phone": AMINA, "amount": "500", "by": "jane", "why": "her phone is broken"}
OMAR = {"by": "omar", "why": "saw her card"}


async def keyed(house: House, path: str, key: str, body: dict[str, Any]) -> tuple[int, Any]:
    """A call as an operator, under a key. The bearer token goes with it."""
    headers = {"Authorization": f"Bearer {OPS_TOKEN}", "Idempotency-Key": key}
    async with house.http.post(f"{house.url}/api/mpesa/{path}", json=body, headers=headers) as response:
        return response.status, await response.json(content_type=None)


async def found(house: House, name: str, query: str = "") -> Any:
    """The one request to M-PESA under this name."""
    status, said = await house.ops("GET", f"/api/mpesa/query/{name}{query}")
    assert status == 200, said
    [request] = said["requests"]
    return request


async def is_done(house: House, name: str, query: str = "") -> bool:
    """Whether the payment is booked: what ends the prompt by itself is still to come."""
    await house.ops("GET", f"/api/mpesa/query/{name}{query}")
    return bool((await house.operation(name)).state == "done")


async def is_over(house: House, name: str) -> bool:
    return not (await house.operation(name)).is_open


class TestAsking:
    async def test_a_prompt_is_raised_once_and_seen_to_its_end(self, houses: Houses) -> None:
        """Under every name that it has; the same key asks nobody twice."""
        house = await houses.build()

        status, said = await keyed(house, "stk-push", "k1", PUSH)
        again, same = await keyed(house, "stk-push", "k1", PUSH)
        other, refused = await keyed(house, "stk-push", "k1", {**PUSH, "amount": "400"})
        await wait_until(lambda: is_done(house, said["reference"]))

        assert (status, again, other) == (202, 202, 409), said
        assert same["reference"] == said["reference"]
        assert refused["type"].endswith("idempotency-key-reused")
        request = await found(house, said["reference"])
        assert (request["state"], request["amount"], request["kind"]) == ("COMPLETED", "300.00", "stk")
        for name in ("id", "receipt", "railId", "operation"):
            assert await found(house, request[name]) == request
        assert len([each for each in (await house.outside.money()).movements if each.kind == "stk"]) == 1
        assert any("asks" in text or "Ksh 300" in text for text in await house.texts("+254711000001"))
        await prove(house)

    async def test_what_waits_is_asked_about_when_somebody_asks(self, house: House) -> None:
        """And is shown as what it is."""
        async with house.http.post(
            f"{house.standins_url}/control/faults",
            json={"api": "stk", "fault": "lost-callback", "rate": 1.0, "seed": 1},
        ) as answer:
            assert answer.status == 200, await answer.text()
        _, said = await keyed(house, "stk-push", "k2", PUSH)

        await wait_until(lambda: is_done(house, said["reference"], "?ask=1"))

        assert (await found(house, said["reference"]))["settledBy"] in {"confirmation", "pull", "query"}


class TestPaying:
    async def test_two_people_pay_a_wallet_out(self, houses: Houses) -> None:
        """As a withdrawal: by the rail once, booked, told."""
        house = await houses.build()
        status, said = await keyed(house, "b2c/pay", "p1", PAY)
        named = said["reference"]
        nothing = (await house.ops("GET", f"/api/mpesa/query/{named}"))[0]
        alone, _ = await house.ops("POST", f"/api/mpesa/b2c/{named}/confirm", json={**OMAR, "by": "jane"})

        done, _ = await house.ops("POST", f"/api/mpesa/b2c/{named}/confirm", json=OMAR)
        twice, _ = await house.ops("POST", f"/api/mpesa/b2c/{named}/confirm", json=OMAR)
        await wait_until(lambda: is_done(house, named))
        await house.settled()
        again, same = await keyed(house, "b2c/pay", "p1", PAY)

        assert (status, nothing, alone, done, twice, again) == (202, 404, 409, 200, 409, 200)
        assert same["state"] == "done"
        assert (await found(house, named))["state"] == "COMPLETED"
        assert [each.amount_cents for each in (await house.outside.money()).movements if each.kind == "b2c"] == [500_00]
        assert "sent to your M-PESA" in (await house.texts("+254711000001"))[-1]
        await prove(house)

    async def test_what_is_declined_moves_and_tells_nothing(self, house: House) -> None:
        """The customer never heard of it."""
        texts = await house.texts("+254711000001")
        _, said = await keyed(house, "b2c/pay", "p2", PAY)

        status, _ = await house.ops("POST", f"/api/mpesa/b2c/{said['reference']}/decline", json=OMAR)
        await wait_until(lambda: is_over(house, said["reference"]))

        assert status == 200
        assert (await keyed(house, "b2c/pay", "p2", PAY))[1]["state"] == "rejected"
        assert await house.texts("+254711000001") == texts
        assert (await house.outside.money()).movements == ()


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("stk-push", {**PUSH, "phone": "911"}, 422, "phone"),
    ("stk-push", {**PUSH, "amount": "0"}, 422, "amount"),
    ("stk-push", {**PUSH, "amount": "10.50"}, 422, "amount"),
    ("stk-push", {**PUSH, "amount": "250001"}, 422, "amount"),
    ("stk-push", {**PUSH, "amount": "NaN"}, 422, "amount"),
    ("stk-push", {**PUSH, "to": "me"}, 422, "to"),
    ("stk-push", {**PUSH, "loan": "LN2222222"}, 409, "loan"),
    ("stk-push", {**PUSH, "phone": "0733000000"}, 404, "phone"),
    ("b2c/pay", {**PAY, "why": ""}, 422, "why"),
    ("b2c/pay", {**PAY, "amount": "200000"}, 409, "amount"),
    ("b2c/pay", {**PAY, "by": "j"}, 422, "by"),
]
"""What cannot be, and the field that the refusal names."""


class TestRefused:
    async def test_bad_input_is_a_problem_that_names_the_field(self, house: House) -> None:
        """Nothing is queued by it."""
        for number, (path, body, status, field) in enumerate(REFUSED):
            said, problem = await keyed(house, path, f"bad{number}", body)
            assert (said, problem["detail"].split(":")[0]) == (status, field), problem

        assert await house.operations("mpesa.pay") == await house.operations("wallet.deposit") == []

    async def test_without_a_key_or_under_an_unknown_name(self, house: House) -> None:
        """Said plainly."""
        keyless, _ = await house.ops("POST", "/api/mpesa/stk-push", json=PUSH)
        unknown, _ = await house.ops("GET", "/api/mpesa/query/MP404")
        nobody, _ = await house.ops("POST", "/api/mpesa/b2c/MP404/confirm", json=OMAR)

        assert (keyless, unknown, nobody) == (400, 404, 404)
