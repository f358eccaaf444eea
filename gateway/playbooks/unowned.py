"""Money that came in and that nobody here can have: in suspense, with a row for people to say whose it is."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.notices import values as say
from gateway.operations.outcome import Done
from gateway.operations.playbook import Work
from gateway.playbooks.repaying import Money
from gateway.playbooks.telling import Teller
from gateway.suspense import held
from gateway.suspense.held import Held
from menus.gsm import cut, to_gsm

ACCOUNT_SEPTETS_MAX = 10
"""How much of an account is repeated in a message: anybody may type anything there."""


class Unowned:
    """Runs in the unit of work that books the money."""

    def __init__(self, books: Books, teller: Teller, *, shortcode: str) -> None:
        self._books = books
        self._teller = teller
        self._shortcode = shortcode

    async def hold(
        self, connection: AsyncConnection, work: Work, money: Money, now: int, *, account: str, payer: str, told: str,
        language: str,
    ) -> Done:  # fmt: skip
        """Keep it, or leave it where it came from suspense. `payer` is as the rail shows them; `told` is a phone to
        tell, if there is one, in its own language or else in this."""
        receipt = money.receipt or work.reference
        if money.account != chart.SUSPENSE:
            lines = (Line(money.account, money.cents), Line(chart.SUSPENSE, -money.cents))
            await self._books.post(connection, Entry(work.id, "post", f"Received {receipt}", lines), now)
        kept = Held(work.id, work.reference, self._shortcode, receipt, money.cents, account, payer, money.at)
        await held.put_back(connection, kept, now)
        if told:
            values = {"amount": say.ksh(money.cents), "receipt": receipt, "account": as_typed(account)}
            await self._teller.tell_phone(connection, work, told, "paybill.held", values, language=language)
        return Done({"account": chart.SUSPENSE})


def as_typed(account: str) -> str:
    """An account for a message to whoever typed it: in characters that phones show, on one line, not too long."""
    plain = " ".join(to_gsm(account).split())
    return cut(plain, ACCOUNT_SEPTETS_MAX) or "-"
