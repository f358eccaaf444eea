"""The letters of a campaign that goes by e-mail too: one beside the SMS of whoever has confirmed an address.

They are counted, held and given up with their campaign, and by themselves: no SMS waits for a letter.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.campaigns.tables import campaign_letters, campaign_people, campaigns
from gateway.operations.queue import MOVING
from gateway.papers.tables import paper_wishes
from gateway.store.tables import customers, operations

Letter = Row[Any]
"""One row of `campaign_letters`, with the `text` and `language` of its person."""

UNWANTED = "unwanted"
"""With this a letter is refused that its reader does not want, or that has no address any more."""
letters = campaign_letters.c
people = campaign_people.c
handed = operations.alias("handed")
_BESIDE = and_(letters.campaign_id == people.campaign_id, letters.row == people.row)

OUTCOME = case(
    (letters.state.in_(("pending", "skipped")), letters.state),
    (handed.c.state == "cancelled", "skipped"),
    (handed.c.data["refusal"].as_string() == UNWANTED, "skipped"),
    (handed.c.state == "done", "sent"),
    (handed.c.state.in_(("rejected", "parked", "dead")), "failed"),
    (letters.state == "queued", "queued"),
    else_="",
)
"""What became of a letter; empty where there is none."""


def beside(whoever: Any) -> Any:
    """People with their letters and what hands these over, where there are any."""
    return whoever.outerjoin(campaign_letters, _BESIDE).outerjoin(handed, handed.c.id == letters.operation_id)


async def to_write(connection: AsyncConnection, identity: str) -> int:
    """How many of those who are still to be written to would get a letter too, as of now."""
    query = select(func.count()).select_from(_addressed(select(people.row), identity).subquery())
    return int(await connection.scalar(query) or 0)


async def added(connection: AsyncConnection, identity: str, last: int) -> None:
    """One for everybody with an address, up to a row, whom nothing was done for yet."""
    values = select(people.campaign_id, people.row, customers.c.id, literal("pending"))
    query = _addressed(values, identity).where(people.row <= last)
    await connection.execute(
        insert(campaign_letters).from_select(["campaign_id", "row", "customer_id", "state"], query)
    )


async def waiting(connection: AsyncConnection, identity: str, limit: int) -> Sequence[Letter]:
    """The next so many that are not in the queue yet."""
    query = (
        select(campaign_letters, people.text, people.language)
        .join(campaign_people, _BESIDE)
        .where(letters.campaign_id == identity, letters.state == "pending")
        .order_by(letters.row)
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def queued(connection: AsyncConnection, identity: str, row: int, operation_id: str) -> None:
    mine = letters.campaign_id == identity, letters.row == row
    await connection.execute(update(campaign_letters).where(*mine).values(state="queued", operation_id=operation_id))


async def under_way(connection: AsyncConnection, identity: str) -> tuple[int, int]:
    """How many are in the queue and move by themselves, and how many of these were not tried yet."""
    query = (
        select(func.count(), func.count().filter(handed.c.attempts == 0))
        .select_from(campaign_letters.join(handed, handed.c.id == letters.operation_id))
        .where(letters.campaign_id == identity, handed.c.is_open, handed.c.state.in_(MOVING))
    )
    row = (await connection.execute(query)).one()
    return int(row[0]), int(row[1])


async def is_held(connection: AsyncConnection, identity: str) -> bool:
    """Whether people hold the campaign of a letter."""
    query = select(campaigns.c.id).where(campaigns.c.id == identity, campaigns.c.state == "paused")
    return await connection.scalar(query) is not None


async def given_up(connection: AsyncConnection, identity: str, now: int) -> None:
    """None more leaves but what a worker has in hand."""
    mine = letters.campaign_id == identity
    await connection.execute(update(campaign_letters).where(mine, letters.state == "pending").values(state="skipped"))
    columns = operations.c
    its = select(letters.operation_id).where(mine, letters.state == "queued")
    await connection.execute(
        update(operations)
        .where(columns.id.in_(its), columns.is_open, columns.lease_until <= now)
        .where(or_(columns.state == "queued", columns.state == "dead"))
        .values(state="cancelled", is_open=False, exclusive=None, updated_at=now, fence=columns.fence + 1)
    )


async def counts(connection: AsyncConnection, identity: str) -> Mapping[str, int]:
    """All letters by what became of them: pending, queued, sent, failed, skipped."""
    outcome = OUTCOME.label("outcome")
    query = (
        select(outcome, func.count())
        .select_from(campaign_letters.outerjoin(handed, handed.c.id == letters.operation_id))
        .where(letters.campaign_id == identity)
        .group_by(outcome)
        .order_by(outcome)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


def _addressed(query: Select[Any], identity: str) -> Select[Any]:
    """Those still to be written to, with an address that its owner has confirmed and has not closed to campaigns."""
    refuses: ColumnElement[bool] = (
        select(paper_wishes.c.customer_id)
        .where(paper_wishes.c.customer_id == customers.c.id, paper_wishes.c.no_campaigns_by_mail)
        .exists()
    )
    on_line = campaign_people.join(customers, customers.c.msisdn == people.msisdn)
    return query.select_from(on_line).where(
        people.campaign_id == identity,
        people.state == "pending",
        customers.c.state != "closed",
        customers.c.email_verified_at.is_not(None),
        ~refuses,
    )
