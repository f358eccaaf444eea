"""Premium messages at Africa's Talking: charged to a link, good once, for a day, from one code to one phone."""

from pathlib import Path

import pytest

from tests.simulator.standins.standins_town import OTHER_PHONE, PHONE, Town

DAY = 86_400.0
CODE = "20384"


async def linked(town: Town) -> str:
    """Somebody writes to the premium code; the link of their message as the gateway is told."""
    await town.control(
        "POST", "settings", inboundUrl=town.gateway.url("/inbound"), deliveryUrl=town.gateway.url("/delivery")
    )
    written = await town.control("POST", "sms", phone=PHONE, text="NEWS", to=CODE, premium=True)
    (told,) = await town.gateway.hear("/inbound")
    assert (told.form["to"], told.form["linkId"]) == (CODE, written["linkId"])
    return str(written["linkId"])


async def answer(town: Town, link: str, **changes: str) -> None:
    form = {"from": CODE, "bulkSMSMode": "0", "keyword": "NEWS", "linkId": link} | changes
    reply = await town.send_sms(**form)
    assert (reply.status, reply.json["SMSMessageData"]["Recipients"][0]["statusCode"]) == (201, 101)


async def came(town: Town, phone: str = PHONE) -> list[tuple[str, str]]:
    messages = (await town.control("GET", f"sms?phone=%2B{phone}"))["messages"]
    return [(message["sender"], message["text"]) for message in messages]


async def reports(town: Town, times: int) -> list[tuple[str, str]]:
    heard = await town.gateway.hear("/delivery", times)
    return [(each.form["status"], each.form.get("failureReason", "")) for each in heard]


class TestLinks:
    async def test_an_answer_is_charged_to_its_link_once(self, tmp_path: Path) -> None:
        """The second one is taken, and refused in its report: it never reaches the phone."""
        async with Town(tmp_path) as town:
            link = await linked(town)
            await answer(town, link)
            first = await reports(town, 1)
            await answer(town, link)
            both, messages = await reports(town, 2), await came(town)

        assert first == [("Success", "")]
        assert both[1:] == [("Rejected", "InvalidLinkId")]
        assert messages == [(CODE, "Hello")]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"linkId": "unheard-of"}, "InvalidLinkId"),
            ({"from": "20385"}, "InvalidLinkId"),
            ({"to": f"+{OTHER_PHONE}"}, "InvalidLinkId"),
            ({"linkId": ""}, "UserNotSubscribedToProduct"),
        ],
    )
    async def test_a_link_is_for_its_phone_and_code(self, tmp_path: Path, changes: dict[str, str], reason: str) -> None:
        """Unknown, from another code, to somebody else, none at all."""
        async with Town(tmp_path) as town:
            await answer(town, await linked(town), **changes)

            assert await reports(town, 1) == [("Rejected", reason)]
            assert await came(town) == await came(town, OTHER_PHONE) == []

    async def test_a_link_is_good_for_a_day(self, tmp_path: Path) -> None:
        """Then nobody pays."""
        time = [1_800_000_000.0]
        async with Town(tmp_path, now=lambda: time[0]) as town:
            link = await linked(town)
            time[0] += DAY
            await answer(town, link)

            assert await reports(town, 1) == [("Rejected", "InvalidLinkId")]

    @pytest.mark.parametrize("sender", ["NYOTA", "", "12"])
    async def test_nobody_is_charged_by_a_name(self, tmp_path: Path, sender: str) -> None:
        """A premium message has a short code."""
        async with Town(tmp_path) as town:
            reply = await town.send_sms(**{"from": sender, "bulkSMSMode": "0", "linkId": await linked(town)})

        assert reply.json["SMSMessageData"] == {"Message": "InvalidSenderId", "Recipients": []}

    async def test_from_a_code_without_a_charge_it_is_any_message(self, tmp_path: Path) -> None:
        """The sender is the code, and it can be answered."""
        async with Town(tmp_path) as town:
            await town.send_sms(**{"from": CODE, "bulkSMSMode": "1"})

            assert await came(town) == [(CODE, "Hello")]
