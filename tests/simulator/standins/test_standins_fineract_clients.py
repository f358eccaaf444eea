"""Clients of the core: unique, found by number only among others, and owners of accounts."""

from pathlib import Path
from typing import Any

from tests.simulator.standins.fineract_bank import FORMATS, bank


class TestClients:
    async def test_a_client_is_found_by_our_own_id(self, tmp_path: Path) -> None:
        """And looks the same by the core's."""
        async with bank(tmp_path) as core:
            client = await core.client()
            by_ours, by_theirs = await core.get("clients/external-id/cu-1"), await core.get(f"clients/{client}")

        assert by_ours == by_theirs
        assert by_ours["status"] == {"id": 300, "code": "clientStatusType.active", "value": "Active"}
        assert (by_ours["mobileNo"], by_ours["displayName"]) == ("254711000001", "Amina Wanjiru")

    async def test_a_number_and_an_external_id_are_taken_once(self, tmp_path: Path) -> None:
        """As written: two ways to write a number are two numbers."""
        async with bank(tmp_path) as core:
            await core.client()
            fields: dict[str, Any] = {"officeId": 1, "fullname": "Someone", "active": False} | FORMATS
            number = await core.post("clients", **fields, mobileNo="254711000001")
            external = await core.post("clients", **fields, externalId="cu-1")
            other = await core.post("clients", **fields, mobileNo="0711000001")

        assert (number.status, number.code) == (403, "error.msg.client.duplicate.mobileNo")
        assert (external.status, external.code) == (403, "error.msg.client.duplicate.externalId")
        assert other.status == 200

    async def test_a_client_can_be_activated_later(self, tmp_path: Path) -> None:
        """Once, and not in the future; without it there is no loan."""
        async with bank(tmp_path) as core:
            client = await core.client(active=False)
            loan = await core.post("loans", **core.application(client))
            path = f"clients/{client}?command=activate"
            tomorrow = await core.post(path, activationDate="2026-04-01", **FORMATS)
            await core.done(path, activationDate="2026-01-01", **FORMATS)
            again = await core.post(path, activationDate="2026-01-01", **FORMATS)

        assert loan.code == "error.msg.client.not.active.exception"
        assert tomorrow.code == "error.msg.client.activationDate.in.the.future"
        assert again.code == "error.msg.clients.already.active"

    async def test_both_searches_find_what_contains_the_text(self, tmp_path: Path) -> None:
        """A longer number is found too: whoever asks has to compare."""
        async with bank(tmp_path) as core:
            await core.client()
            await core.client(externalId="cu-2", mobileNo="1254711000001", firstname="Baraka")
            rows = await core.get("search?query=254711000001&resource=clients&exactMatch=true")
            request = {"request": {"text": "254711000001"}, "page": 0, "size": 50}
            page = (await core.call("POST", "v2/clients/search", request)).json
            second = (await core.call("POST", "v2/clients/search", request | {"page": 1, "size": 1})).json

        assert [row["entityMobileNo"] for row in rows] == ["254711000001", "1254711000001"]
        assert [one["mobileNo"] for one in page["content"]] == ["254711000001", "1254711000001"]
        assert (page["totalElements"], second["totalElements"]) == (2, 2)
        assert [one["displayName"] for one in second["content"]] == ["Baraka Wanjiru"]

    async def test_the_list_has_no_filter_for_numbers(self, tmp_path: Path) -> None:
        """It filters by what is documented and ignores the rest."""
        async with bank(tmp_path) as core:
            await core.client()
            await core.client(externalId="cu-2", mobileNo="254711000002")
            by_number = await core.get("clients?mobileNo=254711000002")
            by_ours = await core.get("clients?externalId=cu-2")
            paged = await core.get("clients?offset=1&limit=1")

        assert by_number["totalFilteredRecords"] == 2
        assert [one["externalId"] for one in by_ours["pageItems"]] == ["cu-2"]
        assert [one["externalId"] for one in paged["pageItems"]] == ["cu-2"]

    async def test_an_identity_document_belongs_to_one_client(self, tmp_path: Path) -> None:
        """And finds them."""
        async with bank(tmp_path) as core:
            first = await core.client()
            second = await core.client(externalId="cu-2", mobileNo="254711000002")
            fields: dict[str, Any] = {"documentTypeId": 1, "documentKey": "28123456", "status": "ACTIVE"}
            await core.done(f"clients/{first}/identifiers", **fields)
            again = await core.post(f"clients/{second}/identifiers", **fields)
            listed = await core.get(f"clients/{first}/identifiers")
            found = (await core.call("POST", "v2/clients/search", {"request": {"text": "28123456"}})).json

        assert again.status == 403
        assert [one["documentKey"] for one in listed] == ["28123456"]
        assert [one["id"] for one in found["content"]] == [first]

    async def test_accounts_are_listed_with_their_status(self, tmp_path: Path) -> None:
        """Loans and savings apart."""
        async with bank(tmp_path) as core:
            client = await core.client()
            await core.active_loan(client)
            fields: dict[str, Any] = {
                "clientId": client,
                "productId": 1,
                "submittedOnDate": "2026-01-01",
                "externalId": "sv-1",
            }
            await core.done("savingsaccounts", **fields, **FORMATS)
            accounts = await core.get("clients/external-id/cu-1/accounts")

        assert [(one["externalId"], one["status"]["id"]) for one in accounts["loanAccounts"]] == [("ln-1", 300)]
        assert [(one["externalId"], one["status"]["id"]) for one in accounts["savingsAccounts"]] == [("sv-1", 100)]

    async def test_nobody_is_not_found(self, tmp_path: Path) -> None:
        """By either id."""
        async with bank(tmp_path) as core:
            answers = [await core.call("GET", path) for path in ("clients/7", "clients/external-id/cu-7", "clients/x")]

        assert {(said.status, said.code) for said in answers} == {(404, "error.msg.client.id.invalid")}
