"""Answers leave from the short code that was written to, over HTTP to the phone and back."""

from typing import Any

import pytest

from gateway.errors import Misconfigured
from tests.gateway.texting.pen import AMINA, AT_ONCE, NOBODY, Pen, code_of
from tests.house import House, Houses
from tests.servers import wait_until

OURS, PREMIUM, THEIRS = "20383", "20384", "20385"
MESSAGES: dict[str, Any] = {
    "partners": {"damza": "DAMZA"},
    "short_codes": {
        OURS: {"carrier": "africastalking"},
        PREMIUM: {"carrier": "africastalking", "premium": True, "keyword": "NEWS"},
        THEIRS: {"carrier": "africastalking", "partner": "damza", "language": "sw"},
    },
}


@pytest.fixture
async def house(light: Houses) -> House:
    return await light.build(standin_settings=AT_ONCE, messages=MESSAGES)


async def came(house: House, line: str) -> list[tuple[str, str]]:
    return [(sms.sender, sms.text) for sms in await house.outside.messages(line)]


async def reached(house: House, line: str, count: int) -> None:
    """Wait until so many SMS are on a phone."""

    async def is_there() -> bool:
        return len(await came(house, line)) >= count

    await wait_until(is_there)


class TestAnswers:
    async def test_the_whole_dialogue_is_from_the_code_and_nothing_else_is(self, house: House) -> None:
        """The code, the confirmation; the receipt of what was done is no answer, nor is one to an unknown code."""
        amina = Pen(house)

        asked = await amina.write("SEND 200 0711000002", to=OURS)
        await amina.write(code_of(asked[-1]), to=OURS)
        receipts = await came(house, AMINA)
        await amina.write("BAL", to="20999")
        await amina.write("LOANS", to="NYOTA")

        answers = [(sender, text) for sender, text in receipts if sender == OURS]
        assert code_of(answers[0][1])
        assert answers[-1][1].startswith("Request SN")
        assert [sender for sender, text in receipts if "Confirmed" in text] == ["NYOTA"]
        assert [sender for sender, _ in (await came(house, AMINA))[len(receipts) :]] == ["NYOTA", "NYOTA"]

    async def test_a_partners_code_answers_in_its_name_and_language(self, house: House) -> None:
        """Whoever has an account is answered in the language of it. A code from there is good everywhere."""
        nobody, amina = Pen(house, NOBODY), Pen(house)

        await nobody.write("habari yako", to=THEIRS)
        [joining] = await nobody.write("JIUNGE", to=THEIRS)
        [helped] = await amina.write("HELP", to=THEIRS)
        [ours] = await amina.write("HELP", to=OURS)
        asked = await amina.write("WITHDRAW 500", to=THEIRS)
        confirmed = await amina.write(code_of(asked[-1]), to=OURS)

        assert {sender for sender, _ in [*await came(house, NOBODY), *(await came(house, AMINA))[:1]]} == {THEIRS}
        assert (await nobody.came())[0].startswith("Samahani")
        assert "DAMZA" in joining
        assert helped.startswith("DAMZA: dial")
        assert ours.startswith("Nyota: dial")
        assert confirmed[0].startswith("Request WD")


class TestPremium:
    async def test_an_answer_is_charged_once_and_comes_all_the_same_where_its_link_is_bad(self, house: House) -> None:
        """A link that the service does not know is told of in a report only: the answer leaves again without it."""
        body = {"phone": AMINA, "text": "BAL", "to": PREMIUM, "premium": True}
        async with house.http.post(f"{house.standins_url}/control/sms", json=body) as response:
            link = (await response.json())["linkId"]
        await reached(house, AMINA, 1)
        await Pen(house).post("LOANS", to=PREMIUM, linkId="unheard-of")
        await reached(house, AMINA, 2)
        await house.settled()

        intents = [row.intent for row in await house.operations("sms.send")]
        links = [intent["reply"].get("link_id") for intent in intents]
        assert [sender for sender, _ in await came(house, AMINA)] == [PREMIUM, PREMIUM]
        assert links == [link, "unheard-of", None]
        assert intents[1]["values"] == intents[2]["values"]


class TestConfiguration:
    @pytest.mark.parametrize(
        ("code", "key"),
        [({"carrier": "nobody"}, "carrier"), ({"carrier": "africastalking", "name": "Very Long Name Sacco"}, "name")],
    )
    async def test_a_code_that_cannot_work_stops_the_start(
        self, light: Houses, code: dict[str, object], key: str
    ) -> None:
        """The key is named; a name that the words have no room for is such a thing."""
        with pytest.raises(Misconfigured, match=rf"^messages\.short_codes\.20386\.{key}: "):
            await light.build(messages={"short_codes": {"20386": code}})
