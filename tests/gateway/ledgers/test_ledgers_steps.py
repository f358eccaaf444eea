"""What the core is told: every money fact of a loan, once, in order, whatever becomes of the answers."""

import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.clock import local_date
from gateway.ledgers.gate import Width
from gateway.mirror.telling import BY_HAND, CHARGE, LOAN, REPAY, SAVE, UNDO
from gateway.operations.playbook import Local
from tests.gateway.ledgers.branch import HOUR_MS, MINUTE_MS, Branch, branch_on

TOLD = ("lost-answer", "http-500-after", "http-500", "stored-500", "timeout", "425", "409-locked", "http-503", "down")


async def applied(branch: Branch, loan_id: str) -> list[str]:
    """The ids of what the core has booked on a loan, in its order, the payout first."""
    loans = {loan["externalId"]: loan for loan in (await branch.bank.truth())["loans"]}
    return [each["externalId"] for each in loans[loan_id]["transactions"] if not each["reversed"]]


async def saved(branch: Branch, customer: str, cents: int) -> str:
    """Money put aside; the journal's operation."""
    identity = str(uuid.uuid4())
    lines = (Line(chart.OPENING, cents), Line(chart.savings(customer), -cents))
    async with branch.store.begin() as connection:
        await branch.books.post(connection, Entry(identity, "post", "Savings", lines), branch.clock())
    return identity


async def with_client(branch: Branch) -> tuple[str, str]:
    """A customer that the core knows, by our id and by theirs."""
    customer = await branch.person()
    await branch.lent(customer)
    await branch.settled()
    (client,) = (await branch.bank.truth())["clients"]
    return customer, str(client["id"])


class TestALoan:
    async def test_that_was_paid_out_is_kept_by_the_core_as_we_agreed_it(self, each_branch: Branch) -> None:
        """Client, application, approval and payout; the mirror has read it."""
        loan_id = await each_branch.lent(await each_branch.person())

        await each_branch.settled()

        read = await each_branch.ledger.find_loan(loan_id)
        ours = (await each_branch.standing(loan_id)).loan.rows
        mirrored = await each_branch.mirrored(loan_id)
        assert read is not None
        assert mirrored is not None
        assert [(row.due_on, row.due) for row in read.schedule] == [(row.due_on, row.owed) for row in ours]
        assert (mirrored.core_id, mirrored.status, mirrored.owed_cents) == (read.id, "active", read.owed_cents)
        assert mirrored.as_of == each_branch.clock()

    async def test_is_repaid_there_in_the_order_in_which_it_was_repaid(self, each_branch: Branch) -> None:
        """One lane, one order."""
        loan_id = await each_branch.lent(await each_branch.person())
        told = [await each_branch.repaid(loan_id, cents) for cents in (100_00, 200_50, 300_00)]

        await each_branch.settled()

        assert (await applied(each_branch, loan_id))[1:] == told
        assert await each_branch.cases() == []

    async def test_of_a_product_that_the_core_does_not_keep_stays_ours(self, fresh_sqlite: str, tmp_path: Path) -> None:
        """Nothing is queued."""
        async with branch_on(fresh_sqlite, tmp_path, products=()) as branch:
            await branch.lent(await branch.person())

            assert await branch.rows() == []

    async def test_whose_figures_are_read_once_for_many_commands(self, branch: Branch) -> None:
        """Only the last of those that are waiting reads them."""
        loan_id = await branch.lent(await branch.person())
        told = [await branch.repaid(loan_id, 100_00) for _ in range(3)]

        await branch.settled()

        rows = [await branch.row(identity) for identity in told]
        assert [row.reason for row in rows] == ["nothing to read yet", "nothing to read yet", None]

    async def test_with_other_figures_at_the_core_opens_one_case(self, branch: Branch) -> None:
        """Somebody there has entered what we do not know; the core's figure counts."""
        loan_id = await branch.lent(await branch.person())
        await branch.settled()
        mirrored = await branch.mirrored(loan_id)
        assert mirrored is not None
        today = local_date(branch.clock()).isoformat()
        await branch.bank.post(
            f"loans/{mirrored.core_id}/transactions?command=repayment", transactionDate=today, transactionAmount="60"
        )

        for _ in range(2):
            await branch.repaid(loan_id, 100_00)
            await branch.settled()

        after = await branch.mirrored(loan_id)
        assert after is not None
        assert await branch.cases() == ["core mismatch"]
        assert after.owed_cents == 2_160_00 - 260_00
        assert after.version > mirrored.version

    async def test_of_before_another_of_the_same_person_is_taken_after_it_too(self, branch: Branch) -> None:
        """Different loans are told in any order: the client is as old as the customer, not as the loan told first."""
        customer = await branch.person()
        first = await branch.lent(customer)
        (held,) = await branch.rows(LOAN)
        branch.clock.turn(24 * HOUR_MS)
        await branch.lent(customer)
        await branch.postponed(held.id, branch.clock() + HOUR_MS)

        await branch.settled()

        assert [row.state for row in await branch.rows(LOAN)] == ["done", "done"]
        assert await branch.ledger.find_loan(first) is not None


class TestADoubt:
    @pytest.mark.parametrize("fault", TOLD)
    async def test_is_settled_by_looking_and_nothing_is_said_twice(self, branch: Branch, fault: str) -> None:
        """Whatever becomes of the first answers, or of the commands."""
        loan_id = await branch.lent(await branch.person())
        await branch.settled()
        seconds = {"seconds": 0.1} if fault == "timeout" else {}
        await branch.bank.control(
            "POST", "faults", {"api": "fineract-writes", "fault": fault, "rate": 1.0, "seed": 1, **seconds}
        )
        told = await branch.repaid(loan_id, 500_00)
        await branch.worker.drain()
        await branch.bank.well()

        await branch.settled()

        assert (await applied(branch, loan_id))[1:] == [told]
        assert (await branch.row(told)).state == "done"

    async def test_that_survives_a_crash_is_settled_by_the_next_worker(self, each_branch: Branch) -> None:
        """Killed after the core had answered and before that was stored."""
        loan_id = await each_branch.lent(await each_branch.person())
        await each_branch.settled()
        told = await each_branch.repaid(loan_id, 500_00)
        (work,) = await each_branch.worker.claim(1)
        step = each_branch.playbooks[REPAY].step(work.step)
        assert not isinstance(step, Local)
        await step.attempt(work)

        each_branch.restarted()
        await each_branch.settled()

        assert (await applied(each_branch, loan_id))[1:] == [told]
        assert (await each_branch.row(told)).state == "done"

    async def test_about_a_kept_failure_takes_another_key(self, branch: Branch) -> None:
        """The same key would bring the same failure for ever."""
        loan_id = await branch.lent(await branch.person())
        await branch.settled()
        await branch.bank.fault("stored-500", api="fineract-writes")
        told = await branch.repaid(loan_id, 500_00)
        await branch.worker.drain()
        await branch.bank.well()

        await branch.settled()

        assert (await branch.command(told, "repay")).generation == 1
        assert (await applied(branch, loan_id))[1:] == [told]

    async def test_that_nobody_can_settle_is_given_to_a_person(self, branch: Branch) -> None:
        """A key that the core is at work on for ever."""
        loan_id = await branch.lent(await branch.person())
        await branch.settled()
        await branch.bank.fault("stuck-key", api="fineract-writes")
        told = await branch.repaid(loan_id, 500_00)
        await branch.worker.drain()
        await branch.bank.well()

        await branch.settled()

        assert (await branch.row(told)).state == "parked"
        assert (await branch.row(told)).reason == "nobody could say what became of it"


class TestASecondPerson:
    async def test_at_the_core_is_waited_for(self, branch: Branch) -> None:
        """An answer without an id is no answer; nothing is said again meanwhile."""
        loan_id = await branch.lent(await branch.person())
        await branch.settled()
        await branch.bank.control("POST", "settings", {"coreMakerChecker": True})
        told = await branch.repaid(loan_id, 500_00)
        await branch.until(branch.clock() + HOUR_MS)
        assert (await branch.row(told)).state == "waiting"
        (waiting,) = (await branch.bank.truth())["waiting"]

        await branch.bank.control("POST", f"core/commands/{waiting['commandId']}", {"answer": "approve"})
        await branch.settled()

        assert (await branch.row(told)).state == "done"
        assert (await applied(branch, loan_id))[1:] == [told]


class TestARefusal:
    async def test_parks_and_holds_up_its_own_loan_only(self, each_branch: Branch) -> None:
        """Until a person has mended it; then the rest of the loan follows, in order."""
        customer = await each_branch.person()
        sick, well = [await each_branch.lent(customer) for _ in range(2)]
        await each_branch.settled()
        bad, later = [await each_branch.repaid(sick, 100_00) for _ in range(2)]
        fine = await each_branch.repaid(well, 100_00)
        await each_branch.bank.control("POST", "core/poison", {"externalId": bad})

        await each_branch.settled()

        states = [(await each_branch.row(each)).state for each in (bad, later, fine)]
        assert states == ["parked", "queued", "done"]

        await each_branch.bank.control("DELETE", "core/poison")
        await each_branch.resolved(bad)
        await each_branch.settled()
        assert (await applied(each_branch, sick))[1:] == [bad, later]

    async def test_of_a_loan_that_the_core_has_under_our_id_is_no_refusal(self, branch: Branch) -> None:
        """It is ours: the first try got through after all."""
        loan_id = await branch.lent(await branch.person())
        await branch.bank.fault("lost-answer", api="fineract-loans")
        await branch.worker.drain()
        await branch.bank.well()

        await branch.settled()

        assert (await branch.rows(LOAN))[0].state == "done"
        assert len((await branch.bank.truth())["loans"]) == 1
        assert len(await applied(branch, loan_id)) == 1


class TestOtherFacts:
    async def test_a_repayment_taken_back_is_taken_back_there(self, branch: Branch) -> None:
        """The one with the same receipt."""
        loan_id = await branch.lent(await branch.person())
        kept, gone = await branch.repaid(loan_id, 100_00, "SKEPT"), await branch.repaid(loan_id, 200_00, "SGONE")
        await branch.settled()

        detail = {"on": local_date(branch.clock()).isoformat(), "type": "reverse_repayment", "reference": "SGONE"}
        await branch.happened(loan_id, "reverse_repayment", detail)
        await branch.settled()

        assert (await branch.rows(UNDO))[0].state == "done"
        assert (await applied(branch, loan_id))[1:] == [kept]
        assert gone not in await applied(branch, loan_id)

    async def test_a_penalty_is_put_on_the_loan_there(self, branch: Branch) -> None:
        """As the charge that is configured for it."""
        loan_id = await branch.lent(await branch.person())
        detail = {"on": local_date(branch.clock()).isoformat(), "type": "charge", "amount": "50.00", "kind": "penalty"}
        await branch.happened(loan_id, "charge", detail)

        await branch.settled()

        read = await branch.ledger.find_loan(loan_id)
        assert read is not None
        assert (await branch.rows(CHARGE))[0].state == "done"
        assert read.schedule[0].due.penalty == 50_00

    async def test_what_no_command_says_waits_for_a_person(self, branch: Branch) -> None:
        """Nothing is dropped silently, and the loan's later facts wait for it."""
        loan_id = await branch.lent(await branch.person())
        await branch.happened(loan_id, "rescheduled", {"extraInstalments": 1})

        await branch.settled()

        (row,) = await branch.rows(BY_HAND)
        assert (row.state, row.intent["kind"]) == ("parked", "rescheduled")


class TestSavings:
    async def test_that_were_put_aside_are_deposited_there(self, branch: Branch) -> None:
        """And what is taken out is withdrawn, in order."""
        customer, client = await with_client(branch)
        account = await branch.bank.savings_account(client, local_date(branch.clock()))

        await saved(branch, customer, 700_00)
        await saved(branch, customer, -200_50)
        await branch.settled()

        (kept,) = (await branch.bank.truth())["savings"]
        assert [row.state for row in await branch.rows(SAVE)] == ["done", "done"]
        assert (str(kept["id"]), Decimal(kept["balance"])) == (account, Decimal("499.50"))

    @pytest.mark.parametrize("fault", ["lost-answer", "http-500-after", "stored-500", "http-500"])
    async def test_are_deposited_once_whatever_becomes_of_the_answer(self, branch: Branch, fault: str) -> None:
        """There is no id of ours to refuse it by, so it is searched for by its receipt number."""
        customer, client = await with_client(branch)
        await branch.bank.savings_account(client, local_date(branch.clock()))
        await branch.bank.fault(fault, api="fineract-savings")
        await saved(branch, customer, 700_00)
        await branch.worker.drain()
        await branch.bank.well()

        await branch.settled()

        (kept,) = (await branch.bank.truth())["savings"]
        assert Decimal(kept["balance"]) == 700

    async def test_of_somebody_without_an_account_there_wait_for_a_person(self, branch: Branch) -> None:
        """Who opens one and lets it go on."""
        customer, client = await with_client(branch)
        await saved(branch, customer, 700_00)
        await branch.settled()
        (row,) = await branch.rows(SAVE)
        assert (row.state, row.step) == ("parked", "account")

        await branch.bank.savings_account(client, local_date(branch.clock()))
        await branch.resolved(row.id)
        await branch.settled()

        (kept,) = (await branch.bank.truth())["savings"]
        assert Decimal(kept["balance"]) == 700


class TestAnOutage:
    async def test_is_waited_out_by_nearly_everybody_without_a_call(self, branch: Branch) -> None:
        """A few find out; the others are not even sent, and come when the poll has found the core again."""
        customer = await branch.person()
        loans = [await branch.lent(customer) for _ in range(12)]
        await branch.bank.fault("down")
        await branch.polling()

        await branch.until(branch.clock() + 12 * HOUR_MS, tick_ms=MINUTE_MS)

        held = await branch.rows(LOAN)
        assert branch.gate.away_since is not None
        assert all(row.state == "queued" for row in held)
        assert sum([len(await branch.tried(row.id)) for row in held]) < 12 * 40

        await branch.bank.well()
        back = branch.clock()
        await branch.polling()
        await branch.settled()
        assert branch.gate.away_since is None
        assert branch.clock() - back < HOUR_MS
        assert sorted(loan["externalId"] for loan in (await branch.bank.truth())["loans"]) == sorted(loans)

    async def test_does_not_turn_a_doubt_into_a_case_for_a_person(self, branch: Branch) -> None:
        """Nobody could be asked, however long it took."""
        loan_id = await branch.lent(await branch.person())
        await branch.settled()
        await branch.bank.fault("lost-answer", api="fineract-writes")
        told = await branch.repaid(loan_id, 500_00)
        await branch.worker.drain()
        await branch.bank.fault("down")
        for _ in range(3):
            await branch.repaid(await branch.lent(await branch.person()), 100_00)

        await branch.until(branch.clock() + 30 * HOUR_MS, tick_ms=30 * MINUTE_MS)
        await branch.bank.well()
        await branch.settled()

        assert (await branch.row(told)).state == "done"
        assert (await applied(branch, loan_id))[1:] == [told]

    async def test_lets_no_more_in_at_once_than_the_door_is_wide(self, fresh_sqlite: str, tmp_path: Path) -> None:
        """Eight workers, one call at a time."""
        width = Width(at_once=1, calls_a_second=0, probe_ms=30_000)
        async with branch_on(fresh_sqlite, tmp_path, width=width, workers=8) as branch:
            most = Inside(branch)
            customer = await branch.person()
            for _ in range(8):
                await branch.lent(customer)

            await branch.settled()

        assert most.most == 1


class Inside:
    """Counts how many applications are on their way to the core at the same time."""

    def __init__(self, branch: Branch) -> None:
        self.now, self.most = 0, 0
        ledger: Any = branch.ledger
        self._said = ledger.create_loan
        ledger.create_loan = self

    async def __call__(self, *args: Any) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self._said(*args)
        finally:
            self.now -= 1
