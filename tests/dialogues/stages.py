"""What a dialogue finds when it begins, where the demo people alone are not enough: by the beginning of its name."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from gateway.clock import local_date, system
from gateway.lending.offers import DEMO_PRODUCTS
from gateway.mirror import kept
from gateway.mirror.tables import core_loans
from gateway.mirror.telling import LOAN
from tests.house import House
from tests.servers import wait_until

BARAKA = "0711000002"
LATE_DAYS, CAPPED_DAYS = 4, 1_400
QUICK_DAYS = 30
Config = Mapping[str, Any]


async def as_it_is(_: House) -> None:
    """The demo people are enough."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How the house differs, and what happened in it before anybody dials."""

    config: Config = field(default_factory=dict)
    before: Callable[[House], Awaitable[None]] = as_it_is


def late_by(days: int) -> Callable[[House], Awaitable[None]]:
    """Baraka has a Quick loan that was paid out on paper, so long ago that it is late by so many days."""

    async def booked(house: House) -> None:
        on = local_date(system()) - timedelta(days=QUICK_DAYS + days)
        loan = {
            "phone": BARAKA, "product": "quick", "amount": "2000.00", "disbursedOn": on.isoformat(), "by": "jane",
            "why": "made on paper at Githurai",
        }  # fmt: skip
        _, asked = await house.ops("POST", "/api/loans", json=loan)
        act = asked["reference"]
        yes = {"by": "omar", "decision": "approve"}
        _, answered = await house.ops("POST", f"/api/loans/acts/{act}/confirm", json=yes)

        async def is_booked() -> bool:
            _, found = await house.ops("GET", "/api/loans", params={"phone": BARAKA, "state": "active"})
            return bool(found["loans"])

        assert "reference" in answered, answered
        await wait_until(is_booked)

    return booked


def guaranteed() -> Config:
    """A Quick loan needs somebody who stands in."""
    products = {key: dict(product) for key, product in DEMO_PRODUCTS.items()}
    products["quick"] |= {"guarantors": 1}
    return {"lending": {"products": products}}


def mirrored(standins: str) -> Config:
    """The pretend core keeps the loans, is asked for nothing by itself, and each figure of it is old at once."""
    fineract = {
        "base_url": f"{standins}/fineract/fineract-provider/api/v1", "password": "password", "payment_type": 2,
        "products": {"quick": {"id": 1, "rate_per": "term"}},
    }  # fmt: skip
    return {
        "kind": "fineract", "fresh_seconds": 0.0, "poll_seconds": 600.0, "ask_seconds": 0.1, "ask_max_seconds": 0.5,
        "probe_seconds": 0.3, "spread_seconds": 0.1, "timeout_seconds": 1.0, "fineract": fineract,
    }  # fmt: skip


async def read_once(house: House) -> None:
    """The core has heard of Amina's loan and has said what it owes."""

    async def is_read() -> bool:
        told = await house.operations(LOAN)
        async with house.gateway.store.read() as connection:
            row = (await connection.execute(select(core_loans.c.as_of))).one_or_none()
        return all(each.state == "done" for each in told) and row is not None and row.as_of != kept.NEVER

    await wait_until(is_read)


STAGES = {
    "late": Stage(before=late_by(LATE_DAYS)),
    "capped": Stage(before=late_by(CAPPED_DAYS)),
    "guarantee": Stage(config=guaranteed()),
    "guarantee-declined": Stage(config=guaranteed()),
    "core-away": Stage(config={"ledger": mirrored}, before=read_once),
}


def stage_of(name: str) -> Stage:
    """By the name of the dialogue's file without its language; most need none of their own."""
    return STAGES.get(name.rpartition("-")[0], Stage())
