"""The embedded ledger as one thing to hand on: what can be written and read, on the caller's connection."""

from gateway.books import balances as reading
from gateway.books import journal
from gateway.books.accounts import open_account
from gateway.books.statement import statement


class Books:
    """Writing takes part in the caller's unit of work; reading answers whatever the connection sees."""

    open_account = staticmethod(open_account)
    post = staticmethod(journal.post)
    hold = staticmethod(journal.hold)
    post_held = staticmethod(journal.post_held)
    void_held = staticmethod(journal.void_held)
    is_held = staticmethod(journal.is_held)
    balance = staticmethod(reading.balance)
    balances = staticmethod(reading.balances)
    balance_at = staticmethod(reading.balance_at)
    trial_balance = staticmethod(reading.trial_balance)
    statement = staticmethod(statement)
