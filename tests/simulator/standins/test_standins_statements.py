"""The organisation's statement of the pretend world: what the portal would export, and its faults."""

import csv
import io
from pathlib import Path

import aiohttp
import pytest

from tests.simulator.standins.standins_town import Town


async def exported(town: Town, query: str = "") -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as http, http.get(town.url(f"/control/statement?{query}")) as response:
        return response.status, await response.read()


async def rows(town: Town, query: str = "") -> list[list[str]]:
    status, content = await exported(town, query)
    assert status == 200
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


class TestStatements:
    async def test_has_every_movement_of_its_shortcode_newest_first(self, tmp_path: Path) -> None:
        """With running balance, totals above, and phones masked."""
        async with Town(tmp_path) as town:
            await town.push()
            await town.gateway.hear("/stk")
            await town.control("POST", "c2b", phone="0711000002", amount="20.00", account="LN00043")
            await town.pay_out()
            collected, paid = await rows(town), await rows(town, "shortcode=600998")

        heads = {row[0]: row for row in collected if row and row[0].endswith(":")}
        body = collected[next(place for place, row in enumerate(collected) if row[:1] == ["Receipt No."]) + 1 :]
        assert [(row[5], row[7], row[12]) for row in body] == [
            ("20.00", "170.00", "LN00043"),
            ("150.00", "150.00", "LN00042"),
        ]
        assert all("****" in row[10] for row in body)
        assert (heads["Opening Balance:"][1], heads["Opening Balance:"][4]) == ("0.00", "170.00")
        assert heads["Total Paid In:"][1] == "170.00"
        assert [(row[5], row[6]) for row in paid[9:]] == [("", "-500.00")]
        assert paid[9][9] == "Business Payment to Customer via API"

    @pytest.mark.parametrize(("fault", "count"), [("missing-rows", 0), ("duplicate-rows", 2)])
    async def test_rows_that_are_missing_or_written_twice(self, tmp_path: Path, fault: str, count: int) -> None:
        """The totals stay those of the account."""
        async with Town(tmp_path) as town:
            await town.push()
            await town.gateway.hear("/stk")
            await town.control("POST", "faults", api="statement", fault=fault)
            found = await rows(town)

        assert len(found[9:]) == count
        assert found[6][:2] == ["Total Paid In:", "150.00"]

    @pytest.mark.parametrize("query", ["shortcode=1", "format=pdf", "from=yesterday", "from=2026-08-05&to=2026-08-01"])
    async def test_what_cannot_be_exported_is_refused(self, tmp_path: Path, query: str) -> None:
        """A problem, not a broken file."""
        async with Town(tmp_path) as town:
            status, content = await exported(town, query)

        assert status in {404, 422}
        assert b"urn:nyota:standins:" in content
