"""What staff do to a loan after its pay-out, with a second person: on record, in the books, on the phone."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from gateway.clock import local_date
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Work
from gateway.playbooks.promising import DAILY, Promising
from gateway.servicing import promises
from gateway.store.tables import loans
from tests.gateway.playbooks.street import AMINA, LOAN, OWED, loan_state, owed, prove, topics
from tests.house import House
from tests.servers import wait_until

SAID = {"by": "jane", "why": "asked for in writing"}


async def asked(house: House, path: str, **body: Any) -> dict[str, Any]:
    status, answer = await house.ops("POST", f"/api/loans{path}", json={**SAID, **body})
    assert status == 202, answer
    return dict(answer)


async def done(house: House, path: str, **body: Any) -> dict[str, Any]:
    """One person asks, another agrees; what has become of it."""
    answer = await asked(house, path, **body)
    status, _ = await house.ops("POST", f"/api/loans/acts/{answer['reference']}/confirm", json={"by": "omar"})
    assert status == 200
    return await finished(house, answer["reference"])


async def finished(house: House, reference: str) -> dict[str, Any]:
    """What has become of an act, once something has."""
    act: dict[str, Any] = {}

    async def is_over() -> bool:
        _, found = await house.ops("GET", f"/api/loans/acts/{reference}")
        act.update(found)
        return found["state"] in {"done", "rejected"}

    await wait_until(is_over)
    return act


async def loan_id(house: House, reference: str = LOAN) -> str:
    async with house.gateway.store.read() as connection:
        return str(await connection.scalar(select(loans.c.id).where(loans.c.reference == reference)))


async def books_agree(house: House, reference: str = LOAN) -> None:
    """The books are whole, and the loan's accounts say what the loan says."""
    await prove(house)
    _, shown = await house.ops("GET", f"/api/loans/{reference}")
    identity, outstanding = await loan_id(house, reference), shown["outstanding"]
    principal = await house.balance(f"loan.principal:{identity}")
    interest = await house.balance(f"loan.interest:{identity}")
    assert f"{principal / 100:.2f}" == outstanding["principal"]
    assert f"{interest / 100:.2f}" == outstanding["interest"]


class TestActs:
    async def test_nothing_happens_before_a_second_person_agrees(self, house: House) -> None:
        """The first one cannot agree with themselves, nor the borrower who works at the desk; a no changes nothing."""
        answer = await asked(house, f"/{LOAN}/charges", amount="100.00")
        path = f"/api/loans/acts/{answer['reference']}/confirm"

        alone = [await house.ops("POST", path, json={"by": by}) for by in ("jane", "Amina Wanjiru")]
        before = await owed(house)
        await house.ops("POST", path, json={"by": "omar", "decision": "decline"})
        act = await finished(house, answer["reference"])

        assert ([status for status, _ in alone], before, await owed(house)) == ([409, 409], OWED, OWED)
        assert (act["state"], act["refusal"]) == ("rejected", "declined")

    async def test_a_repayment_in_error_is_taken_back(self, house: House) -> None:
        """Its parts return to the loan, its excess leaves the wallet, its money waits in suspense."""
        today = local_date(house.gateway.clock()).isoformat()
        wallet = await house.balance(f"wallet:{await customer(house)}")

        await done(house, f"/{LOAN}/repayments", amount="2500.00", receipt="SLIP1", on=today)
        paid = (await owed(house), await loan_state(house, LOAN))
        act = await done(house, f"/{LOAN}/reversals", receipt="SLIP1")

        assert paid == (0, "closed")
        assert act["state"] == "done"
        assert (await owed(house), await loan_state(house, LOAN)) == (OWED, "active")
        assert await house.balance(f"wallet:{await customer(house)}") == wallet
        assert await house.balance("suspense") == 2_500_00
        assert await topics(house) == []
        await books_agree(house)
        again = await house.ops("POST", f"/api/loans/{LOAN}/reversals", json={**SAID, "receipt": "SLIP1"})
        assert again[0] == 409

    async def test_a_charge_and_its_waiver(self, house: House) -> None:
        """Told to the customer, kept with who and why; not more is waived than was charged."""
        await done(house, f"/{LOAN}/charges", amount="75.00", kind="penalty")
        charged = await owed(house)
        too_much = await house.ops("POST", f"/api/loans/{LOAN}/waivers", json={**SAID, "amount": "80.00"})
        await done(house, f"/{LOAN}/waivers", amount="75.00", kind="penalty")

        assert (charged, too_much[0], await owed(house)) == (OWED + 75_00, 409, OWED)
        assert any("Ksh 75 was added" in text for text in await house.texts(AMINA))
        _, shown = await house.ops("GET", f"/api/loans/{LOAN}")
        waived = next(event for event in shown["events"] if event["kind"] == "waiver")
        assert (waived["detail"]["by"], waived["detail"]["second"]) == ("jane", "omar")
        await books_agree(house)

    async def test_what_is_written_off_is_still_owed(self, house: House) -> None:
        """A loss in the books, never said to the customer; money after it is income from recoveries."""
        texts = await house.texts(AMINA)
        today = local_date(house.gateway.clock()).isoformat()

        await done(house, f"/{LOAN}/write-off")
        told = await house.texts(AMINA)
        after = (await owed(house), await loan_state(house, LOAN))
        await done(house, f"/{LOAN}/repayments", amount="500.00", receipt="SLIP2", on=today)

        assert (after, told) == ((OWED, "written_off"), texts)
        assert await owed(house) == OWED - 500_00
        assert await house.balance("expense.writeoff") == 2_000_00
        assert await house.balance("income.recovery") == 500_00
        assert await house.balance(f"loan.principal:{await loan_id(house)}") == 0
        await prove(house)

    async def test_what_is_asked_with_a_key_is_asked_once(self, house: House) -> None:
        """The same answer to the same words, also when they come at once or after it was done; to others a no."""
        began = local_date(house.gateway.clock()).isoformat()
        body = {**SAID, "phone": AMINA, "product": "quick", "amount": "1000.00", "disbursedOn": began}
        key = {"Idempotency-Key": "7f3c"}

        first, *again = await asyncio.gather(
            *(house.ops("POST", "/api/loans", json=body, headers=key) for _ in range(3))
        )  # fmt: skip
        other = await house.ops("POST", "/api/loans", json={**body, "amount": "1100.00"}, headers=key)
        await house.ops("POST", f"/api/loans/acts/{first[1]['reference']}/confirm", json={"by": "omar"})
        await finished(house, first[1]["reference"])
        later = await house.ops("POST", "/api/loans", json=body, headers=key)
        longer = await house.ops("POST", "/api/loans", json=body, headers={"Idempotency-Key": "k" * 201})

        assert first[0] == 202
        assert [*again, later] == [first] * 3
        assert (other[0], other[1]["type"]) == (409, "urn:nyota:problem:idempotency-key-reused")
        assert (longer[0], longer[1]["type"]) == (400, "urn:nyota:problem:idempotency-key-too-long")
        _, found = await house.ops("GET", "/api/loans", params={"phone": AMINA, "state": "active"})
        assert sorted(loan["principal"] for loan in found["loans"]) == ["1000.00", "2000.00"]

    async def test_what_cannot_be_done_is_said_at_once(self, house: House) -> None:
        """A new date is a later one; nobody has to agree to that."""
        today = local_date(house.gateway.clock()).isoformat()

        status, answer = await house.ops("POST", f"/api/loans/{LOAN}/reschedule", json={**SAID, "nextDueOn": today})

        assert status == 409
        assert "nextDueOn" in answer["detail"]
        assert (await house.ops("POST", f"/api/loans/{LOAN}/charges", json=SAID))[0] == 422
        assert (await house.ops("POST", "/api/loans/LNNOBODY/write-off", json=SAID))[0] == 404

    async def test_a_flat_loan_in_more_instalments_costs_what_it_did(self, house: House) -> None:
        """2,160.00 in three parts, and no journal for it."""
        moved = await done(house, f"/{LOAN}/reschedule", extraInstalments=2)

        _, shown = await house.ops("GET", f"/api/loans/{LOAN}")
        assert (moved["state"], shown["owed"]) == ("done", "2160.00")
        assert [row["outstanding"] for row in shown["schedule"]] == ["720.00"] * 3
        await books_agree(house, LOAN)

    async def test_a_loan_made_on_paper_runs_from_its_own_day(self, house: House) -> None:
        """Found by phone, with new dates for it later on, and a price that closes it."""
        began = (local_date(house.gateway.clock()) - timedelta(days=10)).isoformat()
        paper = {"phone": AMINA, "product": "growth", "amount": "6000.00", "repayments": 6, "disbursedOn": began}

        act = await done(house, "", **paper)

        assert act["state"] == "done"
        _, found = await house.ops("GET", "/api/loans", params={"phone": AMINA, "state": "active"})
        reference = next(loan["reference"] for loan in found["loans"] if loan["product"] == "growth")
        moved = await done(house, f"/{reference}/reschedule", extraInstalments=3)
        _, shown = await house.ops("GET", f"/api/loans/{reference}")
        _, price = await house.ops("GET", f"/api/loans/{reference}/payoff")
        assert (moved["state"], len(shown["schedule"]), shown["principal"]) == ("done", 9, "6000.00")
        assert price["principal"] == "6000.00"
        assert float(price["total"]) < float(shown["owed"])
        await books_agree(house, reference)

    async def test_what_was_paid_of_a_paper_loan_comes_with_it(self, house: House) -> None:
        """Against the opening balance, like the loan itself."""
        began = (local_date(house.gateway.clock()) - timedelta(days=10)).isoformat()

        await done(house, "", phone=AMINA, product="quick", amount="1000.00", disbursedOn=began, paid="300.00")

        _, found = await house.ops("GET", "/api/loans", params={"phone": AMINA, "state": "active"})
        booked = next(loan for loan in found["loans"] if loan["reference"] != LOAN)
        assert (booked["principal"], booked["owed"]) == ("1000.00", "780.00")
        await books_agree(house, booked["reference"])


class TestDays:
    async def test_a_late_loan_is_said_once_and_time_is_asked_for(self, house: House) -> None:
        """On the phone; the promise is on record and an operator sees it."""
        await made_late(house)

        line = house.line(AMINA)
        await line.dial("*383#")
        for answer in ("4", "4826", "1", "3", "2"):
            await line.send(answer)
        await house.settled()

        assert "You promised to pay" in line.screen
        _, shown = await house.ops("GET", f"/api/loans/{LOAN}")
        assert [each["state"] for each in shown["promises"]] == ["open"]
        assert any("you promised to pay" in text for text in await house.texts(AMINA))

    async def test_falling_late_is_put_down_and_said_once(self, house: House) -> None:
        """However often the day is looked at."""
        await made_late(house)

        await looked(house)
        await looked(house)

        _, shown = await house.ops("GET", f"/api/loans/{LOAN}")
        assert [event["kind"] for event in shown["events"]].count("in_arrears") == 1
        await house.settled()
        assert sum(f"{LOAN} is late" in text for text in await house.texts(AMINA)) == 1

    async def test_a_promise_whose_day_is_over_is_broken(self, house: House) -> None:
        """Said once, and on record; the loans of the day are looked at once there is none left."""
        await made_late(house)
        now = house.gateway.clock()
        identity, owner = await loan_id(house), await customer(house)
        async with house.gateway.store.begin() as connection:
            await promises.made(
                connection, "promise", loan_id=identity, customer_id=owner,
                amount_cents=OWED, pay_on=local_date(now) - timedelta(days=1), now=now,
            )  # fmt: skip

        outcomes = [await looked(house) for _ in range(2)]

        assert outcomes == [Later(0, "some promises more"), Done()]
        _, shown = await house.ops("GET", f"/api/loans/{LOAN}")
        assert [each["state"] for each in shown["promises"]] == ["broken"]
        assert [event["kind"] for event in shown["events"]].count("promise_broken") == 1


async def looked(house: House) -> Outcome:
    """What the day brings, whatever the hour."""
    now = house.gateway.clock()
    promising = Promising(house.gateway.portfolio, house.gateway.outbox, days_most=7, hour=0)
    work = Work(
        number=0, id=str(uuid.uuid4()), reference="DYTEST", kind=DAILY, customer_id="",
        intent={"day": local_date(now).isoformat()}, state="queued", step="look", generation=0, attempts=0, data={},
        created_at=now, waiting_since=None, fence=0,
    )  # fmt: skip
    async with house.gateway.store.begin() as connection:
        return await promising.look(connection, work, now)


async def customer(house: House) -> str:
    async with house.gateway.store.read() as connection:
        return str(await connection.scalar(select(loans.c.customer_id).where(loans.c.reference == LOAN)))


async def made_late(house: House, days: int = 40) -> None:
    """The loan began so many days ago."""
    async with house.gateway.store.begin() as connection:
        found = await connection.execute(select(loans.c.terms).where(loans.c.reference == LOAN))
        terms = dict(found.scalar_one())
        began = local_date(house.gateway.clock()) - timedelta(days=days)
        terms["disbursedOn"] = began.isoformat()
        await connection.execute(update(loans).where(loans.c.reference == LOAN).values(terms=terms))
