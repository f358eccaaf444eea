"""Letters that were asked for, and receipts: to whom they may still go, and how many hands a hanging server gets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from gateway.config import Mail
from gateway.mail import Letter, Mailer
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Work
from gateway.papers import records
from gateway.playbooks.mail import UNWANTED, MailStep
from gateway.playbooks.unhurried_mail import Unhurried
from gateway.sending.turnstile import Turnstile
from gateway.store import customers
from tests.gateway.rails_flow.office import AMINA, START, Office, office_on, words

ADDRESS = "amina@post.example"
WORK = Work(
    number=1, id="op-1", reference="ML1", kind="mail.send", customer_id=AMINA, intent={}, state="queued", step="send",
    generation=0, attempts=0, data={}, created_at=START, waiting_since=None, fence=1,
)  # fmt: skip
RECEIPT = replace(WORK, intent={"to": ADDRESS, "receipt": "no-such-operation"})
CODE = replace(WORK, intent={"to": ADDRESS, "code": "c1", "by": START + 1})
STATEMENT = replace(WORK, intent={"to": ADDRESS, "since": "2026-07-01", "until": "2026-07-31"})
NOTHING = Refused("expired", "the code in it is good no more, or there is nothing to tell")


class Server(Mailer):
    """Takes a letter once it may."""

    def __init__(self) -> None:
        super().__init__(Mail())
        self.letters: list[Letter] = []
        self.reached, self.goes_on = asyncio.Event(), asyncio.Event()

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)
        self.reached.set()
        await self.goes_on.wait()


class Filling:
    """Codes that are always good."""

    async def filled(self, code_id: str, text: str) -> str:
        return text.replace("{code}", "123456")


@dataclass
class Desk:
    office: Office
    server: Server
    step: MailStep

    async def chosen(self, address: str | None, *, receipts: bool = True, verified_at: int | None = 1) -> None:
        async with self.office.store.begin() as connection:
            await customers.changed(connection, AMINA, email=address, email_verified_at=verified_at)
            await records.wished(connection, AMINA, 1, receipts_by_mail=receipts)

    async def attempt(self, work: Work) -> Outcome:
        return await self.step.attempt(work)


@asynccontextmanager
async def desk_on(url: str) -> AsyncIterator[Desk]:
    async with office_on(url) as office:
        server, clock = Server(), office.clock
        unhurried = Unhurried(server, clock, Turnstile(clock, at_once=1, rest_ms=1), give_up_days=3)
        step = MailStep(
            server, Turnstile(clock, at_once=1, rest_ms=0), unhurried, office.store, office.shop.books,
            cast("Any", Filling()), cast("Any", None), words, clock,
        )  # fmt: skip
        yield Desk(office, server, step)


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    async with desk_on(fresh_sqlite) as desk:
        yield desk


class TestReceipts:
    @pytest.mark.parametrize(
        ("address", "receipts", "verified_at"),
        [(ADDRESS, False, 1), ("new@post.example", True, 1), (ADDRESS, True, None), (None, True, None)],
    )
    async def test_one_that_waited_does_not_go_where_it_is_not_wanted_any_more(
        self, desk: Desk, address: str | None, receipts: bool, verified_at: int | None
    ) -> None:
        """Stopped, moved to another address, or closed, while the mail server was away."""
        await desk.chosen(address, receipts=receipts, verified_at=verified_at)

        outcome = await desk.attempt(RECEIPT)

        assert isinstance(outcome, Refused)
        assert outcome.code == UNWANTED

    async def test_one_that_is_still_wanted_is_written(self, desk: Desk) -> None:
        """This one has nothing to tell."""
        await desk.chosen(ADDRESS)

        assert await desk.attempt(RECEIPT) == NOTHING


class TestStatements:
    @pytest.mark.parametrize(("address", "verified_at"), [("new@post.example", 1), (ADDRESS, None), (None, None)])
    async def test_one_that_waited_does_not_go_where_its_owner_is_no_more(
        self, desk: Desk, address: str | None, verified_at: int | None
    ) -> None:
        """It has all that they moved in it."""
        await desk.chosen(address, verified_at=verified_at)

        outcome = await desk.attempt(STATEMENT)

        assert isinstance(outcome, Refused)
        assert outcome.code == UNWANTED


class TestAsked:
    async def test_a_hanging_server_has_only_so_many_of_our_hands(self, desk: Desk) -> None:
        """The next code comes back soon; a receipt is in nobody's way."""
        first = asyncio.create_task(desk.attempt(CODE))
        await desk.server.reached.wait()

        second = await desk.attempt(replace(CODE, id="op-2"))
        receipt = await desk.attempt(RECEIPT)
        desk.server.goes_on.set()

        assert isinstance(second, Later)
        assert isinstance(receipt, Refused)
        assert await first == Done()
        assert await desk.attempt(replace(CODE, id="op-2")) == Done()
        assert "123456" in desk.server.letters[0].subject
