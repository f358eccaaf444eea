"""Who may come in to the core, what it takes, and how it refuses."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulator.standins.fineract_bank import FORMATS, bank


class TestStrangers:
    @pytest.mark.parametrize(
        ("headers", "status", "code"),
        [
            ({"Authorization": ""}, 401, "error.msg.not.authenticated"),
            ({"Authorization": "Basic bWlmb3M6d3Jvbmc="}, 401, "error.msg.not.authenticated"),
            ({"Authorization": "Basic !"}, 401, "error.msg.not.authenticated"),
            ({"Authorization": "Bearer token"}, 401, "error.msg.not.authenticated"),
            ({"Fineract-Platform-TenantId": ""}, 401, "error.msg.invalid.tenant.identifier"),
            ({"Fineract-Platform-TenantId": "other"}, 401, "error.msg.invalid.tenant.identifier"),
        ],
    )
    async def test_they_are_told_what_is_wrong(
        self, tmp_path: Path, headers: dict[str, str], status: int, code: str
    ) -> None:
        """Credentials and tenant each have a code of their own."""
        async with bank(tmp_path) as core:
            said = await core.call("GET", "offices", headers=headers)

        assert (said.status, said.json["userMessageGlobalisationCode"]) == (status, code)
        assert said.json["httpStatusCode"] == str(status)

    async def test_another_content_type_is_not_read(self, tmp_path: Path) -> None:
        """On writes only: a read has no body."""
        async with bank(tmp_path) as core:
            said = await core.call("POST", "paymenttypes", b"name=x", headers={"Content-Type": "text/plain"})
            read = await core.call("GET", "paymenttypes", headers={"Content-Type": "text/plain"})

        assert (said.status, read.status) == (415, 200)

    async def test_health_needs_nobody(self, tmp_path: Path) -> None:
        """It is what a load balancer asks."""
        async with bank(tmp_path) as core:
            health = await core.town.ask("GET", "/fineract/fineract-provider/actuator/health")
            info = await core.town.ask("GET", "/fineract/fineract-provider/actuator/info")

        assert (health.json["status"], info.status) == ("UP", 200)

    async def test_a_login_answers_the_basic_value(self, tmp_path: Path) -> None:
        """And only with the right password."""
        async with bank(tmp_path) as core:
            login = await core.done("authentication", username="mifos", password="password")
            wrong = await core.post("authentication", username="mifos", password="guess")

        assert login["base64EncodedAuthenticationKey"] == "bWlmb3M6cGFzc3dvcmQ="
        assert wrong.status == 401

    @pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("DELETE", "clients"), ("POST", "a/b/c/d")])
    async def test_an_unknown_path_is_not_found(self, tmp_path: Path, method: str, path: str) -> None:
        """In the words of the real one."""
        async with bank(tmp_path) as core:
            said = await core.call(method, path, {} if method == "POST" else None)

        assert said.status == 404
        assert said.json["userMessageGlobalisationCode"] == "error.msg.resource.not.found"

    async def test_an_unknown_command_is_refused(self, tmp_path: Path) -> None:
        """What is not supported is never ignored."""
        async with bank(tmp_path) as core:
            said = await core.post("loans/1/transactions?command=foreclosure")

        assert (said.status, said.code) == (400, "error.msg.unrecognized.parameter.value")


class TestBodies:
    @pytest.mark.parametrize(
        ("change", "code", "parameter"),
        [
            ({"nickname": "Ami"}, "error.msg.parameter.unsupported", "nickname"),
            ({"dateFormat": None}, "validation.msg.missing.dateFormat.parameter", "dateFormat"),
            ({"locale": None}, "validation.msg.missing.locale.parameter", "locale"),
            ({"activationDate": "01/01/2026"}, "validation.msg.invalid.dateFormat.format", "activationDate"),
            ({"activationDate": [2026, 1, 1]}, "validation.msg.invalid.dateFormat.format", "activationDate"),
            ({"activationDate": None}, "validation.msg.client.activationDate.cannot.be.blank", "activationDate"),
            ({"firstname": 5}, "validation.msg.client.firstname.must.be.text", "firstname"),
            ({"firstname": "A" * 51}, "validation.msg.client.firstname.exceeds.max.length", "firstname"),
            ({"active": "yes"}, "validation.msg.client.active.must.be.true.or.false", "active"),
            ({"officeId": 2}, "validation.msg.client.officeId.invalid", "officeId"),
            ({"officeId": "one"}, "validation.msg.client.officeId.is.not.a.number", "officeId"),
            ({"officeId": True}, "validation.msg.client.officeId.is.not.a.number", "officeId"),
            ({"officeId": "NaN"}, "validation.msg.client.officeId.is.not.a.number", "officeId"),
            ({"groupId": 3}, "error.msg.parameter.unsupported", "groupId"),
        ],
    )
    async def test_each_mistake_is_named(
        self, tmp_path: Path, change: dict[str, Any], code: str, parameter: str
    ) -> None:
        """With status 400, the code in `errors` and the parameter beside it."""
        fields: dict[str, Any] = {
            "officeId": 1,
            "firstname": "Amina",
            "lastname": "Wanjiru",
            "active": True,
            "activationDate": "2026-01-01",
        }
        async with bank(tmp_path) as core:
            said = await core.post("clients", **(fields | FORMATS | change))

        assert said.status == 400
        assert said.json["userMessageGlobalisationCode"] == "validation.msg.validation.errors.exist"
        assert (said.code, said.json["errors"][0]["parameterName"]) == (code, parameter)

    @pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"a": "\\ud800"}'])
    async def test_what_is_no_object_is_refused(self, tmp_path: Path, body: bytes) -> None:
        """However deep it goes."""
        async with bank(tmp_path) as core:
            said = await core.call("POST", "clients", body)

        assert said.status == 400
        assert said.json["userMessageGlobalisationCode"] == "error.msg.invalid.request.body"

    async def test_a_body_may_say_how_it_writes_dates(self, tmp_path: Path) -> None:
        """Answers always write them as arrays."""
        async with bank(tmp_path) as core:
            client = await core.client(activationDate="05 January 2026", dateFormat="dd MMMM yyyy")
            shown = await core.get(f"clients/{client}")

        assert shown["activationDate"] == [2026, 1, 5]


class TestCatalogue:
    async def test_products_and_charges_can_be_looked_up(self, tmp_path: Path) -> None:
        """So that whoever is configured with their ids can check them at its start."""
        async with bank(tmp_path) as core:
            products = {product["name"]: product["id"] for product in await core.get("loanproducts")}
            one = await core.get("loanproducts/2")
            missing = await core.call("GET", "loanproducts/99")
            offices, charges = await core.get("offices"), await core.get("charges")
            savings, configurations = await core.get("savingsproducts"), await core.get("configurations")

        assert products == {"Quick": 1, "Growth": 2, "Peer": 3, "Standard": 4}
        assert (one["name"], missing.status) == ("Growth", 404)
        assert [office["id"] for office in offices] == [1]
        assert {charge["id"] for charge in charges} == {1, 2, 3}
        assert {product["name"] for product in savings} == {"Savings", "Wallet"}
        assert {"name": "rounding-mode", "value": 6}.items() <= configurations["globalConfiguration"][2].items()

    async def test_a_way_to_pay_is_added_once(self, tmp_path: Path) -> None:
        """Its name is its own."""
        fields: dict[str, Any] = {"name": "Airtel Money", "description": "", "isCashPayment": False, "position": 3}
        async with bank(tmp_path) as core:
            added = await core.done("paymenttypes", **fields)
            again = await core.post("paymenttypes", **fields)
            listed = await core.get("paymenttypes")

        assert again.status == 403
        assert listed[-1]["id"] == added["resourceId"]
        assert [kind["name"] for kind in listed] == ["Money Transfer", "M-PESA", "Airtel Money"]


class TestBusinessDate:
    async def test_today_is_the_stored_day(self, tmp_path: Path) -> None:
        """What the clock says does not matter then."""
        async with bank(tmp_path, core_business_date="2026-02-01") as core:
            loan = await core.active_loan()
            future = await core.repay(loan, "100", transactionDate="2026-02-02")
            today = await core.get("businessdate")

        assert future.code == "error.msg.loan.transaction.cannot.be.a.future.date"
        assert today[0]["date"] == [2026, 2, 1]
