"""Savings accounts of the core: money in, money out, and no external id to find it by."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.simulator.standins.fineract_bank import FORMATS, TODAY, Bank, bank


async def opened(core: Bank, **changes: Any) -> int:
    """An account that takes money."""
    client = await core.client()
    fields: dict[str, Any] = {
        "clientId": client,
        "productId": 1,
        "submittedOnDate": "2026-01-01",
        "externalId": "sv-1",
    } | FORMATS
    number = int((await core.done("savingsaccounts", **(fields | changes)))["savingsId"])
    await core.done(f"savingsaccounts/{number}?command=approve", approvedOnDate="2026-01-01", **FORMATS)
    await core.done(f"savingsaccounts/{number}?command=activate", activatedOnDate="2026-01-01", **FORMATS)
    return number


async def move(core: Bank, account: int | str, kind: str, amount: str, **changes: Any) -> Any:
    fields: dict[str, Any] = {"transactionDate": TODAY, "transactionAmount": amount} | FORMATS | changes
    return await core.post(f"savingsaccounts/{account}/transactions?command={kind}", **fields)


class TestAccounts:
    async def test_each_step_has_its_state(self, tmp_path: Path) -> None:
        """Submitted, approved, active, closed; none twice."""
        async with bank(tmp_path) as core:
            account = await opened(core)
            shown = await core.get("savingsaccounts/external-id/sv-1")
            again = await core.post(f"savingsaccounts/{account}?command=approve", approvedOnDate=TODAY, **FORMATS)
            await core.done(f"savingsaccounts/{account}?command=close", closedOnDate=TODAY, **FORMATS)
            closed = await core.get(f"savingsaccounts/{account}")
            late = await move(core, account, "deposit", "5")

        assert (shown["id"], shown["status"]["id"], shown["status"]["active"]) == (account, 300, True)
        assert (again.status, closed["status"]["id"]) == (403, 600)
        assert late.code == "validation.msg.savingsaccount.transaction.account.is.not.active"

    async def test_what_cannot_be_is_refused(self, tmp_path: Path) -> None:
        """A taken id, an unknown product, a day in the future, an account that is not there."""
        async with bank(tmp_path) as core:
            account = await opened(core)
            fields: dict[str, Any] = {"clientId": 1, "productId": 1, "submittedOnDate": TODAY} | FORMATS
            answers = [
                await core.post("savingsaccounts", **fields, externalId="sv-1"),
                await core.post("savingsaccounts", **(fields | {"productId": 9})),
                await core.post("savingsaccounts", **(fields | {"submittedOnDate": "2026-04-01"})),
                await move(core, account, "deposit", "5", transactionDate="2025-12-31"),
                await move(core, account, "deposit", "5", externalId="no-such-parameter"),
                await core.call("GET", "savingsaccounts/99"),
                await core.call("GET", f"savingsaccounts/{account}/transactions/99"),
            ]

        assert [said.status for said in answers] == [403, 404, 403, 403, 400, 404, 404]


class TestMoney:
    async def test_money_comes_in_and_goes_out(self, tmp_path: Path) -> None:
        """Never more than there is."""
        async with bank(tmp_path) as core:
            account = await opened(core)
            await move(core, account, "deposit", "500", receiptNumber="SCV1", note="op-1", paymentTypeId=2)
            too_much = await move(core, account, "withdrawal", "500.01")
            taken = await move(core, account, "withdrawal", "120.50")
            shown = await core.get(f"savingsaccounts/{account}?associations=transactions")
            busy = await core.post(f"savingsaccounts/{account}?command=close", closedOnDate=TODAY, **FORMATS)

        assert too_much.code == "error.msg.savingsaccount.transaction.insufficient.account.balance"
        assert taken.json["savingsId"] == account
        assert shown["summary"]["accountBalance"] == shown["summary"]["availableBalance"] == Decimal("379.50")
        assert [one["transactionType"]["id"] for one in shown["transactions"]] == [2, 1]
        assert shown["transactions"][1]["paymentDetailData"]["receiptNumber"] == "SCV1"
        assert busy.code == "error.msg.savingsaccount.close.results.in.balance.not.zero"

    async def test_a_transaction_is_found_by_day_amount_and_side(self, tmp_path: Path) -> None:
        """Which is all there is to look by after an answer was lost."""
        async with bank(tmp_path) as core:
            account = await opened(core)
            await move(core, account, "deposit", "500", transactionDate="2026-03-01", note="op-1")
            await move(core, account, "deposit", "700", note="op-2")
            await move(core, account, "withdrawal", "500", note="op-3")
            path = f"savingsaccounts/{account}/transactions/search?dateFormat=yyyy-MM-dd&locale=en"
            amounts = await core.get(f"{path}&fromAmount=500&toAmount=500")
            days = await core.get(f"{path}&fromDate=2026-03-01&toDate=2026-03-01")
            deposits, kinds = await core.get(f"{path}&credit=true"), await core.get(f"{path}&types=2")
            paged = await core.get(f"{path}&offset=1&limit=1")

        def notes(page: Any) -> list[str]:
            return [one["note"] for one in page["content"]]

        assert (notes(amounts), notes(days)) == (["op-3", "op-1"], ["op-1"])
        assert (notes(deposits), notes(kinds)) == (["op-2", "op-1"], ["op-3"])
        assert (paged["total"], notes(paged)) == (3, ["op-2"])

    async def test_a_transaction_can_be_undone_once(self, tmp_path: Path) -> None:
        """As long as the money is still there."""
        async with bank(tmp_path) as core:
            account = await opened(core)
            first = (await move(core, account, "deposit", "500")).json["resourceId"]
            second = (await move(core, account, "withdrawal", "200")).json["resourceId"]
            path = f"savingsaccounts/{account}/transactions"
            spent = await core.post(f"{path}/{first}?command=undo")
            await core.done(f"{path}/{second}?command=undo")
            again = await core.post(f"{path}/{second}?command=undo")
            shown = await core.get(f"{path}/{second}")
            truth = await core.truth()

        assert spent.code == "error.msg.savingsaccount.transaction.insufficient.account.balance"
        assert (again.status, shown["reversed"]) == (403, True)
        assert (truth["savings"][0]["balance"], truth["counts"]["savingsTransactions"]) == ("500.00", 1)
