"""Who somebody is and whose SIM it is, asked of whoever knows, away from any screen; and what follows for their money.

`identity.check` runs once after joining and sets the tier. Before money leaves, the line is asked about; a SIM that
has just been changed closes outgoing money for some days. Nobody connected: nothing is asked, nothing changes.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, operation_id, reference
from gateway.clock import DAY_MS
from gateway.config import Identity as Settings
from gateway.errors import Unavailable
from gateway.operations.outbox import Context, Outbox
from gateway.operations.outcome import Done, Outcome, Refused, Retry
from gateway.operations.playbook import Local, Playbook, Work
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.wallet.identity import Identity, connected

CHECK = "identity.check"


@dataclass(frozen=True)
class Asked:
    """A question to the outside about the person of an operation. An outage is waited out: nothing leaves unasked."""

    name: str
    identity: Identity
    store: Store

    async def attempt(self, work: Work) -> Outcome:
        async with self.store.read() as connection:
            customer = await customers.get(connection, work.customer_id)
        try:
            return Done(await self.answer(customer))
        except Unavailable as outage:
            return Retry(str(outage), outage.evidence, is_outage=True)

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome

    async def answer(self, customer: Customer) -> dict[str, object]:
        raise NotImplementedError


class LineStep(Asked):
    """When the SIM of this line was last changed."""

    async def answer(self, customer: Customer) -> dict[str, object]:
        return {"sim_changed_at": await self.identity.sim_changed_at(customer.msisdn)}


class PersonStep(Asked):
    """Whether the registry knows this ID number under this name."""

    async def answer(self, customer: Customer) -> dict[str, object]:
        return {"known": await self.identity.person(customer.national_id or "", customer.name)}


def line_step(settings: Settings, store: Store) -> LineStep | None:
    """What asks about the line before money leaves, where somebody knows."""
    identity = connected(settings)
    return LineStep("line", identity, store) if identity else None


class Safety:
    """Until when no money leaves, by what the line was found to be. `days` follow a change of SIM."""

    def __init__(self, *, days: int = 0) -> None:
        self._days = days

    async def refusal(self, connection: AsyncConnection, customer: Customer, work: Work, now: int) -> Refused | None:
        """What a step that reserves money answers while none may leave: `safety`, with `opens_at`."""
        opens_at = await self.closed_until(connection, customer, work, now)
        return Refused("safety", "no money leaves yet", data={"opens_at": opens_at}) if opens_at else None

    async def closed_until(self, connection: AsyncConnection, customer: Customer, work: Work, now: int) -> int | None:
        """The moment at which money may leave again; None when it may. A new SIM is remembered on the person."""
        changed_at = work.data.get("sim_changed_at")
        until = max(customer.outgoing_from, changed_at + self._days * DAY_MS if changed_at else 0)
        if until > customer.outgoing_from:
            await customers.changed(connection, customer.id, outgoing_from=until)
        return until if until > now else None


async def on_own_line(connection: AsyncConnection, work: Work) -> bool:
    """Whether the phone that a pay-out goes to is its customer's still: while it waited the line may have been lost,
    and whoever has that phone now is somebody else."""
    customer = await customers.get(connection, work.customer_id, lock=True)
    return bool(customer.msisdn == work.data["msisdn"])


class Verification:
    """Checks everybody who joins, where somebody can be asked."""

    def __init__(self, outbox: Outbox, *, verified_tier: int) -> None:
        self._outbox = outbox
        self._tier = verified_tier

    def playbook(self, person: PersonStep) -> Playbook:
        return Playbook(
            kind=CHECK,
            steps=(person, Local("keep", self.keep)),
            lane=lambda customer, _: f"identity:{customer}",
        )

    async def joined(
        self, connection: AsyncConnection, operation: Operation, customer_id: str, context: Context
    ) -> None:
        """In the unit of work of joining."""
        identity = operation_id(operation.id, 0, CHECK)
        await self._outbox.put(
            connection, Operation(identity, CHECK, reference("ID", identity), customer_id, {}), is_ours=True
        )

    async def keep(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Confirmed, they are of the tier of known people; otherwise they stay what they are."""
        customer = await customers.get(connection, work.customer_id, lock=True)
        if work.data["known"] == "match" and customer.tier < self._tier:
            await customers.changed(connection, customer.id, tier=self._tier)
        return Done(reason=work.data["known"])
