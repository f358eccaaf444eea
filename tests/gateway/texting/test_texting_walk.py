"""Keywords walked through the screens of a town: the same requests as on the phone, and none before the yes."""

from collections.abc import Mapping

import pytest

from flows.texting.command import Command, read
from flows.texting.route import Route
from flows.turn import Operation
from gateway.clock import milliseconds
from gateway.texting.deciding import bound_to
from gateway.texting.walk import Said, Waits, Walker
from tests.flows.phone import CATALOGUE, ENGINE, Phone
from tests.flows.town import NOW, Town
from tests.gateway.texting.pen import AMINA, BARAKA
from tests.gateway.texting.village import MENUS, TownFacts, TownOutbox


async def walked(
    town: Town, text: str, line: str = AMINA, *, viewed: bool = True, outbox: TownOutbox | None = None
) -> Said | Waits:
    """How far a message comes."""
    command = read(text, CATALOGUE.keywords)
    assert isinstance(command, Command), text
    walker = Walker(MENUS, TownFacts(town), outbox or TownOutbox(town), lambda: milliseconds(NOW), viewed=viewed)
    route = Route(CATALOGUE.keywords.by_name[command.keyword], command.given)
    return await walker.walk(line, route, "abcdef0123456789", "africastalking")


def wanted(operations: tuple[Operation, ...] | list[Operation]) -> list[tuple[str, Mapping[str, object], str | None]]:
    return [(each.kind, each.intent, each.exclusive) for each in operations]


class TestWalking:
    @pytest.mark.parametrize(
        ("text", "line", "presses"),
        [
            ("LOAN 1000", AMINA, ("2", "1", "1000", "1", "4826")),
            ("MKOPO 1000", BARAKA, ("2", "1", "1000", "1", "7391")),
            ("PAY 500", AMINA, ("3", "1", "3", "500", "2", "1")),
            ("PAY 500 wallet", AMINA, ("3", "1", "3", "500", "1", "4826")),
            ("SEND 200 0711000002", AMINA, ("6", "3", "0711000002", "200", "4826")),
            ("DEPOSIT 400", AMINA, ("6", "1", "400", "1")),
            ("WITHDRAW 500", AMINA, ("6", "2", "500", "4826")),
        ],
        ids=lambda value: value if isinstance(value, str) and not value.startswith("+") else "",
    )
    async def test_it_asks_for_what_the_phone_asks_for(self, text: str, line: str, presses: tuple[str, ...]) -> None:
        """The same kind, intent and exclusivity; and not before the yes."""
        town, other = Town(ENGINE), Town(ENGINE)
        phone = Phone(line, other).dial("*383#").press(*presses)

        found = await walked(town, text, line)

        assert isinstance(found, Waits), found
        assert wanted(found.operations) == wanted(phone.operations[-1:])
        assert [each for each in town.accepted if each.kind != "number.lookup"] == []

    async def test_what_has_to_be_seen_comes_before_the_question(self) -> None:
        """The whole price of a loan."""
        found = await walked(Town(ENGINE), "LOAN 1000")

        assert isinstance(found, Waits)
        assert len(found.before) == 1
        assert "you get" in found.before[0]
        assert found.question.startswith("Borrow Ksh 1,000, repay Ksh ")
        assert "PIN" not in found.question

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("LOAN 50", "Whole shillings only"),
            ("LOAN 900000", ""),
            ("SEND 200 0711000001", "That is your own"),
            ("WITHDRAW 900000", ""),
            ("APPROVE", "Nobody asks you"),
        ],
    )
    async def test_what_the_screens_refuse_is_said_and_not_done(self, text: str, words: str) -> None:
        """In their own words, without their choices."""
        town = Town(ENGINE)

        found = await walked(town, text)

        assert isinstance(found, Said)
        assert words in found.words
        assert "00 Home" not in found.words
        assert wanted(town.accepted) == []

    async def test_without_the_right_to_look_a_private_screen_ends_it(self) -> None:
        """No code stands for a PIN that only guards a look."""
        found = await walked(Town(ENGINE), "SAVE 300", viewed=False)

        assert found == Said("", is_end=False)

    async def test_the_same_message_comes_to_the_same_request(self) -> None:
        """Whoever works it again commits nothing new: every id is the same."""
        first, again = await walked(Town(ENGINE), "WITHDRAW 500"), await walked(Town(ENGINE), "WITHDRAW 500")

        assert isinstance(first, Waits)
        assert first == again

    async def test_a_reference_that_somebody_has_is_drawn_again(self) -> None:
        """A look-up on the way gets other letters, and the walk goes on."""
        town = Town(ENGINE)
        outbox = TownOutbox(town, taken=1)

        found = await walked(town, "SEND 200 0711000002", outbox=outbox)

        assert isinstance(found, Waits)
        assert [each.kind for each in town.accepted] == ["number.lookup"]

    async def test_a_code_is_bound_to_line_and_content(self) -> None:
        """Another line, another amount or another person is another thing."""
        found = [await walked(Town(ENGINE), text) for text in ("WITHDRAW 500", "WITHDRAW 600", "SEND 500 0711000002")]

        numbers = {
            bound_to(line, each.operations) for each in found if isinstance(each, Waits) for line in (AMINA, BARAKA)
        }

        assert len(numbers) == 6
