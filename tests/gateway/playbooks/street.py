"""What people do on their phones and what goes wrong outside, through the whole house."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from gateway.books.integrity import check
from gateway.clock import local_date
from gateway.store.tables import cases, customers, loans
from tests.house import House
from tests.servers import wait_until

AMINA, PIN = "+254711000001", "4826"
BARAKA, BARAKA_PIN = "+254711000002", "7391"
LOAN, OWED = "LN7K2QD", 2_160_00
PAY_OFF = ("3", "1", "2", "2", "1")


def part(shillings: int) -> tuple[str, ...]:
    return ("3", "1", "3", str(shillings), "2", "1")


def part_from_wallet(shillings: int) -> tuple[str, ...]:
    return ("3", "1", "3", str(shillings), "1", PIN)


def borrow(shillings: int, pin: str = PIN) -> tuple[str, ...]:
    return ("2", "1", str(shillings), "1", pin)


async def dialled(house: House, *answers: str, phone: str = AMINA) -> str:
    """Dial and answer; the last screen."""
    line = house.line(phone)
    await line.dial("*383#")
    for answer in answers:
        await line.send(answer)
    return line.screen


async def fault(house: House, api: str, kind: str, *, seconds: float | None = None) -> None:
    """Every call of `api` goes wrong like this from now on."""
    knobs: dict[str, Any] = {"api": api, "fault": kind, "rate": 1.0, "seed": 1}
    if seconds is not None:
        knobs["seconds"] = seconds
    await control(house, "faults", knobs)


async def control(house: House, what: str, body: Mapping[str, Any]) -> None:
    async with house.http.post(f"{house.standins_url}/control/{what}", json=body) as response:
        assert response.status == 200, await response.text()


async def speaks(house: House, language: str, phone: str = AMINA) -> None:
    async with house.gateway.store.begin() as connection:
        await connection.execute(update(customers).where(customers.c.msisdn == phone).values(language=language))


async def owed(house: House, reference: str = LOAN) -> int:
    async with house.gateway.store.begin() as connection:
        record = await house.gateway.portfolio.by_reference(connection, reference)
        assert record is not None
        today = local_date(house.gateway.clock())
        return (await house.gateway.portfolio.standing(connection, record.id, today)).owed_cents


async def loan_state(house: House, reference: str) -> str:
    async with house.gateway.store.read() as connection:
        return str(await connection.scalar(select(loans.c.state).where(loans.c.reference == reference)))


async def topics(house: House) -> list[str]:
    async with house.gateway.store.read() as connection:
        return [row.topic for row in await connection.execute(select(cases.c.topic))]


async def prompt_on(house: House, phone: str = AMINA) -> str:
    """The id of the prompt that the phone shows, once it does."""
    found: list[str] = []

    async def is_shown() -> bool:
        found[:] = [prompt.id for prompt in await house.outside.prompts(phone) if prompt.is_open]
        return bool(found)

    await wait_until(is_shown)
    return found[0]


async def prove(house: House) -> None:
    """Our books hold, and the rail says of itself what they say of it."""
    async with house.gateway.store.read() as connection:
        assert await check(connection) == []
    moved = (await house.outside.money()).movements
    came_in = sum(each.amount_cents for each in moved if each.kind in {"stk", "c2b"})
    went_out = sum(each.amount_cents for each in moved if each.kind == "b2c")
    assert await house.balance("mpesa.collection") == came_in
    assert await house.balance("mpesa.payout") == -went_out
    assert await house.balance("transit.payout") == 0
