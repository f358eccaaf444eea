"""One count of the numbers that somebody tries, whatever for."""

import uuid

from flows.numbers import KIND
from flows.turn import Operation
from gateway.facts.numbers import LOOKUP, NumberFacts, looked_up
from gateway.operations.outbox import Outbox, TurnRecord
from tests.gateway.playbooks.street import dialled
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office
from tests.house import Houses

DAY_MS = 86_400_000


async def left(office: Office, facts: NumberFacts, line: str = AMINA) -> int:
    async with office.store.read() as connection:
        return await facts.lookups_left(connection, line)


class TestLookups:
    async def test_each_number_tried_counts_for_its_day(self, office: Office) -> None:
        """Durably: another session changes nothing."""
        facts = NumberFacts(office.clock, a_day=2)
        outbox = Outbox(office.store, {}, {LOOKUP: looked_up}, office.clock, recall_ms=600_000)
        assert await left(office, facts) == 2

        for number in range(3):
            operation = Operation(str(uuid.uuid4()), KIND, f"LU{number}", AMINA, {})
            record = TurnRecord(f"session{number}", 1, f"key{number}", "digest", b"")
            await outbox.accept(record, (operation,), AMINA)

        assert await left(office, facts) == 0
        assert await left(office, facts, BARAKA) == 2
        office.clock.turn(DAY_MS)
        assert await left(office, facts) == 2

    async def test_it_is_one_count_for_all_that_numbers_are_tried_for(self, one_house: Houses) -> None:
        """Two numbers tried to send leave none to ask for a loan, or to pay for another."""
        house = await one_house.build(numbers={"lookups_a_day": 2})
        await dialled(house, "6", "3", "0711000002", "0", "0711000003", "00")

        assert (await dialled(house, "6", "3")).startswith("You have looked up as many numbers as a day allows.")
        assert (await dialled(house, "3", "2")).startswith("You have looked up enough numbers today.")
        assert (await dialled(house, "5", "1", "0711000002")).startswith("We cannot ask this number.")
