"""Daraja's front door: tokens, products, unknown paths, bodies that are none."""

import base64
from pathlib import Path

import pytest

from tests.simulator.standins.standins_town import Town

GENERATE = "/daraja/oauth/v1/generate?grant_type=client_credentials"
PUSH = "/daraja/mpesa/stkpush/v1/processrequest"


class TestTokens:
    async def test_key_and_secret_give_a_token(self, tmp_path: Path) -> None:
        """The life is told as text, as old samples have it."""
        async with Town(tmp_path) as town:
            reply = await town.token(town.settings.collection)

        assert reply.status == 200
        assert len(reply.json["access_token"]) == 28
        assert reply.json["expires_in"] == "3599"

    @pytest.mark.parametrize(
        "authorization",
        ["", "Basic", "Basic !!!", "Basic " + base64.b64encode(b"nyota-collection-key:wrong").decode()],
    )
    async def test_wrong_credentials_are_refused(self, tmp_path: Path, authorization: str) -> None:
        """Missing, unreadable and wrong ones alike."""
        async with Town(tmp_path) as town:
            reply = await town.ask("GET", GENERATE, headers={"Authorization": authorization})

        assert (reply.status, reply.json["errorCode"]) == (400, "400.008.01")

    async def test_another_grant_type_is_refused(self, tmp_path: Path) -> None:
        """Only client_credentials exists."""
        async with Town(tmp_path) as town:
            app = town.settings.payout
            credentials = base64.b64encode(f"{app.key}:{app.secret}".encode()).decode()
            headers = {"Authorization": f"Basic {credentials}"}
            reply = await town.ask("GET", GENERATE + "s", headers=headers)

        assert (reply.status, reply.json["errorCode"]) == (400, "400.008.02")

    async def test_a_new_token_kills_the_old_one_of_the_same_app_only(self, tmp_path: Path) -> None:
        """The other app's token lives on."""
        async with Town(tmp_path) as town:
            assert (await town.push()).status == 200
            assert (await town.pay_out("op-1")).status == 200
            await town.token(town.settings.collection)
            push, payout = await town.push(), await town.pay_out("op-2")

        assert (push.status, push.json["errorCode"]) == (404, "404.001.03")
        assert payout.status == 200

    async def test_a_token_expires(self, tmp_path: Path) -> None:
        """After its life it is as good as none."""
        time = [1_800_000_000.0]
        async with Town(tmp_path, now=lambda: time[0], auto_answer=False) as town:
            fresh = await town.push()
            time[0] += 3600
            stale = await town.push()

        assert fresh.status == 200
        assert stale.json["errorCode"] == "404.001.03"

    @pytest.mark.parametrize(
        ("path", "status", "code"),
        [
            ("/mpesa/stkpush/v1/processrequest", 404, "404.001.03"),
            ("/mpesa/stkpushquery/v1/query", 404, "404.001.03"),
            ("/mpesa/reversal/v1/request", 404, "404.001.03"),
            ("/pulltransactions/v1/query", 404, "404.001.03"),
            ("/mpesa/c2b/v2/registerurl", 400, "400.003.01"),
            ("/mpesa/transactionstatus/v1/query", 400, "400.003.01"),
            ("/mpesa/accountbalance/v1/query", 401, "401.002.01"),
            ("/mpesa/b2c/v3/paymentrequest", 401, "401.002.01"),
        ],
    )
    async def test_each_api_refuses_a_dead_token_in_its_own_words(
        self, tmp_path: Path, path: str, status: int, code: str
    ) -> None:
        """Codes and HTTP status differ by API, as documented."""
        async with Town(tmp_path) as town:
            reply = await town.ask("POST", f"/daraja{path}", headers={"Authorization": "Bearer dead"}, json={})

        assert (reply.status, reply.json["errorCode"]) == (status, code)

    async def test_no_token_at_all_is_an_invalid_header(self, tmp_path: Path) -> None:
        """It has a code of its own."""
        async with Town(tmp_path) as town:
            reply = await town.ask("POST", PUSH, json={})

        assert (reply.status, reply.json["errorCode"]) == (404, "404.001.04")


class TestDoor:
    async def test_an_app_without_the_product_is_refused(self, tmp_path: Path) -> None:
        """Neither app may do what only the other one may."""
        async with Town(tmp_path) as town:
            collects, pays = town.settings.collection, town.settings.payout
            paying = await town.daraja(collects, "/mpesa/b2c/v3/paymentrequest", {})
            pushing = await town.daraja(pays, "/mpesa/stkpush/v1/processrequest", {})

        for reply in (paying, pushing):
            assert reply.status == 401
            assert "no apiproduct match found" in reply.json["fault"]["faultstring"]

    async def test_an_unknown_path_is_not_found(self, tmp_path: Path) -> None:
        """With Daraja's error body, not the web server's."""
        async with Town(tmp_path) as town:
            reply = await town.ask("POST", "/daraja/mpesa/b2c/v9/paymentrequest", json={})

        assert (reply.status, reply.json["errorCode"]) == (404, "404.001.01")

    async def test_a_wrong_method_is_not_allowed(self, tmp_path: Path) -> None:
        """With Daraja's error body, too."""
        async with Town(tmp_path) as town:
            reply = await town.ask("GET", PUSH)

        assert (reply.status, reply.json["errorCode"]) == (405, "405.001")

    @pytest.mark.parametrize("body", ["", "{", "[]", '"text"'])
    async def test_a_body_that_is_no_object_is_refused(self, tmp_path: Path, body: str) -> None:
        """400.002.05 for everything that cannot be read."""
        async with Town(tmp_path) as town:
            token = (await town.token(town.settings.collection)).json["access_token"]
            reply = await town.ask("POST", PUSH, data=body, headers={"Authorization": f"Bearer {token}"})

        assert (reply.status, reply.json["errorCode"]) == (400, "400.002.05")

    async def test_paths_outside_daraja_are_left_alone(self, tmp_path: Path) -> None:
        """The error bodies are Daraja's only."""
        async with Town(tmp_path) as town:
            reply = await town.ask("GET", "/nowhere")

        assert reply.status == 404
        assert "errorCode" not in reply.text
