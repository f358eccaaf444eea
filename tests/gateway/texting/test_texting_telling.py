"""Keywords that only tell something: figures, lists that fit one SMS, help in any language."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flows.known import Customer, Loan
from flows.texting.spoken import fits
from flows.turn import Need
from gateway.clock import local_date, milliseconds
from gateway.notices.values import typed
from gateway.store.engine import Store
from gateway.texting.say import Answer, of_screen
from gateway.texting.telling import Asked, Tellers
from menus.keywords import TELLS
from tests.flows.phone import CATALOGUE, ENGINE
from tests.flows.town import NOW, Town
from tests.gateway.texting.pen import AMINA, NOBODY
from tests.gateway.texting.village import MENUS, TownFacts

LATE_DAYS = 4


async def no_statement(*_: Any) -> dict[str, Any]:
    raise AssertionError("nobody asked for a statement")


def tellers(town: Town, store: Store, *, balances: bool = True) -> Tellers:
    return Tellers(MENUS, TownFacts(town), store, no_statement, lambda: milliseconds(NOW), balances=balances)


async def told(town: Town, store: Store, name: str, *, language: str = "en", line: str = AMINA, **given: str) -> str:
    """The one SMS that comes back."""
    customer: Customer | None = town.fact(Need("customer"), line)
    asked = Asked(line, CATALOGUE.keywords.by_name[name], given, customer, language)
    return words(await tellers(town, store).by_name[asked.keyword.tells](asked), language)


def words(answer: Answer, language: str) -> str:
    [said] = answer.says
    return CATALOGUE.message(
        said.language or language, said.template, typed(said.values, local_date(milliseconds(NOW)))
    )


@pytest.fixture
async def store(fresh_sqlite: str) -> Any:
    store = Store(fresh_sqlite)
    yield store
    await store.close()


class TestTelling:
    def test_everything_that_can_be_asked_is_told(self, store: Store) -> None:
        """By the names that the keywords may use."""
        assert set(tellers(Town(ENGINE), store).by_name) == TELLS

    async def test_old_figures_come_with_their_age(self, store: Store) -> None:
        """The moment they were read, not that of the question."""
        town = Town(ENGINE)
        town.people[AMINA].as_at = NOW - timedelta(hours=3)

        assert (await told(town, store, "balance")).startswith("As at 07:42: wallet Ksh ")

    @pytest.mark.parametrize("language", ["en", "sw"])
    async def test_many_loans_fit_one_message(self, store: Store, language: str) -> None:
        """The late one first; how many more there are."""
        town = Town(ENGINE)
        [loan, *_] = town.people[AMINA].loans
        late: Loan = replace(loan, reference="LN22222", days_late=LATE_DAYS)
        town.people[AMINA].loans = (late, *(replace(loan, reference=f"LN3333{each}") for each in range(6)))

        said = await told(town, store, "loans", language=language)

        assert fits(said)
        assert said.index("LN22222") < said.index("LN33330")
        assert "*383# then 4" in said or "*383# kisha 4" in said

    async def test_without_loans_there_is_a_way_to_one(self, store: Store) -> None:
        """No empty list."""
        town = Town(ENGINE)
        town.people[AMINA].loans = ()

        assert (await told(town, store, "loans")).startswith("You have no loans")

    async def test_an_organisation_may_keep_figures_off_sms(self, store: Store) -> None:
        """The phone shows them behind the PIN."""
        town = Town(ENGINE)
        asked = Asked(AMINA, CATALOGUE.keywords.by_name["balance"], {}, town.fact(Need("customer"), AMINA), "en")

        answer = await tellers(town, store, balances=False).balance(asked)

        assert words(answer, "en").startswith("Balances do not come by SMS here")

    async def test_a_line_without_an_account_gets_no_figure(self, store: Store) -> None:
        """Whatever it asks."""
        for name in ("balance", "loans", "statement"):
            assert (await told(Town(ENGINE), store, name, line=NOBODY)).startswith("This line has no Nyota account")

    @pytest.mark.parametrize("language", ["en", "sw"])
    async def test_each_keyword_has_its_help(self, store: Store, language: str) -> None:
        """With its example, in one SMS."""
        for keyword in CATALOGUE.keywords.by_name.values():
            said = await told(Town(ENGINE), store, "help", language=language, word=keyword.name)
            assert said.endswith(keyword.example[language])
            assert fits(said)


class TestScreens:
    @pytest.mark.parametrize(
        ("said", "is_end", "template"),
        [
            ("Nothing was sent.", True, "texting.said"),
            ("How much?", False, "texting.dial"),
            ("N" * 155, False, "texting.said"),
            ("", False, "texting.phone"),
        ],
    )
    def test_how_to_go_on_is_said_where_there_is_room(self, said: str, is_end: bool, template: str) -> None:
        """A last screen needs no way on."""
        assert of_screen(said, CATALOGUE, "en", is_end=is_end).template == template
