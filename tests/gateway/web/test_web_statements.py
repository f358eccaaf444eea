"""Statements and reconciliation over HTTP, with the statement that the pretend world writes of its own book."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.books import accounts as chart
from gateway.clock import EAT
from gateway.store import customers
from tests.gateway.statements import exports
from tests.house import House, Houses
from tests.servers import wait_until

PHONE = "+254711000002"


async def exported(house: House, query: str = "") -> bytes:
    async with house.http.get(f"{house.standins_url}/control/statement?{query}") as response:
        assert response.status == 200, await response.text()
        return await response.read()


async def read(house: House, content: bytes, query: str = "") -> dict[str, Any]:
    """Handed in, and read to its end."""
    status, answer = await house.ops("POST", f"/api/mpesa/statements?{query}", data=content)
    assert status in {200, 202}, answer

    async def is_read() -> bool:
        _, found = await house.ops("GET", f"/api/mpesa/statements/{answer['id']}")
        return bool(found["state"] != "reading")

    await wait_until(is_read)
    return dict((await house.ops("GET", f"/api/mpesa/statements/{answer['id']}"))[1])


async def paid_unheard(house: House, amount: str = "250.00") -> None:
    """A payment whose confirmation is lost."""
    async with house.http.post(
        f"{house.standins_url}/control/faults", json={"api": "c2b", "fault": "lost-callback"}
    ) as response:
        assert response.status == 200
    async with house.http.post(
        f"{house.standins_url}/control/c2b", json={"phone": PHONE, "amount": amount, "account": "0711000002"}
    ) as response:
        assert response.status == 200


class TestHandingIn:
    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    async def test_a_lost_confirmation_is_made_good(self, house: House, form: str) -> None:
        """Once, however often the statement comes; money in the wallet, an SMS to whoever paid."""
        before = await house.balance(chart.wallet(await customer(house)))
        await paid_unheard(house)
        content = await exported(house, f"format={form}")

        first = await read(house, content)
        again_status, again = await house.ops("POST", "/api/mpesa/statements", data=content)
        await house.settled()

        assert {name: first[name] for name in ("total", "matched", "gapsFilled", "rejected", "findings")} == {
            "total": 1, "matched": 0, "gapsFilled": 1, "rejected": 0, "findings": [],
        }  # fmt: skip
        assert (again_status, again) == (200, first)
        assert await house.balance(chart.wallet(await customer(house))) == before + 250_00

    async def test_a_preview_changes_nothing(self, house: House) -> None:
        """It says what would come of it, and shows no names."""
        await paid_unheard(house)
        content = await exported(house)

        status, preview = await house.ops("POST", "/api/mpesa/statements?preview=true", data=content)
        _, listed = await house.ops("GET", "/api/mpesa/statements")

        assert (status, preview["gapsFilled"], preview["shortcode"]) == (200, 1, "600999")
        assert "OTIENO" not in str(preview)
        assert listed["count"] == 0

    async def test_a_form_with_a_file_a_shortcode_and_a_password(self, house: House, tmp_path: Path) -> None:
        """An encrypted PDF; the password is in nothing that is kept."""
        path = exports.pdf_file(tmp_path, [exports.newer(row) for row in exports.ROWS], password="s3cret")
        form = aiohttp.FormData({"password": "s3cret", "shortcode": "600999"})
        form.add_field("file", path.read_bytes(), filename="january.pdf")

        status, answer = await house.ops("POST", "/api/mpesa/statements?preview=true", data=form)
        refused, problem = await house.ops("POST", "/api/mpesa/statements", data=path.read_bytes())

        assert (status, answer["form"], answer["total"]) == (200, "pdf", 4)
        assert (refused, problem["type"]) == (422, "urn:nyota:problem:unreadable-statement")

    async def test_rejected_rows_can_be_read_with_their_reasons(self, house: House) -> None:
        """The rows around them are taken."""
        bad = exports.changed(exports.PAYMENT, receipt_no="UA12BC34DX", paid_in="lots")
        content = exports.as_csv(exports.classic([*exports.ROWS, bad])).encode()

        answer = await read(house, content)
        _, found = await house.ops("GET", f"/api/mpesa/statements/{answer['id']}/rejected")

        assert (answer["total"], answer["rejected"]) == (5, 1)
        assert found["rejected"] == [{"row": 13, "column": "Paid In", "reason": "is not an amount such as 1,053.00"}]

    async def test_what_is_refused_says_why(self, small: House) -> None:
        """A problem with a stable type; strangers are refused first."""
        header, whole = exports.as_csv([exports.CLASSIC]).encode(), exports.as_csv(exports.classic()).encode()
        rows = [
            (b"", "", 422, "unreadable-statement"),
            (b"a,b\r\n1,2\r\n", "", 422, "unreadable-statement"),
            (header, "", 422, "unreadable-statement"),
            (header, "shortcode=111111", 422, "unreadable-statement"),
            (whole, "shortcode=600998", 422, "unreadable-statement"),
            (b"", "preview=maybe", 422, "invalid"),
            (b"x" * 3_000, "", 413, "too-large"),
        ]

        answers = [await small.ops("POST", f"/api/mpesa/statements?{query}", data=body) for body, query, *_ in rows]

        assert [(status, answer["type"]) for status, answer in answers] == [
            (status, f"urn:nyota:problem:{name}") for *_, status, name in rows
        ]
        for method, path in (("POST", "/api/mpesa/statements"), ("GET", "/api/reconciliation/mismatches")):
            async with small.http.request(method, f"{small.url}{path}") as response:
                assert response.status == 401


class TestReconciling:
    async def test_a_day_is_compared_and_the_list_is_worked(self, house: House) -> None:
        """A reason nobody knows is named, settled by a person, and stays settled."""
        yesterday = datetime.now(UTC).astimezone(EAT) - timedelta(days=1)
        row = exports.changed(
            exports.PAYMENT,
            completion_time=yesterday.strftime("%d-%m-%Y 12:00:00"),
            reason_type="Something New",
        )
        await read(house, exports.as_csv([("Short Code:", "600999"), exports.CLASSIC, row]).encode())

        status, asked = await house.ops("POST", "/api/reconciliation/mpesa", json={"on": f"{yesterday:%Y-%m-%d}"})
        assert status == 202, asked

        async def is_compared() -> bool:
            found, answer = await house.ops("GET", f"/api/reconciliation/mpesa/{asked['on']}")
            return found == 200 and bool(answer["at"] >= asked["askedAt"])

        await wait_until(is_compared)
        _, compared = await house.ops("GET", f"/api/reconciliation/mpesa/{asked['on']}")
        _, listed = await house.ops("GET", "/api/reconciliation/mismatches?kind=missing_ledger")
        (found,) = listed["mismatches"]
        path = f"/api/reconciliation/mismatches/{found['reference']}"
        said = {"state": "resolved", "note": "a grant, booked by hand", "by": "jane"}
        first, second = await house.ops("POST", path, json=said), await house.ops("POST", path, json=said)

        assert compared["shortcodes"][0]["mismatches"]["pending"] == 1
        assert (found["theirs"], found["ours"], found["evidence"]["reason"]) == ("1500.00", None, "Something New")
        assert (first[0], first[1]["state"], first[1]["by"]) == (200, "resolved", "jane")
        assert (second[0], second[1]["type"]) == (409, "urn:nyota:problem:settled-before")
        assert (await house.ops("GET", "/api/reconciliation/mismatches"))[1]["count"] == 0

    async def test_what_is_not_there_or_nonsense(self, small: House) -> None:
        """Refused with a problem."""
        said = {"state": "resolved", "note": "nothing", "by": "jane"}
        rows: list[tuple[str, str, dict[str, str] | None, int]] = [
            ("POST", "/api/reconciliation/mpesa", {"on": "2999-01-01"}, 409),
            ("POST", "/api/reconciliation/mpesa", {"on": "soon"}, 422),
            ("GET", "/api/reconciliation/mpesa/2020-01-01", None, 404),
            ("GET", "/api/reconciliation/mpesa/soon", None, 422),
            ("GET", "/api/reconciliation/mismatches?state=lost", None, 422),
            ("GET", "/api/reconciliation/mismatches?page=0", None, 422),
            ("POST", "/api/reconciliation/mismatches/MM11111", said, 404),
            ("POST", "/api/reconciliation/mismatches/MM11111", {"state": "resolved"}, 422),
            ("GET", "/api/mpesa/statements/none", None, 404),
            ("GET", "/api/mpesa/statements/none/rejected", None, 404),
            ("GET", "/api/mpesa/statements?page=x", None, 422),
        ]

        statuses = [(await small.ops(method, path, json=body))[0] for method, path, body, _ in rows]

        assert statuses == [status for *_, status in rows]


@pytest.fixture
async def small(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[House]:
    """A house that takes small statements only."""
    async with AsyncExitStack() as stack:
        houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
        yield await houses.build(works=False, reconciliation={"file_bytes_max": 2_000})


async def customer(house: House) -> str:
    async with house.gateway.store.read() as connection:
        found = await customers.on_line(connection, PHONE)
    assert found is not None
    return str(found.id)
