"""The embedded ledger as one thing to hand on: what can be written and read, on the caller's connection."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import balances as reading
from gateway.books import journal
from gateway.books.accounts import open_account
from gateway.books.entry import Entry
from gateway.books.statement import statement

Observer = Callable[[AsyncConnection, Entry, int], Awaitable[None]]


class Books:
    """Writing takes part in the caller's unit of work; reading answers whatever the connection sees.

    `observers` hear of everything that is posted, in its unit of work, also when it is posted again. `sign` marks
    what is written as ours.
    """

    def __init__(self, sign: journal.Sign | None = None) -> None:
        self.observers: list[Observer] = []
        self._sign = sign

    async def post(self, connection: AsyncConnection, entry: Entry, at: int) -> str:
        """See `journal.post`."""
        written = await journal.post(connection, entry, at, self._sign)
        for observer in self.observers:
            await observer(connection, entry, at)
        return written

    async def post_held(
        self, connection: AsyncConnection, operation_id: str, step_of_hold: str, step: str, at: int
    ) -> str:
        """See `journal.post_held`."""
        written = await journal.post_held(connection, operation_id, step_of_hold, step, at, self._sign)
        if self.observers:
            entry = await journal.held_entry(connection, operation_id, step_of_hold, step)
            for observer in self.observers:
                await observer(connection, entry, at)
        return written

    async def hold(self, connection: AsyncConnection, entry: Entry, at: int) -> str:
        """See `journal.hold`."""
        return await journal.hold(connection, entry, at, self._sign)

    async def void_held(
        self, connection: AsyncConnection, operation_id: str, step_of_hold: str, step: str, at: int
    ) -> str:
        """See `journal.void_held`."""
        return await journal.void_held(connection, operation_id, step_of_hold, step, at, self._sign)

    locked = staticmethod(journal.locked)
    locked_for = staticmethod(journal.locked_for)
    open_account = staticmethod(open_account)
    is_held = staticmethod(journal.is_held)
    balance = staticmethod(reading.balance)
    balances = staticmethod(reading.balances)
    balance_at = staticmethod(reading.balance_at)
    not_settled = staticmethod(reading.not_settled)
    trial_balance = staticmethod(reading.trial_balance)
    statement = staticmethod(statement)
