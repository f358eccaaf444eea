"""The receipt of a repayment, told to the loan's owner, whoever paid it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.lending.standings import Repaid, next_cents, next_due
from gateway.notices import values as say
from gateway.operations.playbook import Work
from gateway.playbooks.repaying import Money
from gateway.playbooks.telling import Teller


class Receipts:
    """Queued in the unit of work of the repayment, once per operation."""

    def __init__(self, books: Books, teller: Teller) -> None:
        self._books = books
        self._teller = teller

    async def paid(self, connection: AsyncConnection, work: Work, money: Money, repaid: Repaid) -> None:
        """What came, for which loan, what is owed after it, and where too much of it went."""
        owner = repaid.standing.record.customer_id
        values = await self.values(connection, work, money, repaid)
        await self._teller.tell_other(connection, work, owner, _template(money, repaid), values)

    async def values(self, connection: AsyncConnection, work: Work, money: Money, repaid: Repaid) -> Mapping[str, Any]:
        """The slots of every sentence about a repayment."""
        record, loan = repaid.standing.record, repaid.standing.loan
        wallet = await self._books.balance(connection, chart.wallet(record.customer_id))
        return {
            "reference": work.reference,
            "amount": say.ksh(money.cents),
            "loan": record.reference,
            "at": say.clock(money.at),
            "receipt": money.receipt or "-",
            "owed": say.ksh(repaid.standing.owed_cents),
            "next": say.ksh(next_cents(loan)),
            "due": say.day(next_due(loan)),
            "extra": say.ksh(repaid.extra_cents),
            "wallet": say.ksh(wallet.available_cents),
        }


def _template(money: Money, repaid: Repaid) -> str:
    from_wallet = money.receipt is None and money.account != chart.COLLECTION
    if repaid.is_cleared and repaid.extra_cents:
        return "repay.extra"
    if repaid.is_cleared:
        return "repay.cleared_wallet" if from_wallet else "repay.cleared"
    return "repay.wallet" if from_wallet else "repay.paid"
