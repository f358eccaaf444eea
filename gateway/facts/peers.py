"""What asking a person for a loan has to know: who may be asked, what may be agreed, what it comes to."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Lender, PeerTerms, Quote
from gateway.clock import Clock, day_start, local_date
from gateway.facts.repaying import with_initial
from gateway.facts.source import Computed, Reader, customer_on
from gateway.lending.peer import agreed_quote
from gateway.lending.products import Product
from gateway.operations import queue
from gateway.peers import asking


class PeerFacts:
    """As of today."""

    def __init__(self, product: Product, terms: PeerTerms, clock: Clock, *, asks_a_day: int) -> None:
        self._product = product
        self._terms = terms
        self._clock = clock
        self._asks_a_day = asks_a_day

    def readers(self) -> Mapping[str, Reader]:
        return {"lender": self.lender}

    def computed(self) -> Mapping[str, Computed]:
        return {"peer_terms": lambda: self._terms, "peer_quote": self.quote}

    async def lender(self, connection: AsyncConnection, msisdn: str, phone: str) -> Lender | None:
        """Who is on another line, if they may be asked now; for every reason why not the same: nobody."""
        me, since = await customer_on(connection, msisdn), day_start(self._clock())
        if await queue.asked(connection, me.id, asking.KIND, since=since) >= self._asks_a_day:
            return None
        person = await asking.person_to_ask(connection, me.id, phone)
        return Lender(person.id, with_initial(person.name)) if person else None

    def quote(self, cents: int, percent: int, due: str) -> Quote:
        """What a loan that arrives today comes to on its day (ISO)."""
        return quoted(self._product, cents, percent, local_date(self._clock()), date.fromisoformat(due))


def quoted(product: Product, cents: int, percent: int, on: date, due: date) -> Quote:
    """The price of a loan between people, as flows show it."""
    price = agreed_quote(product, cents, Decimal(percent), on, due)
    return Quote(
        product=product.name,
        principal_cents=cents,
        net_cents=price.payout_cents,
        fee_cents=price.fee_cents,
        interest_cents=price.interest_cents,
        total_cents=price.repay_cents,
        due=price.due_on[-1],
        apr_percent=int(price.apr_text),
        penalty_cents=product.penalty.amount_cents if product.penalty else 0,
    )
