"""What the shortcodes hold, as the rail last told it, and the questions that are out about it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import DAY_MS
from gateway.payouts.tables import float_questions, floats
from gateway.rails.organisation import Balances
from gateway.store.engine import insert_into

Level = Literal["ok", "low", "critical"]
TOKEN_BYTES = 16
KEPT_MS = 7 * DAY_MS
"""Questions are kept so long: an answer that comes later than that says nothing of use."""

columns = floats.c
asked = float_questions.c


@dataclass(frozen=True, slots=True)
class Float:
    """One account of a shortcode. `asked_at` is when the question left, `at` when we were told; ms."""

    shortcode: str
    account: str
    available_cents: int
    current_cents: int
    asked_at: int
    at: int
    level: Level


@dataclass(frozen=True, slots=True)
class Question:
    """One balance enquiry; its token is its own callback path."""

    id: int
    token: str
    shortcode: str
    state: str
    asked_at: int


def level_of(cents: int, *, low_cents: int, critical_cents: int) -> Level:
    """Where a balance is between plenty and nothing."""
    if cents < critical_cents:
        return "critical"
    return "low" if cents < low_cents else "ok"


async def latest(connection: AsyncConnection, shortcode: str, account: str) -> Float | None:
    query = select(floats).where(columns.shortcode == shortcode, columns.account == account)
    row = (await connection.execute(query)).one_or_none()
    return _float(row) if row else None


async def all_of(connection: AsyncConnection) -> list[Float]:
    """Every account of every shortcode that was told so far."""
    rows = await connection.execute(select(floats).order_by(columns.shortcode, columns.account))
    return [_float(row) for row in rows]


async def put_question(connection: AsyncConnection, shortcode: str, now: int) -> Question:
    """A new question, written down before it is asked; those long over go."""
    await connection.execute(delete(float_questions).where(asked.asked_at < now - KEPT_MS))
    statement = insert_into(connection, float_questions).values(
        token=secrets.token_hex(TOKEN_BYTES), shortcode=shortcode, state="asked", asked_at=now
    )
    row = (await connection.execute(statement.returning(*_QUESTION))).one()
    return Question(*row)


async def acknowledged(connection: AsyncConnection, question: Question, rail_id: str) -> None:
    await connection.execute(update(float_questions).where(asked.id == question.id).values(rail_id=rail_id or None))


async def question_of(connection: AsyncConnection, token: str, rail_id: str) -> Question | None:
    """The question an answer belongs to: by its own path, else by the rail's id of it."""
    if not token and not rail_id:
        return None
    which = asked.token == token if token else asked.rail_id == rail_id
    query = select(*_QUESTION).where(which).order_by(asked.id.desc()).limit(1)
    row = (await connection.execute(query.with_for_update())).one_or_none()
    return Question(*row) if row else None


async def ended(connection: AsyncConnection, question: Question, state: str, now: int) -> None:
    await connection.execute(
        update(float_questions).where(asked.id == question.id).values(state=state, answered_at=now)
    )


async def kept(
    connection: AsyncConnection, question: Question, balances: Balances, levels: Mapping[str, Level], now: int
) -> None:
    """The accounts as they are told now. An answer older than what is kept changes nothing."""
    for each in balances.accounts:
        values = {
            "available_cents": each.available_cents, "current_cents": each.current_cents,
            "asked_at": question.asked_at, "at": now, "level": levels.get(each.name, "ok"),
        }  # fmt: skip
        statement = insert_into(connection, floats).values(shortcode=question.shortcode, account=each.name, **values)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["shortcode", "account"], set_=values, where=columns.asked_at < question.asked_at
            )
        )


_QUESTION = (asked.id, asked.token, asked.shortcode, asked.state, asked.asked_at)


def _float(row: Row[tuple[object, ...]]) -> Float:
    return Float(**{name: getattr(row, name) for name in Float.__slots__})
