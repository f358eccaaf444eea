"""A desk in a back office: two people, and payments that nobody knows the owner of."""

from gateway.accounts.audit import Deed
from gateway.books import accounts as chart
from gateway.books.integrity import check
from gateway.playbooks.suspense import Assignment, Suspense, To, wanted
from gateway.playbooks.telling import Teller
from gateway.playbooks.twice import BookedTwice
from gateway.rails.steps import Addresses, DisburseStep
from gateway.suspense import held as kept
from gateway.suspense.held import Held
from tests.gateway.rails_flow.office import PATIENCE, Office
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

STRANGER = "+254722000007"
HAD = 5_000_00
HOUR_MS = 3_600_000


class Desk:
    """Two people at a desk, and a payment that nobody knows the owner of."""

    def __init__(self, office: Office) -> None:
        self.office = office
        shop = office.shop
        teller = Teller(shop.outbox)
        twice = BookedTwice(shop.books, teller, shop.outbox, shortcode=SHORTCODE, answer_ms=24 * HOUR_MS)
        self.suspense = Suspense(
            shop.books, shop.portfolio, shop.received, teller, shop.outbox, twice, answer_ms=24 * HOUR_MS,
            language="en",
        )  # fmt: skip
        step = DisburseStep(
            office.rail, office.store, office.clock, PATIENCE, Addresses("http://nyota", "token"),
            wanted(office.rail.name), self.suspense.slow,
        )  # fmt: skip
        for playbook in (self.suspense.assigning(), self.suspense.refunding(step), twice.playbook()):
            shop.playbooks[playbook.kind] = playbook

    async def paid(self, cents: int = 500_00, account: str = "KODI", payer: str = STRANGER) -> str:
        """Somebody pays for an account that nobody knows; the receipt."""
        await self.office.receive(self.office.rail.pay_paybill(payer, cents, account))
        await self.office.settled()
        return self.office.rail.book[-1].receipt

    async def propose(self, receipt: str, to: To, target: str = "", by: str = "jane") -> str:
        async with self.office.store.begin() as connection:
            return await self.suspense.propose(connection, receipt, Assignment(to, target), self.deed(by))

    async def say(self, receipt: str, by: str = "omar", *, is_yes: bool = True) -> None:
        """And what follows from it."""
        async with self.office.store.begin() as connection:
            await self.suspense.decided(connection, receipt, self.deed(by), is_yes=is_yes)
        await self.office.settled()

    async def agreed(self, receipt: str, to: To, target: str = "") -> str:
        named = await self.propose(receipt, to, target)
        await self.say(receipt)
        return named

    async def held(self, receipt: str) -> Held:
        async with self.office.store.read() as connection:
            found = await kept.by_receipt(connection, receipt)
        assert found is not None
        return found

    async def proved(self) -> None:
        """What the rows say waits is what the books say waits."""
        await self.office.prove()
        async with self.office.store.read() as connection:
            assert await check(connection) == []
            assert await kept.waiting_cents(connection) == await self.office.balance(chart.SUSPENSE)

    def deed(self, by: str) -> Deed:
        return Deed(by, by, "they called about it", "", self.office.clock())
