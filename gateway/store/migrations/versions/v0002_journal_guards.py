"""What the books promise, kept by the database itself against any code: journals balance and stay.

Journals, postings and accounts are not edited or deleted. Postings come before their journal, which is
refused unless they are at least two, say the same phase and moment, and sum to zero per currency; none can
join later. A balance that may not be overdrawn does not fall below zero.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

KEPT = ("accounts", "journals", "postings")

BALANCED = {
    "a journal needs two postings": "(SELECT count(*) FROM postings WHERE journal_id = NEW.id) < 2",
    "the postings do not sum to zero": "EXISTS (SELECT 1 FROM postings WHERE journal_id = NEW.id"
    " GROUP BY currency HAVING sum(amount_cents) <> 0)",
    "the postings are of another phase or moment": "EXISTS (SELECT 1 FROM postings"
    " WHERE journal_id = NEW.id AND (phase <> NEW.phase OR at <> NEW.at))",
    "what it resolves is not pending": "NEW.pending_id IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM journals WHERE id = NEW.pending_id AND phase = 'pending')",
}
"""Why a journal is refused, and when."""

JOINS = "EXISTS (SELECT 1 FROM journals WHERE id = NEW.journal_id)"

FALLS_BELOW_ZERO = (
    "NEW.posted_cents - NEW.held_cents < 0 AND NEW.posted_cents - NEW.held_cents < OLD.posted_cents - OLD.held_cents"
)

COVERED = "(SELECT may_overdraw FROM accounts WHERE id = NEW.account_id)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in KEPT:
        for event, done in (("UPDATE", "updated"), ("DELETE", "deleted")):
            _on_sqlite(f"{table}_not_{done}", f"{event} ON {table}", {f"{table} are not {done}": "1"})
    _on_sqlite("journals_balanced", "INSERT ON journals", BALANCED)
    _on_sqlite("postings_first", "INSERT ON postings", {"the journal is complete": JOINS})
    _on_sqlite(
        "balances_covered",
        "UPDATE ON balances",
        {"the balance is not covered": f"{FALLS_BELOW_ZERO} AND NOT {COVERED}"},
    )
    _keep_from_replacing()


def _on_sqlite(name: str, event: str, refusals: dict[str, str]) -> None:
    refused = " ".join(f"SELECT RAISE(ABORT, '{why}') WHERE {when};" for why, when in refusals.items())
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW BEGIN {refused} END")


def _keep_from_replacing() -> None:
    """INSERT OR REPLACE deletes without asking the triggers on deletion, so it must not come that far."""
    taken = {
        "journals": "EXISTS (SELECT 1 FROM journals WHERE id = NEW.id OR pending_id = NEW.pending_id"
        " OR (operation_id = NEW.operation_id AND step = NEW.step))",
        "postings": "EXISTS (SELECT 1 FROM postings WHERE id = NEW.id)",
    }
    for table, same in taken.items():
        _on_sqlite(f"{table}_not_replaced", f"INSERT ON {table}", {f"{table} are unique": same})
    # Opening an account that is there already is no mistake: the new row is left out.
    op.execute(
        "CREATE TRIGGER accounts_not_replaced BEFORE INSERT ON accounts FOR EACH ROW BEGIN"
        " SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM accounts WHERE id = NEW.id OR key = NEW.key); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION books_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION '% are not changed: %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';"
        " END $$"
    )
    for table in KEPT:
        for event, done in (("UPDATE", "updated"), ("DELETE", "deleted"), ("TRUNCATE", "truncated")):
            each = "STATEMENT" if event == "TRUNCATE" else "ROW"
            op.execute(
                f"CREATE TRIGGER {table}_not_{done} BEFORE {event} ON {table}"
                f" FOR EACH {each} EXECUTE FUNCTION books_are_kept()"
            )
    _on_postgresql("journals_balanced", "INSERT ON journals", BALANCED)
    _on_postgresql("postings_first", "INSERT ON postings", {"the journal is complete": JOINS})
    _on_postgresql(
        "balances_covered",
        "UPDATE ON balances",
        {"the balance is not covered": f"NOT {COVERED}"},
        only_when=f"WHEN ({FALLS_BELOW_ZERO})",
    )


def _on_postgresql(name: str, event: str, refusals: dict[str, str], only_when: str = "") -> None:
    refused = " ".join(
        f"IF {when} THEN RAISE EXCEPTION '{why}' USING ERRCODE = 'check_violation'; END IF;"
        for why, when in refusals.items()
    )
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refused} RETURN NEW; END $$")
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW {only_when} EXECUTE FUNCTION {name}()")
