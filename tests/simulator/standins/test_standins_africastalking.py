"""Africa's Talking's SMS API, as our own client and as the official SDK see it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from africastalking.SMS import SMSService

from simulator.standins.settings import SmsAccount
from tests.simulator.standins.standins_town import OTHER_PHONE, PHONE, Reply, Town


def recipients(reply: Reply) -> list[dict[str, Any]]:
    return list(reply.json["SMSMessageData"]["Recipients"])


class TestSending:
    async def test_a_message_reaches_the_phone_and_is_reported(self, tmp_path: Path) -> None:
        """Answer, inbox and delivery report speak of the same message."""
        async with Town(tmp_path) as town:
            await town.control("POST", "settings", deliveryUrl=town.gateway.url("/delivery"))
            reply = await town.send_sms()
            (report,) = await town.gateway.hear("/delivery")
            (message,) = (await town.control("GET", f"sms?phone=%2B{PHONE}"))["messages"]

        (recipient,) = recipients(reply)
        assert reply.status == 201
        assert reply.content_type == "application/json"
        assert reply.json["SMSMessageData"]["Message"] == "Sent to 1/1 Total Cost: KES 0.8000"
        assert (recipient["statusCode"], recipient["number"]) == (101, f"+{PHONE}")
        assert report.form["id"] == recipient["messageId"]
        assert report.form["status"] == "Success"
        assert message["id"] == recipient["messageId"]
        assert (message["text"], message["sender"], message["status"]) == ("Hello", "NYOTA", "delivered")

    async def test_a_message_is_on_the_phone_only_after_its_delay(self, tmp_path: Path) -> None:
        """Until then the inbox is empty."""
        time = [1_800_000_000.0]
        async with Town(tmp_path, now=lambda: time[0], delivery_seconds=5.0) as town:
            await town.send_sms()
            before = await town.control("GET", f"sms?phone={PHONE}")
            time[0] += 5
            after = await town.control("GET", f"sms?phone={PHONE}")

        assert before["messages"] == []
        assert len(after["messages"]) == 1

    async def test_each_recipient_has_an_answer_of_its_own(self, tmp_path: Path) -> None:
        """Failures come with 201, too, and with the text None for an id."""
        async with Town(tmp_path) as town:
            await town.control("POST", "people", phone=OTHER_PHONE, optedOut=True)
            numbers = f"+{PHONE},+{OTHER_PHONE},0711,+254200000000,+15550100000"
            reply = await town.send_sms(to=numbers)

        assert reply.status == 201
        assert [found["statusCode"] for found in recipients(reply)] == [101, 406, 403, 403, 407]
        assert [found["messageId"] for found in recipients(reply)][1:] == ["None"] * 4
        assert reply.json["SMSMessageData"]["Message"].startswith("Sent to 1/5")

    async def test_a_queued_message_says_so(self, tmp_path: Path) -> None:
        """And arrives all the same."""
        async with Town(tmp_path) as town:
            reply = await town.send_sms(enqueue="1")
            messages = (await town.control("GET", f"sms?phone={PHONE}"))["messages"]

        assert recipients(reply)[0]["statusCode"] == 102
        assert len(messages) == 1

    async def test_a_long_message_costs_its_parts(self, tmp_path: Path) -> None:
        """161 characters are two parts."""
        async with Town(tmp_path) as town:
            reply = await town.send_sms(message="x" * 161)

        assert recipients(reply)[0]["cost"] == "KES 1.6000"

    @pytest.mark.parametrize("sender", ["-", "MUCHTOOLONGASENDER", "OTHER"])
    async def test_an_unknown_sender_gives_no_recipients(self, tmp_path: Path, sender: str) -> None:
        """With HTTP 201, which is the trap."""
        account = SmsAccount("sandbox", "nyota-demo-sms-key", ("NYOTA",))
        async with Town(tmp_path, sms=account) as town:
            reply = await town.send_sms(**{"from": sender})

        assert reply.status == 201
        assert reply.json["SMSMessageData"] == {"Message": "InvalidSenderId", "Recipients": []}

    async def test_without_a_sender_the_shared_one_is_used(self, tmp_path: Path) -> None:
        """It is the vendor's own."""
        async with Town(tmp_path) as town:
            await town.send_sms(**{"from": ""})
            (message,) = (await town.control("GET", f"sms?phone={PHONE}"))["messages"]

        assert message["sender"] == "AFRICASTKNG"

    @pytest.mark.parametrize(("key", "username"), [("wrong", "sandbox"), ("nyota-demo-sms-key", "nyota"), ("", "")])
    async def test_a_bad_account_gets_a_sentence(self, tmp_path: Path, key: str, username: str) -> None:
        """401 as plain text."""
        async with Town(tmp_path) as town:
            form = {"username": username, "to": f"+{PHONE}", "message": "Hello"}
            path = "/africastalking/version1/messaging"
            reply = await town.ask("POST", path, data=form, headers={"apiKey": key})

        assert reply.status == 401
        assert reply.content_type.startswith("text/plain")
        assert reply.text == "The supplied authentication is invalid"

    @pytest.mark.parametrize("field", ["to", "message"])
    async def test_a_missing_field_is_refused_by_name(self, tmp_path: Path, field: str) -> None:
        """As plain text."""
        async with Town(tmp_path) as town:
            reply = await town.send_sms(**{field: ""})

        assert reply.status == 400
        assert reply.text == f"Request is missing required form field '{field}'"

    async def test_the_official_sdk_gets_a_dictionary(self, tmp_path: Path) -> None:
        """It reads JSON only when the content type is exactly right."""
        async with Town(tmp_path) as town:
            service = SMSService(town.settings.sms.username, town.settings.sms.api_key)
            service._baseUrl = town.url("/africastalking/version1")
            answer = await asyncio.to_thread(service.send, "Hello", [f"+{PHONE}"], "NYOTA")

        assert isinstance(answer, dict)
        assert answer["SMSMessageData"]["Recipients"][0]["status"] == "Success"


class TestWriting:
    async def test_what_people_write_reaches_the_gateway(self, tmp_path: Path) -> None:
        """As the vendor's form."""
        async with Town(tmp_path) as town:
            await town.control("POST", "settings", inboundUrl=town.gateway.url("/inbound"))
            written = await town.control("POST", "sms", phone="0711 000 001", text="BAL", to="20383")
            (told,) = await town.gateway.hear("/inbound")

        assert told.form["id"] == written["id"]
        assert (told.form["from"], told.form["to"], told.form["text"]) == (f"+{PHONE}", "20383", "BAL")

    async def test_without_a_gateway_writing_is_a_problem(self, tmp_path: Path) -> None:
        """Nobody is there to be told."""
        async with Town(tmp_path) as town:
            reply = await town.ask("POST", "/control/sms", json={"phone": PHONE, "text": "BAL"})

        assert (reply.status, reply.json["type"]) == (409, "urn:nyota:standins:no-gateway")
