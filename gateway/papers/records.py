"""That papers were made, by their codes, and who wants receipts by e-mail."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.papers.days import Days
from gateway.papers.statement import Totals
from gateway.papers.tables import paper_wishes, papers
from gateway.store.engine import insert_into
from gateway.store.tables import customers, loans

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are read as others: I, L, O, U."""
GROUPS, GROUP = 3, 4


@dataclass(frozen=True, slots=True)
class Made:
    """What is remembered of a paper. It is not kept itself."""

    customer_id: str
    kind: str
    form: str
    channel: str
    about: str = ""
    days: Days | None = None
    totals: Totals | None = None


def new_code() -> str:
    """`7K2Q-M4ZX-9TDB`: chance, short enough for a telephone, too long to guess."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(GROUPS * GROUP))
    return "-".join(letters[place : place + GROUP] for place in range(0, len(letters), GROUP))


def read_code(text: str) -> str:
    """A code as somebody types it: in small letters, with spaces, or with letters that look like digits."""
    plain = "".join(text.upper().replace("O", "0").replace("I", "1").replace("L", "1").split()).replace("-", "")
    return "-".join(plain[place : place + GROUP] for place in range(0, len(plain), GROUP))


async def remembered(connection: AsyncConnection, code: str, made: Made, now: int) -> None:
    days, totals = made.days, made.totals
    await connection.execute(
        insert(papers).values(
            code=code, customer_id=made.customer_id, kind=made.kind, about=made.about, form=made.form,
            since=days.since if days else None, until=days.until if days else None,
            opening_cents=totals.opening_cents if totals else None,
            closing_cents=totals.closing_cents if totals else None,
            lines=totals.lines if totals else None, channel=made.channel, made_at=now,
        )
    )  # fmt: skip


async def with_code(connection: AsyncConnection, code: str) -> Row[Any] | None:
    """What was remembered, and the name of whom it is about."""
    query = select(papers, customers.c.name).outerjoin(customers, customers.c.id == papers.c.customer_id)
    return (await connection.execute(query.where(papers.c.code == read_code(code)))).one_or_none()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants by e-mail beside SMS. Nobody has chosen anything before they do."""

    receipts: bool = False
    reminders: bool = False
    no_campaigns: bool = False


async def wishes_of(connection: AsyncConnection, customer_id: str) -> Wishes:
    columns = paper_wishes.c
    query = select(columns.receipts_by_mail, columns.reminders_by_mail, columns.no_campaigns_by_mail)
    row = (await connection.execute(query.where(columns.customer_id == customer_id))).one_or_none()
    return Wishes(*row) if row is not None else Wishes()


async def wished(connection: AsyncConnection, customer_id: str, now: int, **wishes: bool) -> None:
    """Keep some of `receipts_by_mail`, `reminders_by_mail` and `no_campaigns_by_mail`; the others stay as they are."""
    values = {**wishes, "at": now}
    row = {"receipts_by_mail": False, "customer_id": customer_id, **values}
    statement = insert_into(connection, paper_wishes).values(**row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=values))


async def wishing(connection: AsyncConnection, people: Iterable[str], loan_ids: Iterable[str]) -> list[Row[Any]]:
    """Of these customers and the owners of these loans, who wants receipts by e-mail and has a verified address."""
    owners = select(loans.c.customer_id).where(loans.c.id.in_(sorted(loan_ids)))
    query = (
        select(customers.c.id, customers.c.email)
        .join(paper_wishes, paper_wishes.c.customer_id == customers.c.id)
        .where(
            customers.c.id.in_(sorted(people)) | customers.c.id.in_(owners),
            paper_wishes.c.receipts_by_mail,
            customers.c.email_verified_at.is_not(None),
        )
    )
    return list(await connection.execute(query))
