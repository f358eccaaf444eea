"""Rails under people's hand: pausing and resuming, what was found away, and the questions that find out."""

from typing import Any

from gateway.feature import Feature, Tools
from gateway.rails import requests
from gateway.rails.contract import AskStatus
from gateway.rails.daraja import PAYOUT, PROMPT, DarajaRail
from gateway.rails.daraja_client import api_of
from gateway.rails.hand import hand_of
from gateway.rails.steps import Addresses
from gateway.store.engine import Store
from gateway.web.rail_control import RailControlRoutes


def feature(tools: Tools) -> Feature:
    hand = hand_of((tools.rail.name,), tools.config.rails.daraja.limits)
    door = getattr(tools.rail, "door", None)  # a rail of rehearsals has none
    if door is not None:
        questions = Questions(tools.rail, tools.store, tools.addresses)
        door.probes.update({api_of(PAYOUT): questions.of_a_payout, api_of(PROMPT): questions.of_a_prompt})

    async def check() -> dict[str, Any]:
        """Degraded while anything is held back: that is what somebody must end."""
        async with tools.store.read() as connection:
            [standing] = await hand.standing(connection)
        troubles = standing.troubles
        return {"status": "degraded", "reason": "; ".join(troubles)} if troubles else {"status": "ok"}

    routes = RailControlRoutes(tools.store, tools.outbox, hand, tools.clock)
    return Feature(routes=routes.table(), checks={"rails": check})


class Questions:
    """Cheaper ways to find out whether the rail answers than to move money: about what it knows already."""

    def __init__(self, rail: DarajaRail, store: Store, addresses: Addresses) -> None:
        self._rail = rail
        self._store = store
        self._addresses = addresses

    async def of_a_payout(self) -> bool:
        """What became of the latest one; its answer changes nothing that is settled."""
        async with self._store.read() as connection:
            known = await requests.newest_settled(connection, self._rail.name, "b2c")
        if known is None:
            return False
        urls = self._addresses.of("status/result", known), self._addresses.of("status/timeout", known)
        await self._rail.ask_status(AskStatus(known.id, known.rail_id, *urls))
        return True

    async def of_a_prompt(self) -> bool:
        """Likewise; what it says is left to whoever waits for it."""
        async with self._store.read() as connection:
            known = await requests.newest_settled(connection, self._rail.name, "stk")
        if known is None or known.rail_id is None:
            return False
        await self._rail.query_collect(known.rail_id)
        return True
