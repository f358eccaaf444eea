"""Every table, as it was when the first release was made: the books, and what stands around them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _accounts()
    _callbacks()
    _cases()
    _customers()
    _deliveries()
    _journals()
    _messages()
    _operations()
    _payments()
    _pin_attempts()
    _pin_drafts()
    _turns()
    _attempts()
    _balances()
    _consents()
    _loans()
    _rail_requests()
    _loan_events()
    _postings()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("control", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("may_overdraw", sa.Boolean(), nullable=False),
        sa.Column("shards", sa.Integer(), nullable=False),
        sa.CheckConstraint("shards = 1 or (shards > 1 and may_overdraw)", name="ck_accounts_shards"),
        sa.CheckConstraint("sign in (1, -1)", name="ck_accounts_sign"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("key", name="uq_accounts_key"),
    )
    op.create_index("ix_accounts_control", "accounts", ["control"], unique=False)


def _callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("rail", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
    )
    op.create_index("ix_callbacks_operation_id", "callbacks", ["operation_id"], unique=False)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("reference", name="uq_cases_reference"),
    )
    op.create_index("ix_cases_customer_id", "cases", ["customer_id"], unique=False)
    op.create_index("ix_cases_operation_id", "cases", ["operation_id"], unique=False)


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("national_id", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("role", sa.String(length=20), server_default="customer", nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("limit_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=True),
        sa.Column("pin_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pin_locked_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pin_locks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pin_last_lock", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sa.UniqueConstraint("msisdn", name="uq_customers_msisdn"),
        sa.UniqueConstraint("national_id", name="uq_customers_national_id"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_provider_id", "deliveries", ["provider_id"], unique=False)


def _journals() -> None:
    op.create_table(
        "journals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("operation_id", sa.String(length=80), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("pending_id", sa.String(length=36), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "phase = 'posted' or (phase = 'voided') = (pending_id is not null)", name="ck_journals_pending_id"
        ),
        sa.CheckConstraint("phase in ('pending', 'posted', 'voided')", name="ck_journals_phase"),
        sa.ForeignKeyConstraint(["pending_id"], ["journals.id"], name="fk_journals_pending_id"),
        sa.PrimaryKeyConstraint("id", name="pk_journals"),
        sa.UniqueConstraint("operation_id", "step", name="uq_journals_operation_id_step"),
        sa.UniqueConstraint("pending_id", name="uq_journals_pending_id"),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=True),
        sa.Column("provider_id", sa.String(length=80), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=True),
        sa.Column("cost", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_customer_id", "messages", ["customer_id"], unique=False)
    op.create_index("ix_messages_provider_id", "messages", ["provider_id"], unique=False)


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("number", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="5", nullable=False),
        sa.Column("exclusive", sa.String(length=80), nullable=True),
        sa.Column("intent", sa.JSON(), nullable=False),
        sa.Column("intent_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_operations"),
        sa.UniqueConstraint("exclusive", name="uq_operations_exclusive"),
        sa.UniqueConstraint("id", name="uq_operations_id"),
        sa.UniqueConstraint("reference", name="uq_operations_reference"),
    )
    op.create_index("ix_operations_customer_id", "operations", ["customer_id"], unique=False)
    op.create_index("ix_operations_due", "operations", ["is_open", "due_at"], unique=False)
    op.create_index("ix_operations_lane", "operations", ["lane", "is_open", "number"], unique=False)


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("shortcode", sa.String(length=12), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("operation_id", name="uq_payments_operation_id"),
        sa.UniqueConstraint("shortcode", "receipt", name="uq_payments_shortcode_receipt"),
    )


def _pin_attempts() -> None:
    op.create_table(
        "pin_attempts",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "turn", name="pk_pin_attempts"),
    )
    op.create_index("ix_pin_attempts_at", "pin_attempts", ["at"], unique=False)


def _pin_drafts() -> None:
    op.create_table(
        "pin_drafts",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_pin_drafts"),
    )
    op.create_index("ix_pin_drafts_at", "pin_drafts", ["at"], unique=False)


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("session_key", sa.String(length=64), nullable=False),
        sa.Column("input_digest", sa.String(length=32), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "turn", name="pk_turns"),
    )
    op.create_index("ix_turns_session_key_at", "turns", ["session_key", "at"], unique=False)


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name="fk_attempts_operation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_operation_id", "attempts", ["operation_id"], unique=False)


def _balances() -> None:
    op.create_table(
        "balances",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("posted_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("held_cents >= 0", name="ck_balances_held_cents"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_balances_account_id"),
        sa.PrimaryKeyConstraint("account_id", "shard", name="pk_balances"),
    )


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_consents_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_customer_id", "consents", ["customer_id"], unique=False)


def _loans() -> None:
    op.create_table(
        "loans",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("product", sa.String(length=20), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("quote", sa.JSON(), nullable=False),
        sa.Column("principal_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_loans_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_loans"),
        sa.UniqueConstraint("reference", name="uq_loans_reference"),
    )
    op.create_index("ix_loans_customer_id", "loans", ["customer_id"], unique=False)


def _rail_requests() -> None:
    op.create_table(
        "rail_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("rail", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("account_reference", sa.String(length=20), nullable=False),
        sa.Column("rail_id", sa.String(length=80), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("questions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("result_code", sa.String(length=16), nullable=True),
        sa.Column("words", sa.String(length=12), nullable=True),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("result_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name="fk_rail_requests_operation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rail_requests"),
        sa.UniqueConstraint("token", name="uq_rail_requests_token"),
    )
    op.create_index("ix_rail_requests_operation_id", "rail_requests", ["operation_id"], unique=False)
    op.create_index("ix_rail_requests_rail_id", "rail_requests", ["rail_id"], unique=False)


def _loan_events() -> None:
    op.create_table(
        "loan_events",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("loan_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name="fk_loan_events_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_loan_events"),
        sa.UniqueConstraint("loan_id", "operation_id", "kind", name="uq_loan_events_loan_id_operation_id_kind"),
    )
    op.create_index("ix_loan_events_loan_id", "loan_events", ["loan_id"], unique=False)


def _postings() -> None:
    op.create_table(
        "postings",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("journal_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name="ck_postings_amount_cents"),
        sa.ForeignKeyConstraint(
            ["account_id", "shard"], ["balances.account_id", "balances.shard"], name="fk_postings_account_id_shard"
        ),
        sa.ForeignKeyConstraint(
            ["journal_id"], ["journals.id"], name="fk_postings_journal_id", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name="pk_postings"),
    )
    op.create_index("ix_postings_journal_id", "postings", ["journal_id"], unique=False)
    op.create_index("ix_postings_statement", "postings", ["account_id", "phase", "at", "id"], unique=False)
