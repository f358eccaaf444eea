"""The operators' desk through the whole house: acts and cases by HTTP and from a terminal."""

import asyncio
import csv
import io
import re
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from typer.testing import CliRunner

from gateway.__main__ import cli
from gateway.operations import queue
from gateway.playbooks.watching import KIND
from gateway.store.tables import operations
from tests.gateway.playbooks.street import AMINA, borrow, dialled, fault, prove
from tests.house import OPS_TOKEN, House, Houses
from tests.servers import wait_until

LOGGED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[")
"""A line of the log: the house logs to the same terminal."""
JANE = {"by": "jane", "why": "the customer called"}


async def parked(house: House) -> str:
    """A loan whose pay-out left us, and nobody says what became of it."""
    for api in ("b2c", "status"):
        await fault(house, api, "lost-callback")
    await dialled(house, *borrow(1_000))

    async def is_parked() -> bool:
        rows = await house.operations("loan.disburse")
        return bool(rows) and rows[-1].state == "parked"

    await wait_until(is_parked, 20)
    return str((await house.operations("loan.disburse"))[-1].reference)


async def receipt_of_payout(house: House) -> str:
    return next(each.receipt for each in (await house.outside.money()).movements if each.kind == "b2c")


async def typed(house: House, data: Path, *words: str) -> tuple[int, str]:
    """`nyota`, as somebody at a terminal types it: how it ends and what it says."""
    (data / "ops-token").write_text(OPS_TOKEN)
    asked = [*words, "--url", house.url, "--data", str(data)]
    done = await asyncio.to_thread(CliRunner().invoke, cli, asked)
    said = "".join(line for line in done.output.splitlines(keepends=True) if not LOGGED.match(line))
    return done.exit_code, f"{said}{done.exception or ''}"


async def of_kind(house: House, kind: str) -> list[Any]:
    async with house.gateway.store.read() as connection:
        return list(await connection.execute(select(operations).where(operations.c.kind == kind)))


async def case(house: House, *answers: str) -> dict[str, Any]:
    """A customer complains by Help; the case."""
    await dialled(house, "9", "5", *answers)
    _, found = await house.ops("GET", "/api/cases?topic=complaint")
    return dict(found["cases"][0])


class TestActs:
    async def test_two_people_resolve_what_nobody_could_vouch_for(self, houses: Houses) -> None:
        """On both engines: proposed with the receipt, agreed to by somebody else, booked, told, and on record."""
        house = await houses.build(rails={"daraja": {"give_up_seconds": 1}})
        loan = await parked(house)
        path, receipt = f"/api/operations/{loan}", await receipt_of_payout(house)
        body = {**JANE, "outcome": "paid", "receipt": receipt.lower(), "evidence": "statement of today, line 12"}

        _, story = await house.ops("GET", path)
        status, asked = await house.ops("POST", f"{path}/resolve", json=body)
        _, waiting = await house.ops("GET", "/api/operations/acts")
        answer = f"/api/operations/acts/{asked['act']}/confirm"
        own, _ = await house.ops("POST", answer, json={"by": "jane"})
        agreed, done = await house.ops("POST", answer, json={"by": "omar"})
        await house.settled()
        _, after = await house.ops("GET", path)
        _, log = await house.ops("GET", "/api/staff/actions?by=omar")

        assert story["acts"] == {
            "retry": "allowed",
            "cancel": "it was sent, and may have happened: only resolving ends it",
            "paid": "second",
            "unpaid": "second",
        }
        assert (status, own, agreed) == (202, 409, 200)
        assert [each["receipt"] for each in waiting["acts"]] == [receipt]
        assert (done["done"], done["by"], done["second"]) == ("resolved", "jane", "omar")
        assert after["state"] == "done"
        assert f"receipt {receipt}, on the word of a person" in after["belief"]
        assert log["actions"][0]["detail"]["receipt"] == receipt
        await prove(house)

    async def test_refusals_are_problems_that_say_why(self, house: House) -> None:
        """And nothing has changed after any of them."""
        await dialled(house, *borrow(1_000))
        await house.settled()
        loan = (await house.operations("loan.disburse"))[-1].reference
        resolve = {**JANE, "outcome": "unpaid", "evidence": "nothing on the statement"}
        answers = [
            await house.ops("POST", f"/api/operations/{path}", json=body)
            for path, body in (
                (f"{loan}/retry", JANE), (f"{loan}/cancel", JANE), (f"{loan}/resolve", resolve),
                (f"{loan}/retry", {"by": "jane"}), ("NOBODY1/retry", JANE), ("acts/OANOBODY/confirm", {"by": "omar"}),
                (f"{loan}/resolve", {**resolve, "outcome": "perhaps"}),
            )
        ]  # fmt: skip

        assert [status for status, _ in answers] == [409, 409, 409, 422, 404, 404, 422]
        assert [body["type"].rpartition(":")[2] for _, body in answers[:3]] == ["over", "over", "never-unsaid"]
        assert (await house.operation(loan)).state == "done"

    async def test_the_export_is_a_table_that_no_spreadsheet_obeys(self, house: House) -> None:
        """With the same filters as the list; what begins like a formula is text."""
        await dialled(house, *borrow(1_000))
        await house.settled()
        loan = (await house.operations("loan.disburse"))[-1]
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(operations).where(operations.c.id == loan.id).values(reason="=1+1"))

        status, text = await house.ops("GET", "/api/operations/export?kind=loan.disburse")
        wrong = [(await house.ops("GET", f"/api/operations/export?{query}"))[0] for query in ("state=x", "format=pdf")]
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))

        assert (status, wrong) == (200, [422, 422])
        assert [(row["reference"], row["state"], row["reason"]) for row in rows] == [(loan.reference, "done", "'=1+1")]
        assert (rows[0]["amount"], rows[0]["currency"]) == ("1000.00", "KES")
        assert AMINA not in text

    async def test_a_terminal_does_the_same(self, houses: Houses, tmp_path: Path) -> None:
        """List, show, retry, export, and the two people's words."""
        house = await houses.build(rails={"daraja": {"give_up_seconds": 1}})
        loan = await parked(house)
        receipt = await receipt_of_payout(house)

        _, listed = await typed(house, tmp_path, "operations", "list", "--state", "parked")
        _, shown = await typed(house, tmp_path, "operations", "show", loan)
        refused, why = await typed(house, tmp_path, "operations", "cancel", loan, "--by", "jane", "--why", "called")
        resolve = ("resolve", loan, "--outcome", "paid", "--receipt", receipt, "--evidence", "statement, line 12")
        _, asked = await typed(house, tmp_path, "operations", *resolve, "--by", "jane", "--why", "called")
        _, waiting = await typed(house, tmp_path, "operations", "acts")
        act = asked.partition(" ")[0]
        _, agreed = await typed(house, tmp_path, "operations", "confirm", act, "--by", "omar")
        await house.settled()
        _, written = await typed(house, tmp_path, "operations", "export", "--out", str(tmp_path / "all.csv"))

        assert listed.startswith(f"{loan}  loan.disburse  parked  disburse")
        assert "A person has to decide: nobody could say what became of it" in shown
        assert "journal  reserve pending: transit.payout 990.00, mpesa.payout -990.00" in shown
        assert (refused, "may have happened" in why) == (1, True)
        assert waiting.startswith(f"{act}  {loan}  paid {receipt}")
        assert agreed == f"{loan}: resolved as paid\n"
        assert (await house.operation(loan)).state == "done"
        assert "Written" in written
        assert loan in (tmp_path / "all.csv").read_text()


class TestCases:
    async def test_a_complaint_is_taken_answered_and_told(self, house: House) -> None:
        """The customer gets its number when it is opened, and the answer when it is closed."""
        found = await case(house, "the agent was rude")
        path = f"/api/cases/{found['reference']}"

        await house.ops("POST", f"{path}/take", json={"by": "jane"})
        await house.ops("POST", f"{path}/note", json={"by": "jane", "text": "called the agent", "waits": True})
        status, closed = await house.ops("POST", f"{path}/resolve", json={"by": "jane", "answer": "he is sorry"})
        again, _ = await house.ops("POST", f"{path}/ignore", json={"by": "jane", "text": "never mind"})
        await house.settled()
        texts = await house.texts(AMINA)

        assert (found["state"], found["owner"], found["phone"], found["isOverdue"]) == ("open", None, AMINA, False)
        assert (status, again) == (200, 409)
        assert (closed["state"], closed["owner"], closed["evidence"]["said"]) == (
            "resolved", "jane", "the agent was rude",
        )  # fmt: skip
        assert [each["act"] for each in closed["notes"]] == ["take", "wait", "resolve"]
        assert any(text.startswith(f"Case {found['reference']} received.") for text in texts)
        assert any(text.startswith(f"Case {found['reference']} is answered: he is sorry.") for text in texts)

    async def test_what_cannot_be_is_a_clear_problem(self, house: House) -> None:
        """Filters, cursors, answers too long for a message, cases that there are not."""
        number = (await case(house, "too slow"))["reference"]
        gets = [
            (await house.ops("GET", f"/api/cases{query}"))[0]
            for query in ("?state=lost", "?phone=1", "?phone=0733000000", f"?cursor={'9' * 30}:x", "/CSNOBODY")
        ]
        posts = [
            (await house.ops("POST", f"/api/cases/{path}", json=body))[0]
            for path, body in (
                (f"{number}/resolve", {"by": "jane", "answer": "x" * 81}), (f"{number}/note", {"by": "jane"}),
                ("CSNOBODY/take", {"by": "jane"}),
            )
        ]  # fmt: skip

        assert gets == [422, 422, 404, 422, 404]
        assert posts == [422, 422, 404]

    async def test_a_terminal_does_the_same(self, house: House, tmp_path: Path) -> None:
        """List, show, take, note, resolve."""
        number = (await case(house, "too slow"))["reference"]
        jane = ("--by", "jane")

        _, listed = await typed(house, tmp_path, "cases", "list", "--state", "open")
        _, taken = await typed(house, tmp_path, "cases", "take", number, *jane)
        await typed(house, tmp_path, "cases", "note", number, "--text", "asked M-PESA", "--waits", *jane)
        _, shown = await typed(house, tmp_path, "cases", "show", number)
        _, closed = await typed(house, tmp_path, "cases", "resolve", number, "--answer", "it is there now", *jane)
        code, said = await typed(house, tmp_path, "cases", "ignore", number, "--text", "nothing in it", *jane)

        assert listed.startswith(f"{number}  complaint  open  nobody's")
        assert taken == f"{number}: open, jane has it\n"
        assert "wait  jane  asked M-PESA" in shown
        assert closed == f"{number}: resolved, jane has it\n"
        assert (code, "it is resolved" in said) == (1, True)

    async def test_what_stays_in_doubt_becomes_a_case_by_itself(self, houses: Houses) -> None:
        """Opened by the day's watch, and told to the customer with its number."""
        house = await houses.build(rails={"daraja": {"give_up_seconds": 1}}, desk={"doubt_hours": 1e-7})
        loan = await parked(house)
        [watch] = await of_kind(house, KIND)
        async with house.gateway.store.begin() as connection:
            await queue.wake(connection, watch.id, house.gateway.clock())
        house.gateway.outbox.news.set()

        async def is_told() -> bool:
            return any(loan in text and "case CS" in text for text in await house.texts(AMINA))

        await wait_until(is_told, 20)
        _, found = await house.ops("GET", "/api/cases?topic=in%20doubt")

        assert [(each["operation"], each["state"]) for each in found["cases"]] == [(loan, "open")]
