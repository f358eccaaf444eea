"""What an answer of the rail makes of a request: every state against every kind of news."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.playbook import Work
from gateway.rails import requests
from gateway.rails.contract import Result, Words
from gateway.rails.requests import RailRequest, Wanted
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on, until_blocked

AMOUNT = 500_00
PAID = Result("done", "0", "paid", "", receipt="UA1", amount_cents=AMOUNT, msisdn=AMINA)
PAID_SAYS_NO_MORE = Result("done", "0", "paid", "")
CANCELLED = Result("refused", "1032", "cancelled", "")
PENDING = Result("pending", "4999", "uncertain", "")
UNCERTAIN = Result("uncertain", "1037", "timeout", "")

ASKED_BY_EACH_CONFIRMATION: Mapping[str, Callable[[AsyncConnection], Awaitable[object]]] = {
    "account": lambda connection: requests.by_account(connection, "LN1"),
    "receipt": lambda connection: requests.by_receipt(connection, "UA1"),
    "typed": lambda connection: requests.typed(connection, "UA1"),
    "amount": lambda connection: requests.unreceipted(connection, AMOUNT, 0, 1),
    "vouched": lambda connection: requests.vouched(connection, AMOUNT, 0, 1),
}

WANTED = Wanted("daraja", "stk", AMINA, AMOUNT)


async def work_of(office: Office, named: str) -> Work:
    """An operation as a worker holds it."""
    row = await office.operation(named)
    return Work(
        number=row.number, id=row.id, reference=row.reference, kind=row.kind, customer_id=row.customer_id,
        intent=row.intent, state=row.state, step=row.step, generation=row.generation, attempts=row.attempts,
        data=row.data, created_at=row.created_at, waiting_since=None, fence=row.fence,
    )  # fmt: skip


@pytest.fixture
async def work(office: Office) -> Work:
    return await work_of(office, await office.prompt("LN1", AMOUNT))


@pytest.fixture
async def each_work(each_office: Office) -> Work:
    return await work_of(each_office, await each_office.prompt("LN1", AMOUNT))


async def opened(office: Office, work: Work) -> RailRequest:
    async with office.store.begin() as connection:
        return await requests.opened(connection, work, WANTED, office.clock())


async def told(office: Office, work: Work, *news: Result) -> list[str]:
    """The verdicts on a row of news, each its own unit of work."""
    verdicts: list[str] = []
    for number, result in enumerate(news):
        async with office.store.begin() as connection:
            request = await requests.by_id(connection, requests.request_id(work), lock=True)
            assert request is not None
            verdicts.append(await requests.settled(connection, request, result, "callback", office.clock() + number))
    return verdicts


class TestOpening:
    async def test_a_request_is_made_once_however_often_it_is_attempted(self, office: Office, work: Work) -> None:
        """Same operation and generation: same id, same callback path."""
        first, again = await opened(office, work), await opened(office, work)

        assert first == again
        assert len(first.token) == 32
        assert (first.state, first.account_reference, first.sent_at) == ("pending", work.reference, None)

    async def test_another_generation_is_another_request(self, office: Office, work: Work) -> None:
        """After a proven refusal a fresh attempt must not be taken for the old one."""
        first, second = await opened(office, work), await opened(office, replace(work, generation=1))

        assert first.id != second.id
        assert first.token != second.token

    async def test_of_two_workers_at_once_only_one_finds_it_unsent(self, fresh_postgres: str) -> None:
        """One has lost its claim without knowing: the row is locked until the other has said that it sends."""
        async with office_on(fresh_postgres) as office:
            work = await work_of(office, await office.prompt("LN1", AMOUNT))
            await opened(office, work)  # its first try found nobody there: it is known, and was not sent

            async with office.store.begin() as connection:
                first = await requests.opened(connection, work, WANTED, office.clock())
                second = asyncio.create_task(opened(office, work))
                await until_blocked(office.store)
                await requests.noted(connection, first.id, sent_at=office.clock())

            assert (first.sent_at, (await second).sent_at) == (None, office.clock())


class TestSettling:
    @pytest.mark.parametrize(
        ("news", "verdicts", "state"),
        [
            ([PAID], ["applied"], "completed"),
            ([PAID, PAID], ["applied", "repeated"], "completed"),
            ([CANCELLED], ["applied"], "cancelled"),
            ([CANCELLED, CANCELLED], ["applied", "repeated"], "cancelled"),
            ([CANCELLED, PAID], ["applied", "late"], "completed"),
            ([CANCELLED, PAID, PAID], ["applied", "late", "repeated"], "completed"),
            ([PAID, CANCELLED], ["applied", "contradiction"], "completed"),
            ([PAID, replace(PAID, receipt="UA2")], ["applied", "contradiction"], "completed"),
            ([PENDING], ["nothing"], "pending"),
            ([UNCERTAIN], ["nothing"], "pending"),
            ([PAID, PENDING, UNCERTAIN], ["applied", "nothing", "nothing"], "completed"),
            ([CANCELLED, UNCERTAIN], ["applied", "nothing"], "cancelled"),
            ([replace(PAID, amount_cents=AMOUNT + 100)], ["mismatch"], "pending"),
            ([replace(PAID, amount_cents=AMOUNT - 100)], ["mismatch"], "pending"),
            ([replace(PAID, msisdn=BARAKA)], ["mismatch"], "pending"),
            ([replace(PAID, msisdn=None)], ["applied"], "completed"),
            ([PAID_SAYS_NO_MORE], ["applied"], "completed"),
            ([PAID_SAYS_NO_MORE, PAID], ["applied", "repeated"], "completed"),
            ([CANCELLED, replace(PAID, amount_cents=1)], ["applied", "mismatch"], "cancelled"),
        ],
    )
    async def test_money_is_never_unsaid_and_what_does_not_fit_moves_nothing(
        self, office: Office, work: Work, news: list[Result], verdicts: list[str], state: str
    ) -> None:
        """The table of verdicts."""
        await opened(office, work)

        assert await told(office, work, *news) == verdicts
        assert (await office.request(work.reference)).state == state

    @pytest.mark.parametrize(
        ("words", "state"),
        [("cancelled", "cancelled"), ("timeout", "expired"), ("low", "failed"), ("wrong_pin", "failed")],
    )
    async def test_a_refusal_is_kept_by_its_kind(self, office: Office, work: Work, words: Words, state: str) -> None:
        """With the code that was said and the words for the customer."""
        await opened(office, work)

        await told(office, work, Result("refused", "77", words, ""))

        request = await office.request(work.reference)
        assert (request.state, request.words, request.result_code) == (state, words, "77")

    async def test_a_receipt_that_comes_later_is_filled_in(self, office: Office, work: Work) -> None:
        """A query says that it was paid, not under which receipt."""
        await opened(office, work)

        await told(office, work, PAID_SAYS_NO_MORE, PAID)

        request = await office.request(work.reference)
        assert (request.receipt, request.paid_cents) == ("UA1", AMOUNT)

    async def test_of_two_answers_that_race_the_second_sees_the_first(
        self, each_office: Office, each_work: Work
    ) -> None:
        """One is applied and one is a repeat, whichever came first."""
        office, work = each_office, each_work
        await opened(office, work)

        verdicts = await asyncio.gather(*(told(office, work, PAID) for _ in range(5)))

        assert sorted(verdicts) == [["applied"], *[["repeated"]] * 4]

    async def test_a_refusal_that_races_a_payment_never_wins(self, each_office: Office, each_work: Work) -> None:
        """Whichever is first, the request ends completed."""
        office, work = each_office, each_work
        await opened(office, work)

        verdicts = await asyncio.gather(told(office, work, CANCELLED), told(office, work, PAID))

        assert (await office.request(work.reference)).state == "completed"
        assert [*verdicts] in ([["applied"], ["late"]], [["contradiction"], ["applied"]])


async def test_nothing_is_found_for_a_token_or_a_reference_nobody_has(office: Office, work: Work) -> None:
    """Forged paths and accounts that people mistype are answers to no request."""
    await opened(office, work)

    async with office.store.begin() as connection:
        found: list[Any] = [
            await requests.by_token(connection, "0" * 32),
            await requests.by_account(connection, "0711000001"),
            await requests.by_id(connection, work.id),
            await requests.receipt_of(connection, work.id),
        ]

    assert found == [None] * 4


class TestFinding:
    @pytest.mark.parametrize("asked", ASKED_BY_EACH_CONFIRMATION.values(), ids=ASKED_BY_EACH_CONFIRMATION.keys())
    async def test_what_each_confirmation_asks_reads_no_other_requests(
        self, office: Office, asked: Callable[[AsyncConnection], Awaitable[object]]
    ) -> None:
        """By an index whose columns are all given: a year of requests makes it no slower."""
        said: list[tuple[str, Any]] = []
        async with office.store.begin() as connection:

            @event.listens_for(connection.sync_connection, "before_cursor_execute")
            def _said(_: object, __: object, statement: str, values: Any, *___: object) -> None:
                said.append((statement, values))

            await asked(connection)
            statement, values = said[0]
            plan = [row.detail for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]

        search = next(line for line in plan if "rail_requests" in line)
        assert search.startswith("SEARCH rail_requests USING INDEX")
        assert "(kind=?)" not in search
