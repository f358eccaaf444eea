"""What became of an operation, told in order of time, with the evidence for what we believe."""

from collections.abc import AsyncIterator

import pytest

from gateway.explain.reading import story_of
from gateway.explain.story import Event, Story, told
from gateway.explain.told import lines_of
from tests.gateway.rails_flow.office import Office, office_on
from tests.house import House

PART = 500_00


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        yield office


async def story(office: Office, reference: str) -> Story:
    async with office.store.read() as connection:
        found = await story_of(connection, reference)
    assert found is not None
    return found


def happened(story: Story) -> list[str]:
    return [event.what for event in story.events]


class TestStories:
    async def test_a_payment_is_told_from_the_question_to_the_message(self, office: Office) -> None:
        """And by its receipt too; nothing in it is a phone or a secret path."""
        loan = await office.lent()
        payment = await office.prompt(loan, PART)
        await office.settled()
        receipt = office.rail.book[-1].receipt

        found = await story(office, payment)

        assert found == await story(office, receipt.lower())
        assert [event.at for event in found.events] == sorted(event.at for event in found.events)
        assert {"asked", "attempt", "sent", "callback", "settled", "journal", "message"} <= set(happened(found))
        assert found.belief == (
            f"The rail moved the money, receipt {receipt}, on the word of a callback; booked as post."
        )
        text = "\n".join(lines_of(found))
        assert "+2547" not in text
        assert (await office.request(payment)).token not in text

    async def test_what_was_refused_is_told_with_its_code(self, office: Office) -> None:
        """And that nothing is booked."""
        loan = await office.lent()
        office.rail.code, office.rail.words = "1032", "cancelled"
        payment = await office.prompt(loan, PART)
        await office.settled()

        found = await story(office, payment)

        assert found.belief.startswith("The rail moved nothing: cancelled, code 1032, on the word of a callback")
        assert found.belief.endswith("nothing is booked.")

    async def test_doubt_is_called_doubt(self, office: Office) -> None:
        """As long as nobody has said what became of it, and when a person has to decide."""
        loan = await office.lent()
        office.rail.answer, office.rail.tells, office.rail.lists = "lost", 0, False
        payment = await office.prompt(loan, PART)
        office.clock.turn(3_000)
        await office.drained()
        early = await story(office, payment)
        await office.settled()
        late = await story(office, payment)

        assert early.belief.startswith("Nobody has said yet whether the money moved: it is uncertain")
        assert late.belief.startswith("A person has to decide: nobody could say what became of it")

    async def test_a_name_that_is_nobodys_has_no_story(self, office: Office) -> None:
        """Whatever is typed."""
        async with office.store.read() as connection:
            for name in ("", "LN", "' OR 1=1 --", "x" * 5_000):
                assert await story_of(connection, name) is None


class TestOrder:
    def test_what_is_of_one_moment_comes_in_the_order_of_how_it_comes_about(self) -> None:
        """Asked before it was tried, told before it is booked."""
        events = [Event(1, "message"), Event(1, "journal"), Event(1, "callback"), Event(1, "asked"), Event(0, "case")]

        assert [event.what for event in told(events)] == ["case", "asked", "callback", "journal", "message"]


class TestOperators:
    async def test_the_queue_is_listed_page_by_page_and_each_has_its_story(self, house: House) -> None:
        """By state, kind and person; with a name that is nobody's there is a clear problem."""
        await house.gateway.daily.due()
        _, first = await house.ops("GET", "/api/operations?limit=1")
        _, second = await house.ops("GET", f"/api/operations?limit=1&cursor={first['cursor']}")
        _, hers = await house.ops("GET", "/api/operations?phone=0711000001&kind=peer.ask&state=queued")
        status, found = await house.ops("GET", f"/api/operations/{hers['operations'][0]['reference']}")
        answers = [
            await house.ops("GET", f"/api/operations{query}")
            for query in ("?limit=x", "?phone=1", "?phone=0733000000", "/NOBODY1")
        ]

        assert first["operations"] != second["operations"]
        assert [each["kind"] for each in hers["operations"]] == ["peer.ask"]
        assert (status, found["kind"], found["events"][0]["what"]) == (200, "peer.ask", "asked")
        assert found["belief"].startswith("Nothing has left us yet: it is queued at decision")
        assert [status for status, _ in answers] == [422, 422, 404, 404]
