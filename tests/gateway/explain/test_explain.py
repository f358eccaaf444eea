"""What became of an operation, told in order of time, with the evidence for what we believe."""

from gateway.explain.reading import story_of
from gateway.explain.story import Event, Story, told
from gateway.explain.told import line_of, lines_of
from gateway.rails.contract import Result
from gateway.store import cases
from tests.gateway.rails_flow.office import Office
from tests.house import House

PART = 500_00


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

    async def test_a_rail_that_contradicts_itself_is_not_simply_believed(self, office: Office) -> None:
        """Paid, and refused afterwards: the money stays booked, and the story says what speaks against it."""
        loan = await office.lent()
        request = await office.request(loan)
        unsaid = Result("refused", "2001", "refused", "not after all", our_id=request.id)

        verdict = await office.receive(office.rail.callback("b2c/result", request.token, unsaid))
        found = await story(office, loan)

        assert verdict == "contradiction"
        assert found.belief.startswith("The rail moved the money, receipt")
        assert "; but the rail contradicts itself: refused after payment (case CS" in found.belief

    async def test_a_callback_that_does_not_fit_is_told_beside_what_we_believe(self, office: Office) -> None:
        """Another amount than we asked for."""
        loan = await office.lent()
        office.rail.tells = 0
        payment = await office.prompt(loan, PART)
        office.clock.turn(3_000)
        await office.drained()
        request = await office.request(payment)
        other = Result("done", "0", "paid", "paid", "UAOTHER001", PART + 100_00, request.msisdn)

        await office.receive(office.rail.callback("stk", request.token, other))

        assert "another amount or phone than we asked for" in (await story(office, payment)).belief

    async def test_a_case_without_an_operation_has_a_story_too(self, office: Office) -> None:
        """What a customer has said by Help."""
        async with office.store.begin() as connection:
            number = await cases.opened(
                connection, "one", "CS2B4K7", "wrong person", evidence={"said": "+254711000001"}, answer_by=2, now=1
            )

        found = await story(office, number)

        assert (found.kind, happened(found)) == ("case", ["case"])
        assert found.belief == "The case (wrong person) is open; a person has to answer it."
        assert "+2547" not in "\n".join(lines_of(found))

    async def test_a_receipt_that_we_only_heard_of_is_told_as_that(self, office: Office) -> None:
        """Named to us by a callback that belonged to nothing."""
        stray = Result("done", "0", "paid", "paid", "UASTRAY001", PART, "+254711000001", our_id="nobody's")
        await office.receive(office.rail.callback("b2c/result", "", stray))

        found = await story(office, "uastray001")

        assert (found.kind, happened(found)) == ("receipt", ["callback"])
        assert found.belief == (
            "The rail has named this receipt to us, and no operation of ours has it: nothing is booked of it;"
            " but a callback proved nothing: it belongs to no request of ours."
        )


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
            for query in (
                "?limit=x", "?phone=1", "?phone=0733000000", "/NOBODY1", f"?cursor={'9' * 30}", "?cursor=-1",
                "?state=lost", "?since=yesterday",
            )
        ]  # fmt: skip
        _, today = await house.ops("GET", "/api/operations?kind=peer.ask&since=2020-01-01")
        _, later = await house.ops("GET", "/api/operations?kind=peer.ask&since=2099-01-01T00:00:00%2B03:00")

        assert first["operations"] != second["operations"]
        assert [each["kind"] for each in hers["operations"]] == ["peer.ask"]
        assert (status, found["kind"], found["events"][0]["what"]) == (200, "peer.ask", "asked")
        assert found["belief"].startswith("Nothing has left us yet: it is queued at decision")
        assert [status for status, _ in answers] == [422, 422, 404, 404, 422, 422, 422, 422]
        assert "uncertain" in answers[6][1]["detail"]
        assert (len(today["operations"]), later["operations"]) == (1, [])


class TestLines:
    def test_money_is_told_in_shillings(self) -> None:
        """And what is empty is left out."""
        told = line_of("at", "sent", {"rail": "daraja", "cents": 49_500, "reason": ""})

        assert told == "  at  sent     rail daraja  cents 495.00"

    def test_what_people_typed_is_never_obeyed(self) -> None:
        """An escape of a terminal is shown as a question mark."""
        assert line_of("at", "note", {"said": "\x1b[2Jgone"}) == "  at  note     said ?[2Jgone"
