"""Operators see the phones that pay for a customer, and take one away: over HTTP and from a terminal."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts import linked
from gateway.accounts.linked import Linked
from gateway.cli import lines
from gateway.errors import Rejected
from gateway.store import customers
from tests.house import OPS_TOKEN, House
from tests.meddling import AMINA
from tests.servers import wait_until

FIRST, SECOND = "+254722000007", "+254722000008"
AT = f"/api/customers/{AMINA}/lines"


async def link(house: House, *wanted: tuple[str, str]) -> None:
    async with house.gateway.store.begin() as connection:
        amina = await customers.on_line(connection, AMINA)
        assert amina is not None
        for number, (reference, phone) in enumerate(wanted):
            await linked.put(connection, amina.id, Linked(reference, phone), most=5, now=number)


async def remove(house: House, reference: str, **body: Any) -> tuple[int, Any]:
    return await house.ops("POST", f"{AT}/{reference}/remove", json={"by": "jane", **body})


class TestLinkedLines:
    async def test_they_are_seen_and_one_is_taken_away(self, house: House) -> None:
        """With a name and a reason, on record; its owner is told; a second time there is none."""
        await link(house, ("LK7K2QD", FIRST), ("LKB2C3D", SECOND))

        nameless, _ = await house.ops("GET", AT)
        status, seen = await house.ops("GET", f"{AT}?by=jane")
        unreasoned, _ = await remove(house, "LK7K2QD")
        removed, left = await remove(house, "lk7k2qd", reason="the phone was stolen")
        again, _ = await remove(house, "LK7K2QD", reason="the phone was stolen")
        _, record = await house.ops("GET", f"/api/staff/actions?phone={AMINA}")
        await wait_until(lambda: house.outside.messages(AMINA))

        assert (nameless, status, unreasoned, removed, again) == (422, 200, 422, 200, 404)
        assert [(line["reference"], line["phone"]) for line in seen["lines"]] == [
            ("LK7K2QD", FIRST),
            ("LKB2C3D", SECOND),
        ]
        assert [line["reference"] for line in left["lines"]] == ["LKB2C3D"]
        acts = [(each["action"], each["by"], each["reason"], each["detail"]) for each in record["actions"]]
        assert acts == [
            ("unlink", "jane", "the phone was stolen", {"reference": "LK7K2QD", "phone": FIRST}),
            ("look_up", "jane", "", {}),
        ]
        [told] = await house.outside.messages(AMINA)
        assert told.text.startswith("Payments of 0722***007 count as yours no more.")

    async def test_the_command_shows_and_removes_them(
        self, house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What it is refused, it says."""
        await link(house, ("LK7K2QD", FIRST))
        monkeypatch.setenv("NYOTA_SERVER__OPS_TOKEN", OPS_TOKEN)
        by: dict[str, Any] = {"by": "jane", "url": house.url, "data": Path("var")}

        await asyncio.to_thread(lines.list_lines, "0711000001", **by)
        await asyncio.to_thread(lines.remove_line, "0711000001", "LK7K2QD", why="the phone was stolen", **by)
        said = capsys.readouterr().out
        with pytest.raises(Rejected, match="no line of theirs"):
            await asyncio.to_thread(lines.remove_line, "0711000001", "LK7K2QD", why="once more", **by)

        assert f"LK7K2QD  {FIRST}  since 1970-01-01T03:00:00+03:00" in said
        assert "LK7K2QD: removed, +254711000001 is told." in said
        assert "No other phone pays for +254711000001." in said
