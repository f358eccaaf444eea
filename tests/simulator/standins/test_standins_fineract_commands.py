"""Every write of the core: once for each key, whatever goes wrong, and only when everybody agrees."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.simulator.standins.fineract_bank import FORMATS, TODAY, Bank, bank

SILENT = "nobody answered"
BAD_BATCHES: tuple[Any, ...] = ({}, [5], [{}] * 101)


async def attempt(core: Bank, loan: int, key: str, amount: str = "100") -> int | str:
    """Repay and answer with the status, or say that the connection was closed."""
    try:
        return (await core.repay(loan, amount, key=key)).status
    except aiohttp.ClientError:
        return SILENT


async def count(core: Bank) -> int:
    """How many repayments the core itself knows of."""
    counts = (await core.town.control("GET", "core?only=counts"))["counts"]
    return int(counts["repayments"])


class TestKeys:
    async def test_what_was_done_is_answered_again(self, tmp_path: Path) -> None:
        """From the cache, and without doing it again."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            first = await core.repay(loan, "100", key="op-1")
            again = await core.repay(loan, "100", key="op-1")
            done = await count(core)

        assert (first.status, again.status, again.text) == (200, 200, first.text)
        assert (first.is_cached, again.is_cached) == (False, True)
        assert done == 1

    async def test_neither_body_nor_loan_is_compared(self, tmp_path: Path) -> None:
        """The trap for whoever uses a key twice: another loan gets the first answer."""
        async with bank(tmp_path) as core:
            client = await core.client()
            first, second = await core.active_loan(client), await core.active_loan(client, externalId="ln-2")
            one = await core.repay(first, "100", key="op-1")
            other = await core.repay(second, "7000", key="op-1")

        assert other.is_cached
        assert other.json == one.json

    async def test_a_key_belongs_to_its_action(self, tmp_path: Path) -> None:
        """The same key may approve and disburse."""
        async with bank(tmp_path) as core:
            loan = await core.apply(await core.client())
            await core.done(f"loans/{loan}?command=approve", key="op-1", approvedOnDate=TODAY, **FORMATS)
            await core.done(f"loans/{loan}?command=disburse", key="op-1", actualDisbursementDate=TODAY, **FORMATS)
            shown = await core.get(f"loans/{loan}")

        assert shown["status"]["id"] == 300

    async def test_what_failed_fails_again(self, tmp_path: Path) -> None:
        """From the cache, even though it would succeed by now; a new key tries anew."""
        async with bank(tmp_path) as core:
            loan = await core.apply(await core.client())
            first = await core.repay(loan, "100", key="op-1")
            await core.approve(loan)
            await core.disburse(loan)
            again = await core.repay(loan, "100", key="op-1")
            fresh = await core.repay(loan, "100", key="op-1-1")

        assert (first.status, first.is_cached) == (403, False)
        assert (again.status, again.is_cached, again.text) == (403, True, first.text)
        assert fresh.status == 200

    async def test_fifty_characters_are_the_most(self, tmp_path: Path) -> None:
        """One more is refused before anything is done."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            longest, too_long = await core.repay(loan, "1", key="k" * 50), await core.repay(loan, "1", key="k" * 51)

        assert (longest.status, too_long.status) == (200, 400)

    async def test_without_a_key_nothing_protects(self, tmp_path: Path) -> None:
        """Two payments are two payments."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.repaid(loan, "100")
            await core.repaid(loan, "100")

            assert await count(core) == 2

    @pytest.mark.parametrize("status", [425, 409])
    async def test_a_key_that_is_being_worked_on_waits(self, tmp_path: Path, status: int) -> None:
        """Its repeat is sent away, with either of the two numbers, and is answered once the work is done."""
        async with bank(tmp_path, core_running_status=status) as core:
            loan = await core.active_loan()
            await core.town.fault("fineract-writes", "slow", seconds=60)
            working = asyncio.create_task(core.repay(loan, "100", key="op-1"))
            async with asyncio.timeout(10):
                running: list[Any] = []
                while not running:
                    running = (await core.truth())["running"]
            await core.town.control("DELETE", "faults")
            early = await core.repay(loan, "100", key="op-1")
            working.cancel()

        assert early.status == status

    async def test_the_header_has_the_name_that_was_chosen(self, tmp_path: Path) -> None:
        """Another one protects nothing."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            fields: dict[str, Any] = {"transactionDate": TODAY, "transactionAmount": "5"} | FORMATS
            for _ in range(2):
                path = f"loans/{loan}/transactions?command=repayment"
                await core.call("POST", path, fields, headers={"X-Idempotency-Key": "op-1"})

            assert await count(core) == 2


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "first", "second", "done"),
        [
            ("down", SILENT, 200, 1),
            ("drop", SILENT, 200, 1),
            ("http-503", 503, 200, 1),
            ("busy", 503, 200, 1),
            ("http-500", 500, 200, 1),
            ("stored-500", 500, 500, 0),
            ("http-500-after", 500, 200, 1),
            ("lost-answer", SILENT, 200, 1),
            ("425", 425, 200, 1),
            ("409-locked", 409, 200, 1),
            ("stuck-key", SILENT, 425, 0),
        ],
    )
    async def test_the_same_key_is_safe_afterwards(
        self, tmp_path: Path, fault: str, first: int | str, second: int | str, done: int
    ) -> None:
        """What each fault shows, what its repeat shows once all is well, and that nothing is done twice."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.town.fault("fineract", fault)
            seen = await attempt(core, loan, "op-1")
            await core.town.control("DELETE", f"faults?api=fineract&fault={fault}")
            repeated = await attempt(core, loan, "op-1")

            assert (seen, repeated, await count(core)) == (first, second, done)

    async def test_a_timeout_performs_and_says_nothing(self, tmp_path: Path) -> None:
        """The look afterwards finds it."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.town.fault("fineract-transactions", "timeout", seconds=0.01)

            assert (await attempt(core, loan, "op-1"), await count(core)) == (SILENT, 1)

    async def test_a_slow_answer_comes(self, tmp_path: Path) -> None:
        """Late, and complete."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.town.fault("fineract", "slow", seconds=0.01)

            assert await attempt(core, loan, "op-1") == 200

    async def test_a_slow_read_is_overtaken(self, tmp_path: Path) -> None:
        """By whoever asked after it, once it is well again."""
        async with bank(tmp_path) as core:
            await core.town.fault("fineract-reads", "slow", seconds=0.5)
            order: list[str] = []

            async def ask(name: str) -> None:
                await core.get("offices")
                order.append(name)

            slow = asyncio.create_task(ask("slow"))
            await core.client()
            await core.town.control("DELETE", "faults")
            await ask("quick")
            await slow

        assert order == ["quick", "slow"]

    async def test_health_is_down_with_the_core(self, tmp_path: Path) -> None:
        """Pulled out and put back."""
        async with bank(tmp_path) as core:
            path = "/fineract/fineract-provider/actuator/health"
            await core.town.fault("fineract", "http-503")
            away = await core.town.ask("GET", path)
            await core.town.control("DELETE", "faults")
            await core.town.fault("fineract", "down")
            with pytest.raises(aiohttp.ClientError):
                await core.town.ask("GET", path)
            await core.town.control("DELETE", "faults")
            back = await core.town.ask("GET", path)

        assert (away.status, back.status) == (503, 200)

    @pytest.mark.parametrize(
        ("api", "is_hit"),
        [
            *[("fineract-transactions", True), ("fineract-writes", True), ("fineract", True), ("*", True)],
            *[("fineract-reads", False), ("fineract-clients", False), ("fineract-loans", False), ("sms", False)],
        ],
    )
    async def test_a_fault_can_be_narrow(self, tmp_path: Path, api: str, is_hit: bool) -> None:
        """By side or by what the call is about."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.town.fault(api, "http-500")

            assert await attempt(core, loan, "op-1") == (500 if is_hit else 200)

    async def test_a_seed_decides_who_is_hit(self, tmp_path: Path) -> None:
        """The same calls in every run."""
        runs = []
        for name in ("one", "two"):
            async with bank(tmp_path / name) as core:
                loan = await core.active_loan()
                await core.town.fault("fineract", "lost-answer", rate=0.5, seed=7)
                runs.append([await attempt(core, loan, f"op-{number}") for number in range(12)])

        assert runs[0] == runs[1]
        assert set(runs[0]) == {200, SILENT}

    async def test_a_fault_that_an_api_cannot_have_is_refused(self, tmp_path: Path) -> None:
        """The rail has no hooks, and the core no callbacks."""
        async with bank(tmp_path) as core:
            answers = [
                await core.town.ask("POST", "/control/faults", json={"api": api, "fault": fault})
                for api, fault in (("sms", "lost-hook"), ("fineract", "lost-callback"))
            ]

        assert [answer.status for answer in answers] == [422, 422]


class TestPoison:
    @pytest.mark.parametrize(
        "item", [{"externalId": "rp-1"}, {"keyPrefix": "op-"}, {"loan": 1}, {"externalId": "ln-1"}]
    )
    async def test_an_item_is_refused_for_good(self, tmp_path: Path, item: dict[str, Any]) -> None:
        """With any key, and still after a restart."""
        async with bank(tmp_path) as core:
            await core.active_loan()
            poisoned = await core.town.control("POST", "core/poison", **item)
            first = await core.repay("external-id/ln-1", "100", key="op-1", externalId="rp-1")
        async with bank(tmp_path) as core:
            again = await core.repay("external-id/ln-1", "100", key="op-2", externalId="rp-1")
            await core.town.control("DELETE", "core/poison")
            cured = await core.repay("external-id/ln-1", "100", key="op-3", externalId="rp-1")

        assert len(poisoned["poison"]) == 1
        assert (first.status, first.code) == (403, "error.msg.loan.refused.by.a.rule.of.the.bank")
        assert (again.status, again.is_cached, cured.status) == (403, False, 200)

    async def test_others_are_not_touched(self, tmp_path: Path) -> None:
        """Only what was named."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.town.control("POST", "core/poison", externalId="rp-9")
            said = await core.repay(loan, "100", externalId="rp-1")
            refused = await core.town.ask("POST", "/control/core/poison", json={"everything": "x"})

        assert (said.status, refused.status) == (200, 422)


class TestTruth:
    async def test_the_core_tells_what_it_applied_in_order(self, tmp_path: Path) -> None:
        """With the ids, receipts and keys that it was given, and of one loan when only that is asked for."""
        async with bank(tmp_path) as core:
            client = await core.client()
            loan = await core.active_loan(client)
            await core.active_loan(client, externalId="ln-2")
            await core.repay(loan, "100", key="op-1", externalId="rp-1", receiptNumber="SCV1")
            truth = await core.town.control("GET", "core?loan=ln-1")
            everything = await core.truth()

        (one,) = truth["loans"]
        paid = one["transactions"][-1]
        assert (one["outstanding"], one["status"]) == ("25032.31", 300)
        assert (paid["type"], paid["externalId"], paid["receiptNumber"]) == ("repayment", "rp-1", "SCV1")
        assert (paid["amount"], paid["key"], paid["reversed"]) == ("100.00", "op-1", False)
        assert [loan["externalId"] for loan in everything["loans"]] == ["ln-1", "ln-2"]
        assert truth["counts"] == everything["counts"]


class TestMakerChecker:
    async def test_nothing_is_done_until_somebody_else_says_so(self, tmp_path: Path) -> None:
        """The answer is 200 with a command and no resource; once approved, the same key tells the result."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await core.town.control("POST", "settings", coreMakerChecker=True)
            waiting = await core.repay(loan, "100", key="op-1")
            before = await count(core)
            (command,) = (await core.truth())["waiting"]
            approved = await core.town.control("POST", f"core/commands/{command['commandId']}", answer="approve")
            again = await core.repay(loan, "100", key="op-1")
            after = await count(core)

        assert waiting.status == 200
        assert waiting.json == {"commandId": command["commandId"]}
        assert (before, after) == (0, 1)
        assert again.json == approved["body"]
        assert "resourceId" in again.json

    async def test_a_checker_may_say_no(self, tmp_path: Path) -> None:
        """Then it has failed, and only once."""
        async with bank(tmp_path, core_maker_checker=True) as core:
            waiting = await core.post("paymenttypes", key="op-1", name="Airtel Money", position=3)
            path = f"core/commands/{waiting.json['commandId']}"
            rejected = await core.town.control("POST", path, answer="reject")
            twice = await core.town.ask("POST", f"/control/{path}", json={"answer": "approve"})
            unknown = await core.town.ask("POST", f"/control/{path}", json={"answer": "perhaps"})

        assert rejected["status"] == 403
        assert (twice.status, unknown.status) == (404, 422)

    async def test_what_is_wrong_is_said_at_once(self, tmp_path: Path) -> None:
        """A checker never sees it."""
        async with bank(tmp_path, core_maker_checker=True) as core:
            said = await core.post("paymenttypes", name="Airtel Money")
            truth = await core.truth()

        assert (said.status, truth["waiting"]) == (400, [])


def batch(core: Bank, **second: Any) -> list[dict[str, Any]]:
    """A client, and a loan of theirs."""
    client = {"officeId": 1, "fullname": "Amina", "active": True, "activationDate": "2026-01-01"} | FORMATS
    loan = core.application(0) | {"clientId": "$.clientId"} | second
    key = [{"name": "Idempotency-Key", "value": "op-2"}]
    return [
        {"requestId": 1, "method": "POST", "relativeUrl": "clients", "headers": [], "body": json.dumps(client)},
        {
            "requestId": 2,
            "reference": 1,
            "method": "POST",
            "relativeUrl": "loans",
            "headers": key,
            "body": json.dumps(loan),
        },
        {"requestId": 3, "method": "GET", "relativeUrl": "loans?externalId=ln-1"},
    ]


class TestBatches:
    async def test_each_item_stands_for_itself(self, tmp_path: Path) -> None:
        """A later one uses what an earlier one answered, and its key is remembered."""
        async with bank(tmp_path) as core:
            said = await core.call("POST", "batches", batch(core))
            again = await core.call("POST", "batches", batch(core)[1:2])
            bad = await core.call(
                "POST", "batches", batch(core, principal="1", externalId="ln-9")[:1] + batch(core)[:1]
            )

        assert [item["statusCode"] for item in said.json] == [200, 200, 200]
        assert json.loads(said.json[2]["body"])["totalFilteredRecords"] == 1
        assert {"name": "x-served-from-cache", "value": "true"} in again.json[0]["headers"]
        assert bad.status == 200

    async def test_all_or_none(self, tmp_path: Path) -> None:
        """One failure takes everything back and is the only answer."""
        async with bank(tmp_path) as core:
            path = "batches?enclosingTransaction=true"
            failed = await core.call("POST", path, batch(core, principal="1"))
            nobody = (await core.truth())["counts"]["clients"]
            done = await core.call("POST", path, batch(core))
            counts = (await core.truth())["counts"]

        assert (failed.status, [item["requestId"] for item in failed.json]) == (400, [2])
        assert nobody == 0
        assert [item["statusCode"] for item in done.json] == [200, 200, 200]
        assert (counts["clients"], counts["loans"]) == (1, 1)

    async def test_what_is_no_list_is_refused(self, tmp_path: Path) -> None:
        """And so is too much at once."""
        async with bank(tmp_path) as core:
            answers = [await core.call("POST", "batches", body) for body in BAD_BATCHES]

        assert [said.status for said in answers] == [400, 400, 400]
