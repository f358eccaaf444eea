"""An answer whose link turns out bad leaves once more without it, whenever its carrier says so; old links stay here."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.playbooks import message
from gateway.playbooks.message import SendStep
from gateway.providers.contract import Delivery, ReplyFrom
from gateway.sending.carriers import Carriers
from gateway.sending.unlinked import BAD_LINK, Unlinked
from gateway.store import messages
from tests.gateway.rails_flow.office import AMINA, START, Office, office_on, words

DAY_MS = 86_400_000
CODE, LINK = "20384", "L1"
REFUSED = Delivery("ATXid_1", "Rejected", "failed", BAD_LINK)
RESENT = [(CODE, LINK), (CODE, "")]


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    """A back office whose carrier charges answers."""
    async with office_on(database_url) as office:
        shop, sms = office.shop, office.sms
        carriers = Carriers({sms.name: sms}, [sms.name], office.clock)
        send = SendStep(carriers, office.store, words, office.clock, unlinked=Unlinked(shop.outbox))
        shop.playbooks["sms.send"] = message.playbook(send)
        yield office


async def answer(office: Office, template: str = "texting.stop", **reply: Any) -> str:
    """Queue an answer to a premium message."""
    found = {"carrier": office.sms.name, "short_code": CODE, "link_id": LINK, "keyword": "", **reply}
    found = {"link_until": START + DAY_MS, **found}
    intent = {"template": template, "to": AMINA, "values": {}, "language": "en", "reply": found}
    return await office.put("sms.send", intent, prefix="SM")


async def reported(office: Office, report: Delivery = REFUSED) -> None:
    """As the web keeps a report."""
    async with office.store.begin() as connection:
        reports = [(office.sms.name, report)]
        await messages.reported_all(connection, reports, office.clock())
        await Unlinked(office.shop.outbox).reported(connection, reports)


def left(office: Office) -> list[tuple[str, str]]:
    """What was handed over: from which code, charged to which link."""
    assert all(each.reply is None for each in office.sms.sent)
    return [(each.sender, each.link_id) for each in office.sms.sent]


class TestReports:
    async def test_one_that_comes_after_the_answer_was_taken(self, office: Office) -> None:
        """And again, and once more: it is sent anew once. The new one has no link that could be bad."""
        await answer(office)
        await office.settled()
        for _ in range(3):
            await reported(office)
            await office.settled()
        await reported(office, Delivery("ATXid_2", "Rejected", "failed", BAD_LINK))
        await office.settled()

        assert left(office) == RESENT
        assert office.sms.sent[0].text == office.sms.sent[1].text

    async def test_one_that_comes_before_the_answer_is_known_as_taken(self, office: Office) -> None:
        """Carriers are quicker than our commit."""
        await answer(office)
        await reported(office)
        await office.settled()

        assert left(office) == RESENT

    @pytest.mark.parametrize("reason", ["UserInBlackList", "InsufficientCredit", ""])
    async def test_one_with_another_reason_sends_nothing_anew(self, office: Office, reason: str) -> None:
        """It is the person's, or nobody's: not the link's."""
        await answer(office)
        await office.settled()
        await reported(office, Delivery("ATXid_1", "Failed", "failed", reason))
        await office.settled()

        assert left(office) == [(CODE, LINK)]


class TestLinks:
    @pytest.mark.parametrize(("until", "link"), [(START + 1, LINK), (START, "")])
    async def test_an_old_one_stays_behind(self, office: Office, until: int, link: str) -> None:
        """The answer leaves from its code all the same."""
        await answer(office, link_until=until)
        await office.settled()

        assert left(office) == [(CODE, link)]

    async def test_what_is_no_answer_leaves_as_ever(self, office: Office) -> None:
        """With the carrier's own sender."""
        intent = {"template": "texting.stop", "to": AMINA, "values": {}, "language": "en"}
        await office.put("sms.send", intent, prefix="SM")
        await office.settled()

        assert left(office) == [("", "")]


class TestForms:
    def test_an_intent_says_where_it_leaves_from(self) -> None:
        """What is stored is what the carriers are told."""
        found = {"carrier": "a", "short_code": CODE, "link_id": LINK, "link_until": 5, "keyword": "NEWS"}

        assert message._reply(found, 4) == ReplyFrom("a", CODE, LINK, "NEWS")
        assert message._reply(found, 5) == message._reply({"carrier": "a", "short_code": CODE}, 0)
        assert message._reply(None, 0) is None
