"""What we told a core to do: one row per operation and step, written before it is said.

A row that says `sent` and not `done` is a doubt: whoever finds it looks before saying it again. The key under which
it is said again is the same, but for a failure that the core keeps under it: then `generation` is one higher.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.mirror.tables import core_commands
from gateway.operations.playbook import Work
from gateway.store.engine import insert_into

table = core_commands.c


@dataclass(frozen=True, slots=True)
class Command:
    """One row; moments in milliseconds. `core_id` is what the core made of it."""

    operation_id: str
    step: str
    generation: int
    state: str
    sent_at: int | None
    questions: int
    core_id: str | None
    created_at: int
    settled_at: int | None

    @property
    def is_done(self) -> bool:
        return self.state == "done"

    @property
    def is_waiting(self) -> bool:
        """A second person at the core decides about it."""
        return self.state == "waiting"


async def opened(connection: AsyncConnection, work: Work, now: int) -> Command:
    """The command of this operation's step, made now if it is not there yet, locked until the unit of work ends."""
    statement = insert_into(connection, core_commands).values(
        operation_id=work.id, step=work.step, state="open", created_at=now
    )
    await connection.execute(statement.on_conflict_do_nothing(index_elements=["operation_id", "step"]))
    found = await of(connection, work.id, work.step, lock=True)
    assert found is not None
    return found


async def of(connection: AsyncConnection, operation_id: str, step: str, *, lock: bool = False) -> Command | None:
    query = select(core_commands).where(table.operation_id == operation_id, table.step == step)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return Command(**{name: getattr(row, name) for name in Command.__slots__}) if row else None


async def noted(connection: AsyncConnection, work: Work, **values: Any) -> None:
    """Write down what is no settlement: sent, asked, waiting, another key."""
    statement = update(core_commands).where(table.operation_id == work.id, table.step == work.step)
    await connection.execute(statement.values(**values))


async def settled(connection: AsyncConnection, work: Work, core_id: str, now: int) -> None:
    await noted(connection, work, state="done", core_id=core_id, settled_at=now)
