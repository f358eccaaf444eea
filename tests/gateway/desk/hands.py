"""Operators at work in a back office: what each of them does, in a unit of work of its own."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from gateway.accounts.audit import Deed
from gateway.accounts.tables import staff_actions
from gateway.desk.acting import Acting, Resolution
from gateway.desk.proposals import Evidence
from gateway.errors import Rejected
from tests.gateway.rails_flow.office import Office
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

HOUR_MS = 3_600_000
SAID = "statement of that day"


@dataclass
class Hands:
    """Jane proposes, Omar agrees, unless a test says otherwise. Refusals come back as their names."""

    office: Office

    @property
    def acting(self) -> Acting:
        shop = self.office.shop
        return Acting(
            shop.outbox, shop.callbacks, shortcode=SHORTCODE, answer_ms=24 * HOUR_MS, ripe_ms=HOUR_MS,
            kinds=("loan.disburse", "repay.stk", "repay.wallet"),
        )  # fmt: skip

    async def in_doubt(self, cents: int) -> tuple[str, str]:
        """A loan, and a prompt to pay so much of it that was sent and that nobody could say anything of."""
        office = self.office
        loan = await office.lent()
        office.rail.answer, office.rail.tells, office.rail.lists = "lost", 0, False
        payment = await office.prompt(loan, cents)
        office.clock.turn(3_000)
        await office.drained()
        return loan, payment

    async def retry(self, reference: str) -> str:
        return await self._did("retry", reference)

    async def cancel(self, reference: str) -> str:
        return await self._did("cancel", reference)

    async def propose(
        self, reference: str, resolution: Resolution, receipt: str | None = None, by: str = "jane", said: str = SAID
    ) -> str:
        identity = (await self.office.operation(reference)).id
        try:
            async with self.office.store.begin() as connection:
                evidence = Evidence(said, receipt)
                return await self.acting.propose(connection, self.deed(by), identity, resolution, evidence)
        except Rejected as error:
            return error.code

    async def confirm(self, named: str, by: str = "omar") -> str:
        return await self._answered("confirm", named, by)

    async def decline(self, named: str, by: str = "omar") -> str:
        return await self._answered("decline", named, by)

    async def resolve(
        self, reference: str, resolution: Resolution, receipt: str | None = None, said: str = SAID
    ) -> str:
        """Both people's parts, one after the other."""
        named = await self.propose(reference, resolution, receipt, said=said)
        return await self.confirm(named) if named.startswith("OA") else named

    async def record(self) -> list[Any]:
        """What the staff log has, the oldest first."""
        async with self.office.store.read() as connection:
            return list(await connection.execute(select(staff_actions).order_by(staff_actions.c.id)))

    def deed(self, by: str) -> Deed:
        return Deed(by, by, "the customer called", "", self.office.clock())

    async def _did(self, act: str, reference: str) -> str:
        identity = (await self.office.operation(reference)).id
        try:
            async with self.office.store.begin() as connection:
                return str(await getattr(self.acting, act)(connection, self.deed("jane"), identity))
        except Rejected as error:
            return error.code

    async def _answered(self, answer: str, named: str, by: str) -> str:
        try:
            async with self.office.store.begin() as connection:
                return str(await getattr(self.acting, answer)(connection, self.deed(by), named))
        except Rejected as error:
            return error.code
