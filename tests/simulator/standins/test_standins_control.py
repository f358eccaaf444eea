"""The control side: shapes, refusals, settings, faults."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulator.standins.standins_town import OTHER_PHONE, PHONE, Town


class TestShapes:
    async def test_prompts_have_the_agreed_shape(self, tmp_path: Path) -> None:
        """Names and forms that others rely on."""
        async with Town(tmp_path) as town:
            await town.push()
            await town.gateway.hear("/stk")
            (prompt,) = await town.prompts()

        assert {"id", "phone", "amount", "accountReference", "state", "receipt", "at"} <= set(prompt)
        assert (prompt["phone"], prompt["amount"]) == (f"+{PHONE}", "150.00")
        assert prompt["accountReference"] == "LN00042"
        assert prompt["state"] == "paid"
        assert len(prompt["receipt"]) == 10
        assert prompt["at"].endswith("+03:00")

    async def test_money_has_the_agreed_shape(self, tmp_path: Path) -> None:
        """Every movement, and totals both ways."""
        async with Town(tmp_path) as town:
            await town.push()
            await town.gateway.hear("/stk")
            await town.pay_out()
            money = await town.control("GET", "money")

        keys = {"receipt", "kind", "phone", "amount", "reference", "shortcode", "at"}
        assert all(keys <= set(movement) for movement in money["movements"])
        assert money["totals"] == {"in": "150.00", "out": "500.00", "currency": "KES"}

    async def test_messages_have_the_agreed_shape(self, tmp_path: Path) -> None:
        """Oldest first."""
        async with Town(tmp_path) as town:
            await town.send_sms(message="one")
            await town.send_sms(message="two")
            messages = (await town.control("GET", "sms"))["messages"]

        assert [message["text"] for message in messages] == ["one", "two"]
        assert set(messages[0]) == {"id", "phone", "text", "sender", "at", "status"}

    @pytest.mark.parametrize("phone", [f"%2B{PHONE}", f"+{PHONE}", PHONE, "0711000001", "+254 711 000 001"])
    async def test_a_phone_may_be_asked_for_in_any_form(self, tmp_path: Path, phone: str) -> None:
        """Others' prompts are not shown."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.push()
            await town.push(PhoneNumber=OTHER_PHONE)
            prompts = (await town.control("GET", f"stk?phone={phone}"))["prompts"]
            everybody = (await town.control("GET", "stk"))["prompts"]

        assert [prompt["phone"] for prompt in prompts] == [f"+{PHONE}"]
        assert len(everybody) == 2

    @pytest.mark.parametrize("path", ["/control/health", "/healthz"])
    async def test_health_is_told(self, tmp_path: Path, path: str) -> None:
        """Under both names."""
        async with Town(tmp_path) as town:
            reply = await town.ask("GET", path)

        assert reply.json == {"status": "ok", "openPrompts": 0, "pendingCallbacks": 0}


class TestAnswers:
    async def test_a_prompt_is_answered_once(self, tmp_path: Path) -> None:
        """The second answer is refused, and no money moves twice."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.push()
            (prompt,) = await town.prompts()
            path = f"/control/stk/{prompt['id']}/answer"
            first = await town.ask("POST", path, json={"answer": "pay"})
            second = await town.ask("POST", path, json={"answer": "pay"})
            moved = await town.movements()

        assert first.json["prompt"]["state"] == "paid"
        assert (second.status, second.json["type"]) == (409, "urn:nyota:standins:prompt-closed")
        assert second.content_type.startswith("application/problem+json")
        assert len(moved) == 1

    async def test_an_ignored_prompt_stays_open_although_phones_answer(self, tmp_path: Path) -> None:
        """Ignoring is a decision that nobody else takes back."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.push()
            (prompt,) = await town.prompts()
            await town.control("POST", f"stk/{prompt['id']}/answer", answer="ignore")
            await town.control("POST", "settings", autoAnswer=True)
            await town.push(PhoneNumber=OTHER_PHONE)
            await town.gateway.hear("/stk")
            (ignored,) = await town.prompts()

        assert ignored["state"] == "open"

    async def test_turning_answering_on_answers_what_is_open(self, tmp_path: Path) -> None:
        """At once, without anything else happening."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.push()
            await town.control("POST", "settings", autoAnswer=True)
            (told,) = await town.gateway.hear("/stk")

        assert told.json["Body"]["stkCallback"]["ResultCode"] == 0

    async def test_unknown_prompts_and_answers_are_problems(self, tmp_path: Path) -> None:
        """404 and 422."""
        async with Town(tmp_path) as town:
            unknown = await town.ask("POST", "/control/stk/none/answer", json={"answer": "pay"})
            odd = await town.ask("POST", "/control/stk/none/answer", json={"answer": "steal"})

        assert (unknown.status, odd.status) == (404, 422)


class TestSettings:
    async def test_settings_change_and_are_shown(self, tmp_path: Path) -> None:
        """Without secrets among them."""
        async with Town(tmp_path) as town:
            await town.control("POST", "settings", autoAnswer=False, promptSeconds=5)
            shown = (await town.control("GET", "settings"))["settings"]

        assert (shown["autoAnswer"], shown["promptSeconds"]) == (False, 5)
        assert not any("secret" in name.lower() or "key" in name.lower() for name in shown)

    @pytest.mark.parametrize(
        "change",
        [
            {"autoAnswer": "yes"},
            {"autoAnswerWith": "steal"},
            {"promptSeconds": -1},
            {"callbackSeconds": True},
            {"deliveryUrl": "https://example.com/"},
            {"colour": "green"},
        ],
    )
    async def test_nonsense_is_refused_and_changes_nothing(self, tmp_path: Path, change: dict[str, Any]) -> None:
        """Not even the part that would have been right."""
        async with Town(tmp_path) as town:
            before = await town.control("GET", "settings")
            reply = await town.ask("POST", "/control/settings", json={"registerOnce": True, **change})
            after = await town.control("GET", "settings")

        assert (reply.status, reply.json["type"]) == (422, "urn:nyota:standins:invalid-setting")
        assert next(iter(change)) in reply.json["detail"]
        assert before == after


class TestFaults:
    async def test_faults_are_listed_and_cleared(self, tmp_path: Path) -> None:
        """With the values they work with."""
        async with Town(tmp_path) as town:
            await town.fault("stk", "timeout", rate=0.5, seed=7)
            await town.fault("stk", "timeout", rate=0.25, seed=8, seconds=2)
            listed = (await town.control("GET", "faults"))["faults"]
            cleared = (await town.control("DELETE", "faults"))["faults"]

        assert listed == [{"api": "stk", "fault": "timeout", "rate": 0.25, "seed": 8, "seconds": 2.0}]
        assert cleared == []

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ({"api": "ussd"}, "unknown-api"),
            ({"fault": "earthquake"}, "unknown-fault"),
            ({"fault": None}, "invalid-fault"),
            ({"rate": 1.5}, "invalid-rate"),
            ({"rate": "often"}, "invalid-rate"),
            ({"seed": "x"}, "invalid-seed"),
            ({"seconds": -1}, "invalid-seconds"),
        ],
    )
    async def test_nonsense_is_refused(self, tmp_path: Path, fault: dict[str, Any], kind: str) -> None:
        """By name, and nothing is in force."""
        async with Town(tmp_path) as town:
            body = {"api": "stk", "fault": "slow", **fault}
            reply = await town.ask("POST", "/control/faults", json=body)
            listed = (await town.control("GET", "faults"))["faults"]

        assert (reply.status, reply.json["type"]) == (422, f"urn:nyota:standins:{kind}")
        assert listed == []


class TestBodies:
    @pytest.mark.parametrize("body", ["", "{", "[]"])
    async def test_a_body_that_is_no_object_is_refused(self, tmp_path: Path, body: str) -> None:
        """With a problem of its own."""
        async with Town(tmp_path) as town:
            reply = await town.ask("POST", "/control/faults", data=body)

        assert (reply.status, reply.json["type"]) == (400, "urn:nyota:standins:invalid-json")

    @pytest.mark.parametrize(
        "change", [{"registered": "no"}, {"balance": "-1.00"}, {"balance": "1.001"}, {"name": "\ud83d"}]
    )
    async def test_a_person_is_arranged_with_sense_only(self, tmp_path: Path, change: dict[str, Any]) -> None:
        """And stays as it was."""
        async with Town(tmp_path) as town:
            reply = await town.ask("POST", "/control/people", json={"phone": PHONE, "name": "X", **change})
            person = (await town.control("GET", f"people?phone={PHONE}"))["person"]

        assert reply.status == 422
        assert (person["name"], person["balance"]) == ("AMINA WANJIRU", "50000.00")
