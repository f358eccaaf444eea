"""Penalties of days on which nobody could pay."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from gateway.clock import local_date
from gateway.config import Calendar
from gateway.features.calendar import workdays_of
from gateway.loanbook import outages
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.letting_off import DAILY, LettingOff
from gateway.store.tables import operations
from tests.gateway.lending.test_lending_portfolio import DAY_MS, DUE, OWED, PAID_OUT, PENALTY, Desk, desk_on
from tests.gateway.rails_flow.office import START
from tests.house import House

FELL = DUE + timedelta(days=3)
"""A Monday: the first late day after two of grace."""
LATER = (FELL - PAID_OUT).days + 1


@dataclass
class Street:
    desk: Desk

    async def looked(self, day: int = LATER, *, on_closed_days: bool = False, hours: int = 0) -> Outcome:
        """What the look of a day comes to."""
        now = START + day * DAY_MS + hours * 3_600_000
        playbooks: dict[str, Playbook] = {}
        outbox = Outbox(self.desk.store, playbooks, {}, lambda: now, recall_ms=1_000)
        workdays = workdays_of(Calendar(closed_days=(FELL,)))
        letting_off = LettingOff(self.desk.portfolio, outbox, workdays, on_closed_days=on_closed_days)
        message = Playbook("sms.send", (Local("send", letting_off.look),), lambda customer, _: customer)
        playbooks.update({DAILY: letting_off.playbook(), "sms.send": message})
        work = Work(
            number=0, id=f"look-{day}", reference="DYTEST", kind=DAILY, customer_id="",
            intent={"day": local_date(now).isoformat(), "after": ""}, state="queued", step="look", generation=0,
            attempts=0, data={}, created_at=now, waiting_since=None, fence=0,
        )  # fmt: skip
        async with self.desk.store.begin() as connection:
            return await letting_off.look(connection, work, now)

    async def outage(self, day: date) -> bool:
        async with self.desk.store.begin() as connection:
            return await outages.given(connection, day, reason="USSD was down", by="jane", now=START)

    async def told(self) -> int:
        async with self.desk.store.read() as connection:
            query = select(func.count()).select_from(operations).where(operations.c.kind == "sms.send")
            return int(await connection.scalar(query) or 0)


@pytest.fixture
async def street(database_url: str) -> AsyncIterator[Street]:
    async with desk_on(database_url) as desk:
        await desk.lend()
        yield Street(desk)


class TestLettingOff:
    async def test_a_penalty_of_a_day_of_outage_is_let_off_once(self, street: Street) -> None:
        """By a waiver on record, said by SMS; another look, a day later, finds nothing more to do."""
        assert await street.desk.owed(LATER) == OWED + PENALTY
        assert await street.outage(FELL)

        assert isinstance(await street.looked(), Done)
        assert isinstance(await street.looked(LATER + 1), Done)

        assert await street.desk.owed(LATER + 1) == OWED
        assert await street.told() == 1
        async with street.desk.store.read() as connection:
            happened = await street.desk.portfolio.happenings(connection, "LN1")
        assert [(each.kind, each.detail.get("by")) for each in happened if each.kind == "waiver"] == [
            ("waiver", "calendar")
        ]

    async def test_a_penalty_of_another_day_stays(self, street: Street) -> None:
        """An outage on the day before is none of the day it fell on."""
        await street.outage(FELL - timedelta(days=1))

        await street.looked()

        assert (await street.desk.owed(LATER), await street.told()) == (OWED + PENALTY, 0)

    @pytest.mark.parametrize(("on_closed_days", "owed"), [(False, OWED + PENALTY), (True, OWED)])
    async def test_closed_days_are_free_where_it_is_configured(
        self, street: Street, *, on_closed_days: bool, owed: int
    ) -> None:
        """Otherwise only an outage counts."""
        await street.looked(on_closed_days=on_closed_days)

        assert await street.desk.owed(LATER) == owed

    async def test_what_was_paid_stays_paid(self, street: Street) -> None:
        """The waiver then takes the next penalty that is not."""
        await street.desk.repay(PENALTY, on=LATER)
        await street.outage(FELL)
        await street.looked()
        assert await street.desk.owed(LATER) == OWED

        month_later = LATER + 31
        assert await street.desk.owed(month_later) == OWED + PENALTY
        await street.looked(month_later)

        assert await street.desk.owed(month_later) == OWED

    async def test_nobody_is_told_at_night(self, street: Street) -> None:
        """The look waits for an hour of contact."""
        await street.outage(FELL)

        assert isinstance(await street.looked(hours=9), Later)
        assert await street.desk.owed(LATER) == OWED + PENALTY


class TestOverHttp:
    async def test_an_operator_gives_a_day(self, house: House) -> None:
        """It is kept with who and why, once, and looked at; a day to come is refused."""
        today = local_date(house.gateway.clock())
        body = {"day": today.isoformat(), "reason": "USSD was down", "by": "jane"}

        assert (await house.ops("POST", "/api/calendar/outages", json=body))[0] == 201
        assert (await house.ops("POST", "/api/calendar/outages", json={**body, "by": "omar"}))[0] == 200
        tomorrow = (today + timedelta(days=1)).isoformat()
        assert (await house.ops("POST", "/api/calendar/outages", json={**body, "day": tomorrow}))[0] == 422
        _, found = await house.ops("GET", "/api/calendar/outages")

        assert [(each["day"], each["by"]) for each in found["outages"]] == [(today.isoformat(), "jane")]
        async with house.gateway.store.read() as connection:
            intents = await connection.scalars(select(operations.c.intent).where(operations.c.kind == DAILY))
        assert [intent["outage"] for intent in intents if "outage" in intent] == [today.isoformat()]

    async def test_the_calendar_is_read(self, house: House) -> None:
        """Closed days with the hours of contact; days in order only."""
        status, found = await house.ops("GET", "/api/calendar?from=2026-12-24&to=2026-12-28")

        assert (status, found["closed"]) == (200, ["2026-12-25", "2026-12-26", "2026-12-27"])
        assert (found["contactFrom"], found["contactUntil"]) == ("08:00", "18:00")
        for query in ("from=soon", "from=2026-02-01&to=2026-01-01", "from=2026-01-01&to=2099-01-01"):
            assert (await house.ops("GET", f"/api/calendar?{query}"))[0] == 422
