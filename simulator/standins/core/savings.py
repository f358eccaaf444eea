"""Savings accounts. A transaction of theirs has no external id: only the idempotency key and the notes tell it.

POST /fineract-provider/api/v1/savingsaccounts/9/transactions?command=deposit
{"transactionDate": "2026-03-02", "transactionAmount": "500", "receiptNumber": "SCV1AB2CD3",
 "dateFormat": "yyyy-MM-dd", "locale": "en"}
200 {"officeId": 1, "clientId": 41, "savingsId": 9, "resourceId": 12, "changes": {}}
"""

import json
from collections.abc import Callable
from datetime import date
from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import wire
from simulator.standins.core.calls import OFFICE, Act, Ask, Read, Result, Write, row_id, whole
from simulator.standins.core.catalogue import SAVINGS_PRODUCTS
from simulator.standins.core.clients import active_client
from simulator.standins.core.errors import duplicate, missing, refused
from simulator.standins.core.fields import Fields
from simulator.standins.core.loans import PAYMENT, payment_details

DEPOSIT, WITHDRAWAL = 1, 2
_MONEY = ("transactionDate", "transactionAmount", *PAYMENT)


def routes() -> tuple[Read | Write, ...]:
    account, entity = "savingsaccounts/{savings}", "SAVINGSACCOUNT"
    transactions = f"{account}/transactions"
    create = ("clientId", "productId", "submittedOnDate", "externalId")
    return (
        Write("POST", "savingsaccounts", "", "CREATE", entity, create, _create),
        Write("POST", account, "approve", "APPROVE", entity, ("approvedOnDate", "note"), _approve),
        Write("POST", account, "activate", "ACTIVATE", entity, ("activatedOnDate",), _activate),
        Write("POST", account, "close", "CLOSE", entity, ("closedOnDate", "note"), _close),
        Write("POST", transactions, "deposit", "DEPOSIT", entity, _MONEY, _deposit),
        Write("POST", transactions, "withdrawal", "WITHDRAWAL", entity, _MONEY, _withdraw),
        Write("POST", f"{transactions}/{{transaction}}", "undo", "UNDOTRANSACTION", entity, (), _undo),
        Read("GET", f"{transactions}/search", _search),
        Read("GET", f"{transactions}/{{transaction}}", _transaction),
        Read("GET", account, _one),
    )


def _create(act: Act) -> Result:
    fields = act.fields
    client, product = active_client(act.rows, fields.whole("clientId"))["id"], fields.whole("productId")
    if product not in SAVINGS_PRODUCTS:
        message = f"Savings product with identifier {product} does not exist"
        raise missing("error.msg.savingsproduct.id.invalid", message, product)
    external = fields.optional("externalId")
    if external and act.rows.value("SELECT 1 FROM savings WHERE external_id = ?", external):
        message = f"Savings account with externalId {external} already exists"
        raise duplicate("error.msg.savingsaccount.duplicate.externalId", message, "externalId")
    number = act.rows.execute(
        "INSERT INTO savings (external_id, client_id, product_id, status, submitted_on) VALUES (?, ?, ?, ?, ?)",
        *(external, client, product, wire.SUBMITTED, _day(act, "submittedOnDate").isoformat()),
    ).lastrowid
    return wire.present(
        {
            "officeId": OFFICE,
            "clientId": client,
            "savingsId": number,
            "resourceId": number,
            "resourceExternalId": external,
        }
    )


def _approve(act: Act) -> Result:
    return _step(
        act,
        "approvedOnDate",
        (wire.SUBMITTED, wire.APPROVED),
        "UPDATE savings SET status = ?, approved_on = ? WHERE id = ?",
    )


def _activate(act: Act) -> Result:
    return _step(
        act,
        "activatedOnDate",
        (wire.APPROVED, wire.ACTIVE),
        "UPDATE savings SET status = ?, activated_on = ? WHERE id = ?",
    )


def _close(act: Act) -> Result:
    if _row(act.rows, act.refs["savings"])["balance_cents"]:
        raise refused("error.msg.savingsaccount.close.results.in.balance.not.zero", "There is money in the account.")
    return _step(
        act, "closedOnDate", (wire.ACTIVE, wire.CLOSED), "UPDATE savings SET status = ?, ended_on = ? WHERE id = ?"
    )


def _step(act: Act, parameter: str, states: tuple[int, int], statement: str) -> Result:
    """From the first state to the second on that day."""
    row = _row(act.rows, act.refs["savings"])
    before, after = states
    if row["status"] != before:
        word = parameter.removesuffix("OnDate").lower()
        code = f"validation.msg.savingsaccount.{word}.account.is.not.in.the.right.state"
        raise refused(code, f"The account is {wire.SAVINGS_STATUSES[row['status']][1].lower()}.")
    day = _day(act, parameter)
    act.rows.execute(statement, after, day.isoformat(), row["id"])
    changes = {"status": wire.savings_status(after), parameter: wire.days(day.isoformat())}
    return _done(row, row["id"], changes)


def _deposit(act: Act) -> Result:
    return _move(act, DEPOSIT)


def _withdraw(act: Act) -> Result:
    return _move(act, WITHDRAWAL)


def _move(act: Act, kind: int) -> Result:
    row = _row(act.rows, act.refs["savings"])
    if row["status"] != wire.ACTIVE:
        raise refused("validation.msg.savingsaccount.transaction.account.is.not.active", "The account is not active.")
    day, cents = _day(act, "transactionDate"), act.fields.cents("transactionAmount")
    if row["activated_on"] is None or day.isoformat() < row["activated_on"]:
        code = "validation.msg.savingsaccount.transaction.before.activation.date"
        raise refused(code, "The transaction is before the account.", "transactionDate")
    _change_balance(act.rows, row, cents if kind == DEPOSIT else -cents)
    details = payment_details(act)
    number = act.rows.execute(
        "INSERT INTO savings_transactions (savings_id, type, happened_on, amount_cents, details, receipt,"
        " idempotency_key, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(row["id"], kind, day.isoformat(), cents, json.dumps(details), details.get("receiptNumber"), act.key, act.at),
    ).lastrowid
    return _done(row, number, {})


def _undo(act: Act) -> Result:
    row = _row(act.rows, act.refs["savings"])
    moved = _transaction_row(act.rows, row["id"], act.refs["transaction"])
    if moved["is_reversed"]:
        raise refused("error.msg.savingsaccount.transaction.already.reversed", "The transaction is already undone.")
    act.rows.execute("UPDATE savings_transactions SET is_reversed = 1 WHERE id = ?", moved["id"])
    _change_balance(act.rows, row, moved["amount_cents"] * (1 if moved["type"] == WITHDRAWAL else -1))
    return _done(row, moved["id"], {})


def _change_balance(rows: Rows, row: Row, cents: int) -> None:
    if row["balance_cents"] + cents < 0:
        code = "error.msg.savingsaccount.transaction.insufficient.account.balance"
        raise refused(code, "Insufficient account balance.", "transactionAmount")
    rows.execute("UPDATE savings SET balance_cents = balance_cents + ? WHERE id = ?", cents, row["id"])


def _day(act: Act, parameter: str) -> date:
    day = act.fields.day(parameter)
    if day > act.today:
        code = f"validation.msg.savingsaccount.{parameter}.is.greater.than.date"
        raise refused(code, f"{parameter} cannot be in the future.", parameter)
    return day


def _row(rows: Rows, ref: str) -> Row:
    number = row_id(rows, "savings", ref, code="error.msg.saving.account.id.invalid")
    row = rows.one("SELECT * FROM savings WHERE id = ?", number)
    if row is None:
        raise LookupError("an account that was just found is gone")
    return row


def _transaction_row(rows: Rows, savings: int, ref: str) -> Row:
    row = rows.one("SELECT * FROM savings_transactions WHERE id = ? AND savings_id = ?", whole(ref), savings)
    if row is None:
        message = f"Savings account transaction with identifier {ref} does not exist"
        raise missing("error.msg.savings.account.trasaction.id.invalid", message, ref)
    return row


def _done(row: Row, number: int | None, changes: dict[str, Any]) -> Result:
    return {
        "officeId": OFFICE,
        "clientId": row["client_id"],
        "savingsId": row["id"],
        "resourceId": number,
        "changes": changes,
    }


def _one(ask: Ask) -> dict[str, Any]:
    row = _row(ask.rows, ask.refs["savings"])
    balance = wire.money(row["balance_cents"])
    shown = {
        "id": row["id"],
        "accountNo": f"{row['id']:09d}",
        "externalId": row["external_id"],
        "clientId": row["client_id"],
        "savingsProductId": row["product_id"],
        "savingsProductName": SAVINGS_PRODUCTS[row["product_id"]],
        "status": wire.savings_status(row["status"]),
        "currency": dict(wire.CURRENCY),
        "timeline": wire.present(
            {
                "submittedOnDate": wire.days(row["submitted_on"]),
                "approvedOnDate": wire.days(row["approved_on"]),
                "activatedOnDate": wire.days(row["activated_on"]),
                "closedOnDate": wire.days(row["ended_on"]),
            }
        ),
        "summary": {"currency": dict(wire.CURRENCY), "accountBalance": balance, "availableBalance": balance},
    }
    if {"transactions", "all"} & set(ask.query.get("associations", "").split(",")):
        statement = "SELECT * FROM savings_transactions WHERE savings_id = ? ORDER BY id DESC"
        shown["transactions"] = [_shown(one) for one in ask.rows.all(statement, row["id"])]
    return wire.present(shown)


def _transaction(ask: Ask) -> dict[str, Any]:
    account = _row(ask.rows, ask.refs["savings"])
    return _shown(_transaction_row(ask.rows, account["id"], ask.refs["transaction"]))


def _search(ask: Ask) -> dict[str, Any]:
    """By day, amount, type and side, the newest first, in pages."""
    account, fields = _row(ask.rows, ask.refs["savings"]), Fields(ask.query, "savings")
    days = {name: str(fields.optional_day(name) or "") for name in ("fromDate", "toDate")}
    cents = {name: fields.cents(name, least=0) if name in fields else None for name in ("fromAmount", "toAmount")}
    kinds = _kinds(ask.query)
    found = [
        row
        for row in ask.rows.all(
            "SELECT * FROM savings_transactions WHERE savings_id = ?1 AND happened_on >= ?2"
            " AND (?3 = '' OR happened_on <= ?3) AND (?4 IS NULL OR amount_cents >= ?4)"
            " AND (?5 IS NULL OR amount_cents <= ?5) ORDER BY happened_on DESC, id DESC",
            *(account["id"], days["fromDate"], days["toDate"], cents["fromAmount"], cents["toAmount"]),
        )
        if row["type"] in kinds
    ]
    offset, limit = ask.limit(15)
    return {"total": len(found), "content": [_shown(row) for row in found[offset : offset + limit]]}


def _kinds(query: Any) -> set[int]:
    named = {whole(kind) for kind in query.get("types", "").split(",") if kind}
    sides: dict[str, Callable[[set[int]], set[int]]] = {
        "credit": lambda kinds: kinds & {DEPOSIT},
        "debit": lambda kinds: kinds & {WITHDRAWAL},
    }
    kinds = named or {DEPOSIT, WITHDRAWAL}
    asked = [side for side in sides if query.get(side) == "true"]
    return sides[asked[0]](kinds) if len(asked) == 1 else kinds


def _shown(row: Row) -> dict[str, Any]:
    details = json.loads(row["details"])
    note = details.pop("note", None)
    return wire.present(
        {
            "id": row["id"],
            "transactionType": wire.transaction_type(row["type"], wire.SAVINGS_TRANSACTION_TYPES),
            "accountId": row["savings_id"],
            "accountNo": f"{row['savings_id']:09d}",
            "date": wire.days(row["happened_on"]),
            "currency": dict(wire.CURRENCY),
            "amount": wire.money(row["amount_cents"]),
            "reversed": bool(row["is_reversed"]),
            "paymentDetailData": {"id": row["id"], **details} if details else None,
            "note": note,
        }
    )
