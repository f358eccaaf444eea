"""Figures of a remote core on screens: whose count, how old they are, and how newer ones are asked for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.clock import local, local_date
from gateway.playbooks.core import REFRESH
from gateway.store import customers
from tests.gateway.ledgers.branch import FRESH_MS, HOUR_MS, Branch, branch_on


@pytest.fixture
async def branch(fresh_sqlite: str, tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on(fresh_sqlite, tmp_path) as branch:
        yield branch


async def borrower(branch: Branch) -> tuple[str, str]:
    """Somebody with a loan that the core has, and the loan."""
    customer = await branch.person()
    loan_id = await branch.lent(customer)
    await branch.settled()
    return customer, loan_id


async def entered(branch: Branch, loan_id: str, amount: str) -> None:
    """Somebody at the core takes a repayment there."""
    mirrored = await branch.mirrored(loan_id)
    assert mirrored is not None
    path = f"loans/{mirrored.core_id}/transactions?command=repayment"
    on = local_date(branch.clock()).isoformat()
    await branch.bank.post(path, transactionDate=on, transactionAmount=amount)


async def asked(branch: Branch, customer: str) -> None:
    """The balance screen with old figures has been shown."""
    async with branch.store.read() as connection:
        person = await customers.get(connection, customer)
        assert await branch.facts.asked(connection, person.msisdn)


class TestWhoseFiguresCount:
    async def test_the_cores_when_it_has_heard_everything(self, branch: Branch) -> None:
        """Though ours are others: a repayment was entered there."""
        customer, loan_id = await borrower(branch)
        await entered(branch, loan_id, "160")
        await branch.repaid(loan_id, 100_00)
        await branch.settled()

        shown = await branch.shown(customer)

        assert shown.loans_cents == shown.next_cents == 2_160_00 - 260_00

    async def test_ours_while_it_has_not(self, branch: Branch) -> None:
        """Whoever has paid is not shown the debt of before, though the core is away."""
        customer, loan_id = await borrower(branch)
        await branch.bank.fault("down")
        await branch.repaid(loan_id, 500_00)
        await branch.worker.drain()

        shown = await branch.shown(customer)

        assert shown.loans_cents == 1_660_00

    async def test_ours_of_a_loan_that_it_does_not_have_yet(self, branch: Branch) -> None:
        """They are of this moment."""
        await branch.bank.fault("down")
        customer = await branch.person()
        await branch.lent(customer)

        shown = await branch.shown(customer)

        assert (shown.loans_cents, shown.as_at) == (2_160_00, None)


class TestTheirAge:
    async def test_is_not_shown_while_they_are_fresh(self, branch: Branch) -> None:
        """Up to the limit of the configuration."""
        customer, _ = await borrower(branch)

        branch.clock.turn(FRESH_MS)

        assert (await branch.shown(customer)).as_at is None

    async def test_is_the_moment_of_the_reading_when_they_are_old(self, branch: Branch) -> None:
        """With pending news or without."""
        customer, _ = await borrower(branch)
        read_at = branch.clock()

        branch.clock.turn(FRESH_MS + 1)

        assert (await branch.shown(customer)).as_at == local(read_at)


class TestAskingAnew:
    async def test_is_queued_once_for_each_customer_at_a_time(self, branch: Branch) -> None:
        """However often the screen is looked at."""
        customer, _ = await borrower(branch)
        await branch.bank.fault("down")

        for _ in range(3):
            await asked(branch, customer)
            await branch.until(branch.clock() + HOUR_MS)

        assert len(await branch.rows(REFRESH)) == 1

    async def test_brings_one_message_with_the_new_figures(self, branch: Branch) -> None:
        """When the core is back."""
        customer, loan_id = await borrower(branch)
        await branch.bank.fault("down")
        branch.clock.turn(FRESH_MS + 1)
        await asked(branch, customer)
        await branch.until(branch.clock() + HOUR_MS)
        assert await branch.rows("sms.send") == []
        await branch.bank.well()
        await entered(branch, loan_id, "60")

        await branch.settled()

        (told,) = await branch.rows("sms.send")
        assert (told.intent["template"], told.intent["values"]["loans"]) == ("balance.fresh", ["ksh", 2_100_00])
        assert (await branch.shown(customer)).as_at is None


class TestThePoll:
    async def test_reads_what_is_old_and_raises_what_does_not_agree(self, branch: Branch) -> None:
        """Nobody told us of the repayment that was entered there."""
        customer, loan_id = await borrower(branch)
        await entered(branch, loan_id, "60")
        await branch.polling()

        await branch.until(branch.clock() + FRESH_MS + HOUR_MS)

        assert (await branch.shown(customer)).loans_cents == 2_100_00
        assert await branch.cases() == ["core mismatch"]
