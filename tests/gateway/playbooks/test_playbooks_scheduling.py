"""A scheduled payment through the whole house: agreed to on the phone, paid on its day, told by SMS."""

import re

from sqlalchemy import update

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.clock import local_date
from gateway.demo import PEOPLE
from gateway.playbooks.scheduling import DAILY
from gateway.schedules.tables import schedules
from tests.gateway.playbooks.street import AMINA, BARAKA, PIN, dialled, prove
from tests.house import Houses
from tests.meddling import said
from tests.servers import wait_until

AMINAS, BARAKAS = (chart.wallet(person.id) for person in PEOPLE[:2])
AGAIN = "00000000-0000-5000-8000-000000000001"


class TestScheduledPayments:
    async def test_one_made_on_the_phone_is_paid_on_its_day(self, one_house: Houses) -> None:
        """From wallet to wallet, with the receipts of any other transfer; the phone shows the next day."""
        house = await one_house.build(schedules={"hour": 0})
        had, theirs = await house.balance(AMINAS), await house.balance(BARAKAS)
        screen = await dialled(house, "6", "6", PIN, "2", "0711000002", "200", "2", "31", PIN)
        found = re.search(r"(SC\w+) is set", screen)
        assert found, screen
        today = local_date(house.gateway.clock()).isoformat()
        daily = Operation(AGAIN, DAILY, reference("DY", AGAIN), "", {"day": today})

        async with house.gateway.store.begin() as connection:
            await connection.execute(update(schedules).values(next_on=today))
            await house.gateway.outbox.put(connection, daily, is_ours=True)
        house.gateway.outbox.news.set()

        async def is_asked_for() -> bool:
            return bool(await house.operations("wallet.send"))

        await wait_until(is_asked_for)
        await house.settled()

        assert (await house.balance(AMINAS) - had, await house.balance(BARAKAS) - theirs) == (-200_00, 200_00)
        assert len(await said(house, AMINA, "Ksh 200 sent to BARAKA O. 0711000002")) == 1
        assert len(await said(house, BARAKA, "Umepokea Ksh 200 kutoka kwa AMINA W.")) == 1
        _, one = await house.ops("GET", f"/api/schedules/{found[1]}")
        [run] = one["runs"]
        [payment] = await house.operations("wallet.send")
        assert (run["dueOn"], run["payment"], one["nextOn"] > today) == (today, payment.reference, True)
        await prove(house)
