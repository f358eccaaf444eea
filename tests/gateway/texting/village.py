"""A pretend town behind what answers SMS: its facts, and an outbox that does at once what is asked for."""

from flows.turn import Need, Operation
from gateway.config import Config
from gateway.dialogue import catalogue_of, engine_of
from gateway.facts.source import FactSource
from gateway.live import LiveMenus
from gateway.operations.outbox import Outbox, ReferenceTaken, TurnRecord
from gateway.sessions import unpacked
from menus.catalogue import FOLDER
from tests.flows.town import Town

MENUS = LiveMenus(FOLDER, lambda: catalogue_of(Config()), lambda catalogue: engine_of(Config(), catalogue))


class TownFacts(FactSource):
    """What the town knows."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.computed = {}

    async def gather(self, needs: frozenset[Need], msisdn: str) -> dict[Need, object]:
        return {need: self._town.fact(need, msisdn) for need in needs}


class TownOutbox(Outbox):
    """Does at once what is asked for; the first `taken` references are somebody else's."""

    def __init__(self, town: Town, taken: int = 0) -> None:
        self._town = town
        self._taken = taken

    async def accept(self, record: TurnRecord, wanted: tuple[Operation, ...], msisdn: str) -> None:
        if self._taken:
            self._taken -= 1
            raise ReferenceTaken(wanted[0].reference)
        self._town._accept(wanted, msisdn, unpacked(record.snapshot).session)
