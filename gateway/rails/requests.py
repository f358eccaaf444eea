"""What we asked a rail to do, one row per attempt, written before we speak: the thread every answer is tied to.

A request ends completed, failed, cancelled or expired. It may go from any refusal to completed (the rail was late),
never back. Its id is what the rail knows it by; its token is its own callback path, for a lost acknowledgement
leaves nothing else to match by.
"""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.desk.tables import operation_acts
from gateway.operations.outbox import NAMESPACE
from gateway.operations.playbook import Work
from gateway.rails import matching
from gateway.rails.contract import Result
from gateway.store.engine import insert_into
from gateway.store.tables import operations, rail_requests

Kind = Literal["stk", "b2c", "reversal"]
Verdict = Literal["applied", "repeated", "late", "mismatch", "contradiction", "nothing"]
PERSON = "person"
"""Who has settled a request when two people said so: the rail itself has not."""
TOKEN_BYTES = 16
KNOWN_AS_MAX = 20
"""One operation is asked for again and again only after proof that it was refused."""

table = rail_requests.c


@dataclass(frozen=True, slots=True)
class RailRequest:
    """One row of `rail_requests`; moments in milliseconds."""

    id: str
    operation_id: str
    rail: str
    kind: Kind
    token: str
    state: str
    msisdn: str
    amount_cents: int
    account_reference: str
    rail_id: str | None
    sent_at: int | None
    asked_at: int | None
    questions: int
    result_code: str | None
    words: str | None
    receipt: str | None
    result_amount_cents: int | None
    settled_at: int | None
    settled_by: str | None
    created_at: int
    public_name: str | None = None

    @property
    def is_settled(self) -> bool:
        return self.state != "pending"

    @property
    def is_vouched(self) -> bool:
        """Paid on the word of people alone: its receipt was typed, and the rail has not named it."""
        return self.state == "completed" and self.settled_by == PERSON

    @property
    def may_be_paid(self) -> bool:
        """Whether it may have brought money whose receipt nobody knows."""
        return self.receipt is None and self.state in {"pending", "completed"}

    @property
    def paid_cents(self) -> int:
        """What really moved: the rail's amount where it says one."""
        return self.amount_cents if self.result_amount_cents is None else self.result_amount_cents


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask a rail for."""

    rail: str
    kind: Kind
    msisdn: str
    amount_cents: int


def request_id(work: Work) -> str:
    """The same attempt has the same id, however often it is made: uuid5(operation, generation)."""
    return str(uuid.uuid5(NAMESPACE, f"{work.id}:{work.generation}"))


async def opened(connection: AsyncConnection, work: Work, wanted: Wanted, now: int) -> RailRequest:
    """The request of this operation and generation, made now if it is not there yet, locked until the unit of work
    ends: of two workers, one of which lost its claim without knowing, only the first finds it unsent."""
    identity = request_id(work)
    statement = insert_into(connection, rail_requests).values(
        id=identity, operation_id=work.id, rail=wanted.rail, kind=wanted.kind, state="pending",
        token=secrets.token_hex(TOKEN_BYTES), msisdn=wanted.msisdn, amount_cents=wanted.amount_cents,
        account_reference=work.reference, created_at=now,
    )  # fmt: skip
    await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
    found = await by_id(connection, identity, lock=True)
    assert found is not None
    return found


async def called_off(
    connection: AsyncConnection, work: Work, wanted: Wanted, now: int, *, words: str = "timeout"
) -> bool:
    """Settle a request as expired that nothing was sent for; False when it was sent, so that only asking helps."""
    request = await opened(connection, work, wanted, now)
    if request.is_settled or request.sent_at is not None:
        return False
    values = {"state": "expired", "words": words, "settled_at": now, "settled_by": "ended"}
    await _moved(connection, request, values)
    return True


async def by_id(connection: AsyncConnection, identity: str, *, lock: bool = False) -> RailRequest | None:
    return await _one(connection, select(rail_requests).where(table.id == identity), lock=lock)


async def by_token(connection: AsyncConnection, token: str) -> RailRequest | None:
    """The request whose own callback path this is, locked until the unit of work ends."""
    return await _one(connection, select(rail_requests).where(table.token == token), lock=True)


async def by_account(connection: AsyncConnection, account: str) -> RailRequest | None:
    """The latest request for money that carried `account` as its reference, locked likewise."""
    query = select(rail_requests).where(table.account_reference == account, table.kind == "stk")
    return await _one(connection, query.order_by(table.created_at.desc()).limit(1), lock=True)


async def by_receipt(connection: AsyncConnection, receipt: str) -> RailRequest | None:
    """The latest request for money that was paid with this receipt, locked likewise."""
    query = select(rail_requests).where(table.receipt == receipt, table.kind == "stk")
    return await _one(connection, query.order_by(table.created_at.desc()).limit(1), lock=True)


async def of_operation(connection: AsyncConnection, operation_id: str, *, lock: bool = False) -> RailRequest | None:
    """The latest request of an operation; None if it never asked a rail for anything."""
    query = select(rail_requests).where(table.operation_id == operation_id)
    return await _one(connection, query.order_by(table.created_at.desc(), table.id).limit(1), lock=lock)


async def with_receipt(connection: AsyncConnection, receipt: str) -> str | None:
    """The operation whose money has this receipt."""
    query = select(table.operation_id).where(table.receipt == receipt)
    return await connection.scalar(query.limit(1))


async def known_as(connection: AsyncConnection, name: str) -> list[RailRequest]:
    """By any of its names: ours, our reference, the rail's, its receipt, its operation's; the newest first."""
    named = or_(
        table.id == name, table.account_reference == name, table.rail_id == name, table.receipt == name,
        table.operation_id == name,
    )  # fmt: skip
    query = select(rail_requests).where(named).order_by(table.created_at.desc(), table.id).limit(KNOWN_AS_MAX)
    return [RailRequest(**_fields(row)) for row in await connection.execute(query)]


async def is_done_in(connection: AsyncConnection, lane: str) -> bool:
    """Whether an operation of this lane has had the rail do it."""
    query = select(table.id).join(operations, operations.c.id == table.operation_id)
    return await connection.scalar(query.where(operations.c.lane == lane, table.state == "completed")) is not None


async def unreceipted(connection: AsyncConnection, cents: int, since: int, until: int) -> list[RailRequest]:
    """Prompts of about an amount, sent in this time, that were not refused and whose receipt nobody knows, locked."""
    query = select(rail_requests).where(
        table.kind == "stk", table.receipt.is_(None), table.state.in_(("pending", "completed", "expired")),
        _about(cents), table.sent_at >= since, table.sent_at <= until,
    )  # fmt: skip
    return [RailRequest(**_fields(row)) for row in await connection.execute(_locking(query.order_by(table.id)))]


async def vouched(connection: AsyncConnection, cents: int, since: int, until: int) -> list[RailRequest]:
    """Prompts of about an amount, sent in this time, that are paid on the word of people alone.

    By way of what people said, which is little: every payment that names no prompt asks this.
    """
    query = _by_people().where(_about(cents), table.sent_at >= since, table.sent_at <= until)
    return [RailRequest(**_fields(row)) for row in await connection.execute(query.order_by(table.id))]


async def typed(connection: AsyncConnection, receipt: str) -> RailRequest | None:
    """The prompt that is paid on the word of people alone under this receipt, whether it is booked yet or not."""
    return await _one(connection, _by_people().where(table.receipt == receipt).limit(1), lock=True)


def _by_people() -> Select[Any]:
    said = operation_acts.c
    by_people = select(said.operation_id).where(said.act == "paid", said.state == "done")
    return select(rail_requests).where(
        table.operation_id.in_(by_people), table.kind == "stk", table.state == "completed", table.settled_by == PERSON
    )


def candidate_of(request: RailRequest, sent_at: int) -> matching.Candidate:
    """As a payment is compared with it."""
    return matching.Candidate(
        request.id, request.amount_cents, request.msisdn, sent_at, request.account_reference, request.receipt
    )


async def unsent(connection: AsyncConnection, rail: str, kind: Kind) -> int:
    """How many wait to be sent."""
    query = _open(rail, kind).with_only_columns(func.count()).where(table.sent_at.is_(None))
    return int(await connection.scalar(query) or 0)


async def held_back(connection: AsyncConnection, rail: str | None, kind: Kind) -> list[str]:
    """The operations that a pause keeps, of one rail or any, the longest waiting first: what is not sent, and what may
    have been but was never acknowledged, so that it might be sent again."""
    is_unsure = or_(table.sent_at.is_(None), table.rail_id.is_(None))
    return list(await connection.scalars(_open(rail, kind).where(is_unsure).order_by(table.created_at, table.id)))


def _open(rail: str | None, kind: Kind) -> Select[Any]:
    """The index knows those that are not settled."""
    query = select(table.operation_id).where(table.kind == kind, table.settled_at.is_(None), table.state == "pending")
    return query if rail is None else query.where(table.rail == rail)


async def newest_settled(connection: AsyncConnection, rail: str, kind: Kind) -> RailRequest | None:
    """The latest one that this rail has taken on and that is over: asking about it moves nothing."""
    query = select(rail_requests).where(
        table.kind == kind, table.settled_at.is_not(None), table.rail == rail, table.rail_id.is_not(None)
    )
    return await _one(connection, query.order_by(table.settled_at.desc()).limit(1), lock=False)


async def receipt_of(connection: AsyncConnection, operation_id: str) -> str | None:
    """The rail's receipt of an operation's money, as far as it is known by now."""
    query = select(table.receipt).where(table.operation_id == operation_id, table.receipt.is_not(None))
    return await connection.scalar(query.order_by(table.created_at.desc()).limit(1))


async def noted(connection: AsyncConnection, identity: str, **values: object) -> None:
    """Write down something that is not a settlement: sent, acknowledged, asked."""
    await connection.execute(update(rail_requests).where(table.id == identity).values(**values))


async def settled(connection: AsyncConnection, request: RailRequest, result: Result, by: str, now: int) -> Verdict:
    """Apply what the rail says, once. Money that moved is never unsaid; what does not fit moves nothing.

    `mismatch`: another amount or phone than we asked for; `late`: money after a refusal; `contradiction`: a
    refusal after money.
    """
    if result.kind in {"pending", "uncertain"}:
        return "nothing"
    if result.kind == "refused":
        return await _refused(connection, request, result, by, now)
    if not _fits(request, result):
        return "mismatch"
    if request.state == "completed":
        return await _repeated(connection, request, result, by)
    values = {
        "state": "completed", "result_code": result.code, "words": "paid", "receipt": result.receipt,
        "result_amount_cents": result.amount_cents, "settled_at": now, "settled_by": by, "public_name": result.name,
    }  # fmt: skip
    await _moved(connection, request, values)
    return "late" if request.is_settled else "applied"


async def _refused(connection: AsyncConnection, request: RailRequest, result: Result, by: str, now: int) -> Verdict:
    if request.is_settled:
        return "contradiction" if request.state == "completed" else "repeated"
    state = {"cancelled": "cancelled", "timeout": "expired"}.get(result.words, "failed")
    values = {
        "state": state, "result_code": result.code, "words": result.words, "settled_at": now, "settled_by": by,
    }  # fmt: skip
    await _moved(connection, request, values)
    return "applied"


async def _repeated(connection: AsyncConnection, request: RailRequest, result: Result, by: str) -> Verdict:
    """The same news again; a receipt that was still missing is filled in, one that people have typed is proven."""
    if request.receipt is None and result.receipt:
        await noted(connection, request.id, receipt=result.receipt)
        return "repeated"
    if request.is_vouched and result.receipt == request.receipt:
        await noted(connection, request.id, settled_by=by)
    return "repeated" if result.receipt in {None, request.receipt} else "contradiction"


def _fits(request: RailRequest, result: Result) -> bool:
    """Amount and phone confirmed against what we asked for."""
    same_amount = result.amount_cents in {None, request.amount_cents}
    same_phone = result.msisdn in {None, request.msisdn}
    return same_amount and same_phone


def _about(cents: int) -> ColumnElement[bool]:
    return table.amount_cents.between(cents - matching.NEAR_CENTS, cents + matching.NEAR_CENTS)


async def _moved(connection: AsyncConnection, request: RailRequest, values: dict[str, Any]) -> None:
    await connection.execute(
        update(rail_requests).where(table.id == request.id, table.state == request.state).values(**values)
    )


async def _one(connection: AsyncConnection, query: Select[Any], *, lock: bool) -> RailRequest | None:
    """At most one row. Locked, so that of two answers that race the second sees what the first made of it."""
    row = (await connection.execute(_locking(query) if lock else query)).one_or_none()
    return RailRequest(**_fields(row)) if row else None


def _locking(query: Select[Any]) -> Select[Any]:
    """Several are locked in order of id."""
    return query.with_for_update(key_share=True)


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in RailRequest.__slots__}
