"""Hooks of the core: a hint, told at most once, sometimes too early and sometimes never."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.standins.fineract_bank import Bank, bank
from tests.simulator.standins.standins_town import Heard


async def register(core: Bank, path: str = "/hook/", **config: Any) -> int:
    fields: dict[str, Any] = {
        "name": "Web",
        "displayName": "nyota",
        "isActive": True,
        "events": [{"entityName": "LOAN", "actionName": "REPAYMENT"}],
        "config": {"Payload URL": core.town.gateway.url(path), "Content Type": "json"} | config,
    }
    return int((await core.done("hooks", **fields))["resourceId"])


async def heard(core: Bank, entity: str, action: str, times: int = 1) -> list[Heard]:
    """Wait for the events of this kind; others come too, and in any order."""
    number = times
    while True:
        told = await core.town.gateway.hear("/hook/", number)
        wanted = [
            one
            for one in told
            if (one.headers["X-Fineract-Entity"], one.headers["X-Fineract-Action"]) == (entity, action)
        ]
        if len(wanted) >= times:
            return wanted
        number = len(told) + 1


class TestTelling:
    async def test_a_repayment_is_told(self, tmp_path: Path) -> None:
        """With the caller's own body, the answer, and no signature at all."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await register(core)
            paid = await core.repaid(loan, "100.50", externalId="rp-1")
            (told,) = await heard(core, "LOAN", "REPAYMENT")

        body = told.json
        assert told.headers["Fineract-Platform-TenantId"] == "default"
        assert not [name for name in told.headers if "signature" in name.lower()]
        assert (body["entityName"], body["actionName"], body["createdByName"]) == ("LOAN", "REPAYMENT", "mifos")
        assert body["request"]["externalId"] == "rp-1"
        assert (body["response"]["resourceId"], body["response"]["loanId"]) == (paid, loan)
        assert body["timestamp"] == "2026-03-31T09:00:00.000Z"

    async def test_a_failure_is_told_without_an_answer(self, tmp_path: Path) -> None:
        """No response means that nothing happened."""
        async with bank(tmp_path) as core:
            loan = await core.apply(await core.client())
            await register(core)
            await core.repay(loan, "100")
            (told,) = await heard(core, "LOAN", "REPAYMENT")

        assert "response" not in told.json

    async def test_a_receiver_gets_what_it_did_not_ask_for(self, tmp_path: Path) -> None:
        """The server remembers only that somebody listens."""
        async with bank(tmp_path) as core:
            await register(core)
            await core.client()
            (told,) = await heard(core, "CLIENT", "CREATE")

        assert told.json["response"]["resourceExternalId"] == "cu-1"

    async def test_what_nobody_hears_is_not_told_again(self, tmp_path: Path) -> None:
        """Nor does it hold up the caller."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await register(core, **{"Payload URL": "http://127.0.0.1:1/hook/"})
            await core.repaid(loan, "100")
            await register(core)
            await core.repaid(loan, "200")
            (told,) = await heard(core, "LOAN", "REPAYMENT")

        assert told.json["request"]["transactionAmount"] == "200"

    async def test_a_form_is_told_as_one(self, tmp_path: Path) -> None:
        """When the hook says so."""
        async with bank(tmp_path) as core:
            await register(core, **{"Content Type": "form"})
            await core.client()
            (told,) = await heard(core, "CLIENT", "CREATE")

        assert told.form["entityName"] == "CLIENT"


class TestFaults:
    async def test_a_lost_hook_is_lost(self, tmp_path: Path) -> None:
        """The next one comes."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await register(core)
            await core.town.fault("fineract-transactions", "lost-hook")
            await core.repaid(loan, "100")
            await core.town.control("DELETE", "faults")
            await core.repaid(loan, "200")
            (told,) = await heard(core, "LOAN", "REPAYMENT")

        assert told.json["request"]["transactionAmount"] == "200"

    async def test_a_late_hook_comes_late(self, tmp_path: Path) -> None:
        """After those of what happened since."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await register(core)
            await core.town.fault("fineract-transactions", "late-hook", seconds=0.3)
            await core.repaid(loan, "100")
            await core.town.control("DELETE", "faults")
            await core.repaid(loan, "200")
            told = await heard(core, "LOAN", "REPAYMENT", times=2)

        assert [one.json["request"]["transactionAmount"] for one in told] == ["200", "100"]

    async def test_an_early_hook_comes_before_anybody_can_see_it(self, tmp_path: Path) -> None:
        """Whoever looks at once sees the loan as it was, and has to look again."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            await register(core)
            core.town.gateway.is_open.clear()
            await core.town.fault("fineract-transactions", "early-hook", seconds=30)
            paying = asyncio.create_task(core.repay(loan, "100"))
            await heard(core, "LOAN", "REPAYMENT")
            seen = (await core.get(f"loans/{loan}"))["summary"]["totalRepayment"]
            core.town.gateway.is_open.set()
            paid = await paying
            later = (await core.get(f"loans/{loan}"))["summary"]["totalRepayment"]

        assert (seen, paid.status, later) == (0, 200, 100)


class TestRegistering:
    async def test_hooks_are_listed_changed_and_deleted(self, tmp_path: Path) -> None:
        """One that is not active hears nothing."""
        async with bank(tmp_path) as core:
            hook = await register(core)
            shown, listed = await core.get(f"hooks/{hook}"), await core.get("hooks")
            config = {"Payload URL": core.town.gateway.url("/hook/"), "Content Type": "json"}
            events = [{"entityName": "LOAN", "actionName": "APPROVE"}]
            fields: dict[str, Any] = {"name": "Web", "isActive": False, "events": events, "config": config}
            changed = await core.call("PUT", f"hooks/{hook}", fields)
            quiet = await core.get(f"hooks/{hook}")
            deleted = await core.call("DELETE", f"hooks/{hook}")
            gone = await core.call("GET", f"hooks/{hook}")

        assert listed == [shown]
        assert shown["config"][0]["fieldName"] == "Payload URL"
        assert (changed.status, quiet["isActive"], quiet["events"]) == (200, False, events)
        assert (deleted.status, gone.status) == (200, 404)

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "SMS Bridge"},
            {"events": []},
            {"events": [{"entityName": 5}]},
            {"config": {"Payload URL": "https://example.com/", "Content Type": "json"}},
            {"config": {"Payload URL": "http://127.0.0.1:9/x", "Content Type": "json"}},
            {"config": {"Payload URL": "http://127.0.0.1:9/", "Content Type": "xml"}},
        ],
    )
    async def test_a_hook_that_cannot_be_is_refused(self, tmp_path: Path, change: dict[str, Any]) -> None:
        """The pretend world calls nobody outside this machine."""
        fields: dict[str, Any] = {
            "name": "Web",
            "isActive": True,
            "events": [{"entityName": "LOAN", "actionName": "APPROVE"}],
            "config": {"Payload URL": "http://127.0.0.1:9/", "Content Type": "json"},
        }
        async with bank(tmp_path) as core:
            said = await core.post("hooks", **(fields | change))

        assert said.status == 400
