"""The chart: which accounts there may be, by key, and what kind of thing each is.

An account of a person or a loan is `<control>:<id>`, one of the house is its control account's name alone.
They are opened on first use; a key that the chart does not know is refused.

Accounts that every payment touches are split into shards, one picked by operation, so that payments do not
wait for each other. A shard alone says nothing, so those accounts may go below zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.errors import UnknownAccount
from gateway.books.tables import accounts, balances

CURRENCY = "KES"
SHARDS = 16

BANK = "bank"
COLLECTION = "mpesa.collection"
PAYOUT = "mpesa.payout"
TRANSIT = "transit.payout"
SUSPENSE = "suspense"
UNCLAIMED = "unclaimed"
TAX_PAYABLE = "tax.payable"
INTEREST_DEFERRED = "interest.deferred"
INCOME_FEES = "income.fees"
INCOME_INTEREST = "income.interest"
INCOME_PENALTIES = "income.penalties"
INCOME_RECOVERY = "income.recovery"
RAIL_CHARGES = "expense.rails"
SAVINGS_INTEREST = "expense.savings"
WRITE_OFF = "expense.writeoff"
OPENING = "opening"
PEER_CONTROLS = ("peer.principal", "peer.interest", "peer.due")
"""A loan between people: what is owed and what is due of it come to nothing."""


@dataclass(frozen=True, slots=True)
class Nature:
    """What the accounts under one control account have in common. `is_owned`: one per person or loan."""

    kind: str
    is_owned: bool = False

    @property
    def sign(self) -> int:
        """1 where a debit raises the balance, -1 where a credit does."""
        return 1 if self.kind in {"asset", "expense"} else -1

    @property
    def may_overdraw(self) -> bool:
        return not self.is_owned

    @property
    def shards(self) -> int:
        return 1 if self.is_owned else SHARDS


CHART = MappingProxyType(
    {
        "wallet": Nature("liability", is_owned=True),
        "savings": Nature("liability", is_owned=True),
        "shares": Nature("equity", is_owned=True),
        "partner": Nature("liability", is_owned=True),
        "receivable": Nature("asset", is_owned=True),  # paid out to a customer and not covered by their wallet
        "loan.principal": Nature("asset", is_owned=True),
        "loan.interest": Nature("asset", is_owned=True),
        "loan.fees": Nature("asset", is_owned=True),
        "loan.penalties": Nature("asset", is_owned=True),
        "peer.principal": Nature("asset", is_owned=True),  # lent by a person: owed through us, not to us
        "peer.interest": Nature("asset", is_owned=True),
        "peer.due": Nature("liability", is_owned=True),  # to that person, once it is repaid
        BANK: Nature("asset"),
        COLLECTION: Nature("asset"),
        PAYOUT: Nature("asset"),
        TRANSIT: Nature("asset"),
        SUSPENSE: Nature("liability"),
        UNCLAIMED: Nature("liability"),  # sent to phones whose owners have not joined yet
        TAX_PAYABLE: Nature("liability"),
        INTEREST_DEFERRED: Nature("liability"),  # contracted with the borrower, not earned yet
        INCOME_FEES: Nature("income"),
        INCOME_INTEREST: Nature("income"),
        INCOME_PENALTIES: Nature("income"),
        INCOME_RECOVERY: Nature("income"),
        RAIL_CHARGES: Nature("expense"),
        SAVINGS_INTEREST: Nature("expense"),
        WRITE_OFF: Nature("expense"),
        OPENING: Nature("equity"),
    }
)


def wallet(customer_id: str) -> str:
    return f"wallet:{customer_id}"


def savings(customer_id: str) -> str:
    return f"savings:{customer_id}"


def shares(customer_id: str) -> str:
    return f"shares:{customer_id}"


def partner(partner_id: str) -> str:
    """A partner's prepaid wallet."""
    return f"partner:{partner_id}"


def receivable(customer_id: str) -> str:
    """What a customer owes the house outside of any loan."""
    return f"receivable:{customer_id}"


def loan_principal(loan_id: str) -> str:
    return f"loan.principal:{loan_id}"


def loan_interest(loan_id: str) -> str:
    return f"loan.interest:{loan_id}"


def loan_fees(loan_id: str) -> str:
    return f"loan.fees:{loan_id}"


def peer_principal(loan_id: str) -> str:
    return f"peer.principal:{loan_id}"


def peer_interest(loan_id: str) -> str:
    return f"peer.interest:{loan_id}"


def peer_due(loan_id: str) -> str:
    """What the person who lent gets when all is repaid: always the sum of the two above."""
    return f"peer.due:{loan_id}"


def control_of(key: str) -> str:
    """The control account that a key falls under. Raises UnknownAccount for one that is not in the chart."""
    control, _, owner = key.partition(":")
    nature = CHART.get(control)
    if nature is None or nature.is_owned != bool(owner) or (":" in key) != nature.is_owned or len(key) > 80:
        raise UnknownAccount(f"no account {key!r} in the chart")
    return control


def nature_of(key: str) -> Nature:
    """Raises UnknownAccount for a key that is not in the chart."""
    return CHART[control_of(key)]


async def open_account(connection: AsyncConnection, key: str) -> int:
    """The account's id, opened with empty balances unless it is there. Raises UnknownAccount."""
    await open_accounts(connection, [key])
    found = await connection.execute(select(accounts.c.id).where(accounts.c.key == key))
    return int(found.scalar_one())


async def open_accounts(connection: AsyncConnection, keys: Iterable[str]) -> None:
    """Opens those that are missing, in order of key, so that two who open the same ones do not deadlock."""
    rows = [_row(key) for key in sorted(set(keys))]
    await _insert_new(connection, accounts, rows)
    opened = await connection.execute(
        select(accounts.c.id, accounts.c.shards)
        .where(accounts.c.key.in_([row["key"] for row in rows]))
        .order_by(accounts.c.id)
    )
    shards = [_empty(account_id, shard) for account_id, count in opened for shard in range(count)]
    await _insert_new(connection, balances, shards)


def _row(key: str) -> dict[str, Any]:
    nature = nature_of(key)
    return {
        "key": key,
        "control": control_of(key),
        "kind": nature.kind,
        "sign": nature.sign,
        "currency": CURRENCY,
        "may_overdraw": nature.may_overdraw,
        "shards": nature.shards,
    }


def _empty(account_id: int, shard: int) -> dict[str, int]:
    return {"account_id": account_id, "shard": shard, "posted_cents": 0, "held_cents": 0}


async def _insert_new(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Rows that are there stay as they are, whoever put them there a moment ago."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    await connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
