"""A whole gateway with the pretend Fineract as its core: approvals, hooks, health, and balances with their age."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.clock import local, local_date, system
from gateway.config import Ledger
from gateway.demo import PEOPLE
from gateway.errors import Misconfigured
from gateway.ledgers.loading import core_of
from gateway.mirror import kept
from gateway.mirror.tables import core_loans
from gateway.mirror.telling import LOAN
from gateway.playbooks.core import READ, REFRESH
from gateway.playbooks.core_approved import KIND
from gateway.store import customers
from gateway.store.tables import callbacks, cases, messages
from tests.gateway.ledgers.cores import Bank
from tests.house import House, Houses
from tests.servers import wait_until

TOKEN = "c0ffee0123456789"
AMINA, AMINA_ID_MSISDN, STRANGER = "+254711000001", "254711000001", "+254711000003"
AMINA_PIN = "4826"
QUICK = {"quick": {"id": 1, "rate_per": "term"}}


def core(standins: str, products: Mapping[str, Any] = QUICK, **changes: Any) -> dict[str, Any]:
    """A configuration with the pretend Fineract as the core."""
    fineract = {
        "base_url": f"{standins}/fineract/fineract-provider/api/v1", "password": "password", "payment_type": 2,
        "products": products,
    }  # fmt: skip
    values: dict[str, Any] = {
        "kind": "fineract", "hooks_token": TOKEN, "ask_seconds": 0.1, "ask_max_seconds": 0.5, "probe_seconds": 0.3,
        "spread_seconds": 0.1, "timeout_seconds": 1.0, "poll_seconds": 0.3, "fineract": fineract,
    }  # fmt: skip
    return values | changes


async def built(houses: Houses, **changes: Any) -> tuple[House, Bank]:
    """A house whose core is the stand-ins' own; the demo loan is told to it first."""
    house = await houses.build(ledger=lambda standins: core(standins, **changes))
    return house, bank_of(house)


@pytest.fixture
def houses(light: Houses) -> Houses:
    """On one engine: what races is tested on both with `tests.gateway.ledgers`."""
    return light


@pytest.fixture
async def house_with_core(houses: Houses) -> House:
    house, _ = await built(houses)
    return house


async def told(house: House) -> None:
    """The demo loan is at the core."""

    async def is_told() -> bool:
        rows = await house.operations(LOAN)
        return bool(rows) and all(row.state == "done" for row in rows)

    await wait_until(is_told)


async def client_of(house: House, bank: Bank) -> str:
    await told(house)
    (client,) = [each for each in (await bank.truth())["clients"] if each["mobileNo"] == AMINA_ID_MSISDN]
    return str(client["id"])


async def approved(bank: Bank, client: str, amount: str = "1000", *, approve: bool = True) -> str:
    """A loan that somebody at the core has made and approved."""
    on = local_date(system()).isoformat()
    made = await bank.post(
        "loans", clientId=int(client), productId=1, loanType="individual", principal=amount, loanTermFrequency=30,
        loanTermFrequencyType=0, numberOfRepayments=1, repaymentEvery=30, repaymentFrequencyType=0,
        interestRatePerPeriod="8", amortizationType=1, interestType=1, interestCalculationPeriodType=1,
        transactionProcessingStrategyCode="mifos-standard-strategy", submittedOnDate=on, expectedDisbursementDate=on,
    )  # fmt: skip
    loan = str(made["loanId"])
    if approve:
        await bank.post(f"loans/{loan}?command=approve", approvedOnDate=on)
    return loan


def approval(loan: str, client: str, **changes: Any) -> dict[str, Any]:
    values = {
        "eventType": "LOAN_APPROVED", "partnerId": "p-1", "loanId": loan, "clientId": client, "clientPhone": AMINA,
        "loanAmount": "1000.00", "productId": 1, "approvedAt": local(system()).isoformat(), "webhookToken": TOKEN,
    }  # fmt: skip
    return values | changes


async def sent(house: House, body: Mapping[str, Any], token: str = TOKEN) -> tuple[int, Any]:
    async with house.http.post(f"{house.url}/api/core/approvals/{token}", json=body) as response:
        return response.status, await response.json(content_type=None)


async def topics(house: House) -> list[tuple[str, str]]:
    async with house.gateway.store.read() as connection:
        rows = await connection.execute(select(cases.c.topic, cases.c.evidence))
        return [(row.topic, row.evidence.get("reason", "")) for row in rows]


def bank_of(house: House) -> Bank:
    return Bank(house.standins_url, house.http)


async def paid_out(house: House, kind: str = "b2c") -> list[Any]:
    return [each for each in (await bank_of(house).control("GET", "money"))["movements"] if each["kind"] == kind]


async def ended(house: House, state: str) -> Any:
    async def is_over() -> bool:
        rows = await house.operations(KIND)
        return bool(rows) and all(row.state == state for row in rows)

    await wait_until(is_over)
    return (await house.operations(KIND))[-1]


class TestAnApproval:
    async def test_is_paid_out_once_and_told_back_however_often_it_comes(self, houses: Houses) -> None:
        """By the rail, with its receipt at the core, and a message to the customer."""
        house, bank = await built(houses)
        client = await client_of(house, bank)
        loan = await approved(bank, client)
        body = approval(loan, client)

        answers = await asyncio.gather(*(sent(house, body) for _ in range(3)))

        row = await ended(house, "done")
        assert {status for status, _ in answers} == {200}
        assert {answer["reference"] for _, answer in answers} == {row.reference}
        assert [answer["isRepeat"] for _, answer in answers].count(False) == 1
        (payout,) = await paid_out(house)
        assert (payout["phone"], payout["amount"]) == (AMINA, "990.00")

        async def is_told() -> bool:
            rows = await house.operations(LOAN)
            return len(rows) == 2 and all(row.state == "done" for row in rows)

        await wait_until(is_told)
        (theirs,) = [each for each in (await bank.truth())["loans"] if str(each["id"]) == loan]
        (disbursed,) = theirs["transactions"]
        assert (theirs["status"], disbursed["receiptNumber"], disbursed["amount"]) == (
            300,
            payout["receipt"],
            "1000.00",
        )
        again, answer = await sent(house, body)
        assert (again, answer["state"], answer["isRepeat"]) == (200, "done", True)
        assert len(await paid_out(house)) == 1

    async def test_of_the_same_loan_told_anew_pays_nothing(self, houses: Houses) -> None:
        """Another moment makes it another message, and the core says that the loan has its money."""
        house, bank = await built(houses)
        client = await client_of(house, bank)
        loan = await approved(bank, client)
        await sent(house, approval(loan, client))
        await ended(house, "done")

        later = (local(system()) + timedelta(seconds=1)).isoformat()
        status, _ = await sent(house, approval(loan, client, approvedAt=later))

        async def is_refused() -> bool:
            return [row.state for row in await house.operations(KIND)] == ["done", "rejected"]

        await wait_until(is_refused)
        assert status == 200
        assert len(await paid_out(house)) == 1
        assert [topic for topic, _ in await topics(house)] == ["core approval not paid"]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"loanAmount": "1500.00"}, "mismatch"),
            ({"clientPhone": "+254711000002"}, "mismatch"),
            ({"productId": 4}, "mismatch"),
            ({"clientId": "999"}, "mismatch"),
            ({"loanId": "999"}, "unknown"),
        ],
    )
    async def test_that_the_core_does_not_confirm_pays_nothing(
        self, houses: Houses, changes: Mapping[str, Any], reason: str
    ) -> None:
        """Anybody may write to an address; a case is opened."""
        house, bank = await built(houses)
        client = await client_of(house, bank)
        loan = await approved(bank, client)

        status, _ = await sent(house, approval(loan, client, **changes))

        await ended(house, "rejected")
        assert status == 200
        assert await paid_out(house) == []
        assert await topics(house) == [("core approval not paid", reason)]

    @pytest.mark.parametrize("limits", [{"disburse_most": 500}, {"disburse_a_day": 900}])
    async def test_over_a_limit_pays_nothing(self, houses: Houses, limits: Mapping[str, Any]) -> None:
        """Of one loan, or of a day."""
        house, bank = await built(houses, **limits)
        client = await client_of(house, bank)

        await sent(house, approval(await approved(bank, client), client))

        await ended(house, "rejected")
        assert await paid_out(house) == []
        assert await topics(house) == [("core approval not paid", "limit")]

    async def test_to_somebody_whose_money_may_not_leave_yet_pays_nothing(self, houses: Houses) -> None:
        """They are told until when, and a person looks at what the core has approved."""
        house, bank = await built(houses)
        client = await client_of(house, bank)
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[0].id, outgoing_from=system() + 3 * 86_400_000)

        await sent(house, approval(await approved(bank, client), client))

        await ended(house, "rejected")
        await house.settled()
        assert await paid_out(house) == []
        assert await topics(house) == [("core approval not paid", "safety")]
        assert ["For your safety loans are paid out again" in text for text in await house.texts(AMINA)] == [True]

    async def test_waits_while_the_core_is_away_and_is_paid_then(self, houses: Houses) -> None:
        """It is believed only when it can be read."""
        house, bank = await built(houses)
        client = await client_of(house, bank)
        loan = await approved(bank, client)
        await bank.fault("down")

        await sent(house, approval(loan, client))

        async def has_tried() -> bool:
            return bool([row for row in await house.operations(KIND) if row.reason])

        await wait_until(has_tried)
        assert await paid_out(house) == []
        await bank.well()
        await ended(house, "done")
        assert len(await paid_out(house)) == 1

    @pytest.mark.parametrize(
        ("changes", "status", "problem"),
        [
            ({"webhookToken": "wrong"}, 401, "unauthorized"),
            ({"approvedAt": "2026-01-01T10:00:00+03:00"}, 422, "approval-too-old"),
            ({"approvedAt": "2999-01-01T10:00:00+03:00"}, 422, "approval-from-the-future"),
            ({"approvedAt": "2026-08-05T10:42:00"}, 422, "invalid"),
            ({"eventType": "LOAN_CLOSED"}, 422, "invalid"),
            ({"clientPhone": "12"}, 422, "invalid"),
            ({"loanAmount": "-5"}, 422, "invalid"),
            ({"loanAmount": "10.001"}, 422, "invalid"),
            ({"more": 1}, 422, "invalid"),
        ],
    )
    async def test_that_cannot_be_is_refused_as_a_problem(
        self, house_with_core: House, changes: Mapping[str, Any], status: int, problem: str
    ) -> None:
        """With a stable type, and nothing queued."""
        given, body = await sent(house_with_core, approval("77", "1", **changes))

        assert (given, body["type"]) == (status, f"urn:nyota:problem:{problem}")
        assert await house_with_core.operations(KIND) == []

    async def test_with_another_path_token_finds_nothing(self, house_with_core: House) -> None:
        """As if there were no such address."""
        status, _ = await sent(house_with_core, approval("77", "1"), token="0" * 16)

        assert status == 404

    async def test_with_other_content_is_refused(self, house_with_core: House) -> None:
        """The same loan and moment are the same approval."""
        body = approval("77", "1")
        await sent(house_with_core, body)

        status, answer = await sent(house_with_core, {**body, "loanAmount": "2000.00"})

        assert (status, answer["type"]) == (409, "urn:nyota:problem:approval-changed")


class TestAHook:
    async def test_is_kept_as_it_came_and_makes_us_read_the_loan(self, houses: Houses) -> None:
        """What it says is not believed: the figures are the core's own."""
        house, bank = await built(houses, poll_seconds=600.0)
        await told(house)
        async with house.gateway.store.read() as connection:
            tied = (await connection.execute(select(core_loans))).one()
        on = local_date(system()).isoformat()
        path = f"loans/{tied.core_id}/transactions?command=repayment"
        await bank.post(path, transactionDate=on, transactionAmount="160")
        hook = {"entityName": "LOAN", "actionName": "REPAYMENT", "response": {"loanId": int(tied.core_id)}}

        async with house.http.post(f"{house.url}/api/core/hooks/{TOKEN}/", json=hook) as response:
            assert response.status == 200

        async def is_read() -> bool:
            async with house.gateway.store.read() as connection:
                mirrored = await kept.loan(connection, tied.loan_id)
            return mirrored is not None and mirrored.owed_cents == 2_000_00

        await wait_until(is_read)
        async with house.gateway.store.read() as connection:
            row = (await connection.execute(select(callbacks).where(callbacks.c.rail == "core"))).one()
        assert (row.purpose, row.verdict) == ("LOAN REPAYMENT", "applied")

        async def is_done() -> bool:
            return [row.state for row in await house.operations(READ)] == ["done"]

        await wait_until(is_done)

    @pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"response": {"loanId": 999}}', b'{"response": {}}'])
    async def test_about_nothing_of_ours_is_kept_and_does_nothing(self, houses: Houses, body: bytes) -> None:
        """Whatever it is."""
        house, _ = await built(houses)

        async with house.http.post(f"{house.url}/api/core/hooks/{TOKEN}/", data=body) as response:
            assert response.status == 200

        async with house.gateway.store.read() as connection:
            row = (await connection.execute(select(callbacks).where(callbacks.c.rail == "core"))).one()
        assert (row.verdict, row.operation_id) == ("unmatched", None)
        assert await house.operations(READ) == []

    async def test_with_another_token_finds_nothing(self, house_with_core: House) -> None:
        """And nothing is kept."""
        async with house_with_core.http.post(f"{house_with_core.url}/api/core/hooks/{'0' * 16}/") as response:
            assert response.status == 404


class TestOldFigures:
    @pytest.mark.parametrize(
        ("language", "old", "coming"), [("en", "As at ", "New figures come by SMS"), ("sw", "Kufikia ", "Salio jipya")]
    )
    async def test_are_shown_with_their_age_and_come_anew_by_one_message(
        self, houses: Houses, language: str, old: str, coming: str
    ) -> None:
        """While the core is away; when it is back, one SMS brings them."""
        house, bank = await built(houses, fresh_seconds=0.5, poll_seconds=600.0)
        await told(house)
        if language == "sw":
            await in_swahili(house)
        await bank.fault("down")
        await wait_until(lambda: is_old(house))

        await house.hop("", session="old")
        await house.hop("1", session="old")
        shown = await house.hop(f"1*{AMINA_PIN}", session="old")

        assert old in shown
        assert coming in shown
        assert len(await house.operations(REFRESH)) == 1
        await bank.well()

        async def has_come() -> bool:
            async with house.gateway.store.read() as connection:
                query = select(messages.c.template).where(messages.c.template == "balance.fresh")
                return len(list(await connection.scalars(query))) == 1

        await wait_until(has_come)


async def is_old(house: House) -> bool:
    """Half a second has passed since the figures were read."""
    async with house.gateway.store.read() as connection:
        as_of = await connection.scalar(select(core_loans.c.as_of))
    return as_of is not None and system() - int(as_of) > 500


async def in_swahili(house: House) -> None:
    async with house.gateway.store.begin() as connection:
        person = await customers.on_line(connection, AMINA)
        assert person is not None
        await customers.changed(connection, person.id, language="sw")


class TestTheStart:
    async def test_is_refused_when_the_core_says_that_something_is_missing(self, houses: Houses) -> None:
        """By the key of the configuration."""
        with pytest.raises(Misconfigured, match=r"ledger\.fineract\.products: 9"):
            await built(houses, products={"quick": {"id": 9}})

    async def test_goes_on_without_the_core_and_health_says_so(self, houses: Houses) -> None:
        """It may come back; work is taken on meanwhile."""
        house, bank = await built(houses)
        await told(house)
        await bank.fault("down")

        async def is_degraded() -> bool:
            _, report = await house.ops("GET", "/healthz")
            return bool(report["checks"]["core"]["status"] == "degraded")

        await wait_until(is_degraded)
        status, report = await house.ops("GET", "/healthz")
        assert (status, report["status"]) == (200, "degraded")

    def test_asks_for_the_password_by_name(self) -> None:
        """A secret that is missing stops the start."""
        with pytest.raises(Misconfigured, match=r"ledger\.fineract\.password"):
            core_of(Ledger(kind="fineract"))
