"""Money that comes in for a loan, and what can be done about it afterwards.

POST /fineract-provider/api/v1/loans/77/transactions?command=repayment
{"transactionDate": "2026-03-31", "transactionAmount": "3100.00", "externalId": "op-91c2", "paymentTypeId": 2,
 "receiptNumber": "SCV1AB2CD3", "note": "C2B 123456", "dateFormat": "yyyy-MM-dd", "locale": "en"}
200 {"officeId": 1, "clientId": 41, "loanId": 77, "resourceId": 901, "resourceExternalId": "op-91c2",
     "changes": {"transactionDate": [2026, 3, 31], "transactionAmount": 3100.000000}}

A payment on the last day of all only touches the instalments that it pays. One that is dated before others, and one
that is taken back, has everything after it allocated anew: a payment whose split changes gets a new id.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import charges, wire
from simulator.standins.core.allocation import PARTS, Debt, Paid, allocate
from simulator.standins.core.calls import OFFICE, Act, Ask, Read, Result, Write, row_id
from simulator.standins.core.catalogue import AT_DISBURSEMENT
from simulator.standins.core.errors import detail, invalid, refused, unknown_command
from simulator.standins.core.loans import PAYMENT, Loan, add_transaction, changed, find, wrong_state

REPAYMENT, WRITE_OFF, RECOVERY, CREDIT_REFUND = 2, 6, 8, 20
NOT_ACTIVE = "error.msg.loan.repayment.or.waiver.account.is.not.active"
_MONEY = ("transactionDate", "transactionAmount", "externalId", "loanId", *PAYMENT)
_UNDOABLE = (REPAYMENT, RECOVERY, CREDIT_REFUND)


def routes() -> tuple[Read | Write, ...]:
    on_loan, one = "loans/{loan}/transactions", "loans/{loan}/transactions/{transaction}"
    undo = ("transactionDate", "transactionAmount", "reversalExternalId", "note")
    charge = ("chargeId", "amount", "dueDate", "externalId")
    return (
        Read("GET", "loans/{loan}/transactions/template", _template),
        Write("POST", on_loan, "repayment", "REPAYMENT", "LOAN", _MONEY, _repay),
        Write("POST", on_loan, "writeoff", "WRITEOFF", "LOAN", ("transactionDate", "externalId", "note"), _write_off),
        Write("POST", on_loan, "undowriteoff", "UNDOWRITEOFF", "LOAN", ("note",), _undo_write_off),
        Write("POST", on_loan, "recoverypayment", "RECOVERYPAYMENT", "LOAN", _MONEY, _recover),
        Write("POST", on_loan, "creditBalanceRefund", "CREDITBALANCEREFUND", "LOAN", _MONEY, _refund),
        Write("POST", one, "", "ADJUST", "LOAN", undo, _undo),
        Write("POST", one, "undo", "ADJUST", "LOAN", undo, _undo),
        Write("POST", "loans/{loan}/charges", "", "CREATE", "LOANCHARGE", charge, _charge),
        Write("POST", "loans/{loan}/charges/{charge}", "waive", "WAIVE", "LOANCHARGE", (), _waive),
    )


def owed(rows: Rows, loan_id: int) -> dict[str, int]:
    """What is still owed, in cents by part."""
    row = rows.one(
        "SELECT CAST(TOTAL(principal - principal_paid - principal_off) AS INTEGER) AS principal,"
        " CAST(TOTAL(interest - interest_paid - interest_off) AS INTEGER) AS interest,"
        " CAST(TOTAL(fee - fee_paid - fee_off) AS INTEGER) AS fee,"
        " CAST(TOTAL(penalty - penalty_paid - penalty_off) AS INTEGER) AS penalty"
        " FROM instalments WHERE loan_id = ?",
        loan_id,
    )
    return {part: 0 if row is None else int(row[part]) for part in PARTS}


def _repay(act: Act) -> Result:
    loan = find(act.rows, act.refs["loan"])
    if loan.status != wire.ACTIVE:
        raise wrong_state(NOT_ACTIVE, loan)
    day, amount = _day(act, loan), act.fields.cents("transactionAmount")
    is_last = _is_last(act.rows, loan.id, day)
    number = add_transaction(act, loan, REPAYMENT, day, amount)
    if is_last:
        _apply(act.rows, loan, number, amount, day)
    else:
        _replay(act.rows, loan)
        number = _latest(act.rows, number)
    _settle(act.rows, loan.id)
    return _done(act, loan, number, day, amount)


def _write_off(act: Act) -> Result:
    loan = find(act.rows, act.refs["loan"])
    if loan.status != wire.ACTIVE:
        raise wrong_state("error.msg.loan.writeoff.account.is.not.active", loan)
    day = _day(act, loan)
    if not _is_last(act.rows, loan.id, day):
        message = "The date on which a loan is written off cannot be before its last transaction."
        raise refused("error.msg.loan.writeoff.cannot.be.before.last.transaction", message, "transactionDate")
    parts = owed(act.rows, loan.id)
    amount = sum(parts.values())
    number = add_transaction(act, loan, WRITE_OFF, day, amount, **parts)
    _write_rest_off(act.rows, loan.id, day.isoformat())
    act.rows.execute(
        "UPDATE loans SET status = ?, ended_on = ? WHERE id = ?", wire.WRITTEN_OFF, day.isoformat(), loan.id
    )
    return _done(act, loan, number, day, amount)


def _undo_write_off(act: Act) -> Result:
    loan = find(act.rows, act.refs["loan"])
    if loan.status != wire.WRITTEN_OFF:
        raise wrong_state("error.msg.loan.undo.writeoff.account.is.not.written.off", loan)
    number = act.rows.value(
        "SELECT id FROM transactions WHERE loan_id = ? AND type = ? AND NOT is_reversed", loan.id, WRITE_OFF
    )
    act.rows.execute("UPDATE transactions SET is_reversed = 1 WHERE id = ?", number)
    _replay(act.rows, loan)
    _settle(act.rows, loan.id)
    return changed(loan, {"status": wire.loan_status(find(act.rows, str(loan.id)).status)}) | {"resourceId": number}


def _recover(act: Act) -> Result:
    """What comes in for a loan that was written off pays nothing off: it is income."""
    loan = find(act.rows, act.refs["loan"])
    if loan.status != wire.WRITTEN_OFF:
        raise wrong_state("error.msg.loan.recovery.payment.account.is.not.written.off", loan)
    day, amount = _day(act, loan), act.fields.cents("transactionAmount")
    written_off = _total(act.rows, loan.id, WRITE_OFF)
    if _total(act.rows, loan.id, RECOVERY) + amount > written_off:
        message = "Recovery payments cannot be more than what was written off."
        raise refused("error.msg.loan.transaction.recovery.exceeds.written.off", message, "transactionAmount")
    return _done(act, loan, add_transaction(act, loan, RECOVERY, day, amount), day, amount)


def _refund(act: Act) -> Result:
    loan = find(act.rows, act.refs["loan"])
    if loan.status != wire.OVERPAID:
        raise wrong_state("error.msg.loan.credit.balance.refund.account.is.not.overpaid", loan)
    day, amount = _day(act, loan), act.fields.cents("transactionAmount")
    if amount > loan.overpaid_cents:
        message = "Transaction amount exceeds the overpaid amount."
        raise refused("error.msg.transactionAmount.invalid.must.be.lessthan.overpaid", message, "transactionAmount")
    number = add_transaction(act, loan, CREDIT_REFUND, day, amount, overpaid=amount)
    act.rows.execute("UPDATE loans SET overpaid_cents = overpaid_cents - ? WHERE id = ?", amount, loan.id)
    _settle(act.rows, loan.id)
    return _done(act, loan, number, day, amount)


def _undo(act: Act) -> Result:
    """Only an amount of nothing is known: it takes the transaction back."""
    loan = find(act.rows, act.refs["loan"])
    row = _transaction(act.rows, loan, act.refs["transaction"])
    act.fields.day("transactionDate")
    if act.fields.cents("transactionAmount", least=0):
        message = "Only 0 is taken here: undo, and pay anew."
        raise invalid([detail("validation.msg.loan.transaction.transactionAmount.not.zero", message)])
    is_settled = loan.status == wire.WRITTEN_OFF and row["type"] != RECOVERY
    if row["is_reversed"] or row["type"] not in _UNDOABLE or is_settled:
        raise refused("error.msg.loan.transaction.adjustment.not.allowed", "This transaction cannot be adjusted.")
    act.rows.execute(
        "UPDATE transactions SET is_reversed = 1, reversal_external_id = ? WHERE id = ?",
        *(act.fields.optional("reversalExternalId"), row["id"]),
    )
    if row["type"] != RECOVERY:
        _replay(act.rows, loan)
        _settle(act.rows, loan.id)
    answer = changed(loan, {"reversed": True})
    return answer | wire.present({"resourceId": row["id"], "resourceExternalId": row["external_id"]})


def _charge(act: Act) -> Result:
    loan = find(act.rows, act.refs["loan"])
    if loan.status != wire.ACTIVE:
        raise wrong_state("error.msg.loan.charge.cannot.be.added.when.loan.is.inactive", loan)
    charge = charges.charge_of(act.fields.whole("chargeId"))
    if charge.time == AT_DISBURSEMENT:
        raise refused("error.msg.loan.charge.disbursement.already.happened", "The loan is already disbursed.")
    amount = charges.amount_cents(charge, charges.amount_of(act.fields), loan.principal_cents)
    due, external = act.fields.day("dueDate"), act.fields.optional("externalId")
    number = charges.owe(act.rows, loan.id, charge, amount, due, external)
    return changed(loan, {}) | wire.present({"resourceId": number, "resourceExternalId": external})


def _waive(act: Act) -> Result:
    loan = find(act.rows, act.refs["loan"])
    row = charges.row_of(act.rows, act.refs["charge"])
    charges.waive(act.rows, row)
    _mark_met(act.rows, loan.id, act.today.isoformat())
    _settle(act.rows, loan.id)
    return changed(loan, {}) | {"resourceId": row["id"]}


def _template(ask: Ask) -> dict[str, Any]:
    """What a transaction of that kind would come to today. Interest is not recalculated: all of it is owed."""
    loan, command = find(ask.rows, ask.refs["loan"]), ask.query.get("command", "")
    parts = owed(ask.rows, loan.id)
    if command == "repayment":
        parts = _next_due(ask.rows, loan.id)
    elif command == "creditBalanceRefund":
        parts = dict.fromkeys(PARTS, 0) | {"overpaid": loan.overpaid_cents}
    elif command not in ("prepayLoan", "foreclosure"):
        raise unknown_command(command)
    return {
        "type": wire.transaction_type(REPAYMENT, wire.TRANSACTION_TYPES),
        "date": wire.days(ask.today.isoformat()),
        "currency": dict(wire.CURRENCY),
        "amount": wire.money(sum(parts.values())),
        "principalPortion": wire.money(parts["principal"]),
        "interestPortion": wire.money(parts["interest"]),
        "feeChargesPortion": wire.money(parts["fee"]),
        "penaltyChargesPortion": wire.money(parts["penalty"]),
        "netDisbursalAmount": wire.money(loan.principal_cents),
    }


def _next_due(rows: Rows, loan_id: int) -> dict[str, int]:
    debt = next(_debts(rows, loan_id), None)
    return dict.fromkeys(PARTS, 0) if debt is None else dict(debt.owed)


def _day(act: Act, loan: Loan) -> date:
    """The date of a transaction: neither in the future nor before the money went out."""
    day = act.fields.day("transactionDate")
    if day > act.today:
        message = "The transaction date cannot be in the future."
        raise refused("error.msg.loan.transaction.cannot.be.a.future.date", message, "transactionDate")
    if loan.disbursed_on is None or day < date.fromisoformat(loan.disbursed_on):
        message = "The transaction date cannot be before the loan was disbursed."
        raise refused("error.msg.loan.transaction.cannot.be.before.disbursement.date", message, "transactionDate")
    return day


def _is_last(rows: Rows, loan_id: int, day: date) -> bool:
    latest = rows.value(
        "SELECT happened_on FROM transactions WHERE loan_id = ? AND is_reversed = 0 ORDER BY happened_on DESC LIMIT 1",
        loan_id,
    )
    return latest is None or day.isoformat() >= latest


def _debts(rows: Rows, loan_id: int) -> Iterator[Debt]:
    for row in rows.all("SELECT * FROM instalments WHERE loan_id = ? AND met_on IS NULL ORDER BY number", loan_id):
        yield Debt(row["number"], {part: row[part] - row[f"{part}_paid"] - row[f"{part}_off"] for part in PARTS})


def _apply(rows: Rows, loan: Loan, number: int, amount: int, day: date) -> Mapping[str, int]:
    """Pay what this transaction pays, and write on it what that was."""
    split = dict.fromkeys(PARTS, 0)
    for paid in allocate(amount, _debts(rows, loan.id), loan.strategy):
        _pay(rows, loan.id, paid, day.isoformat())
        for part in PARTS:
            split[part] += paid.split[part]
    split["overpaid"] = amount - sum(split.values())
    if split["overpaid"]:
        rows.execute("UPDATE loans SET overpaid_cents = overpaid_cents + ? WHERE id = ?", split["overpaid"], loan.id)
    _write_split(rows, number, split, owed(rows, loan.id)["principal"])
    return split


def _pay(rows: Rows, loan_id: int, paid: Paid, day: str) -> None:
    rows.execute(
        "UPDATE instalments SET principal_paid = principal_paid + ?1, interest_paid = interest_paid + ?2,"
        " fee_paid = fee_paid + ?3, penalty_paid = penalty_paid + ?4,"
        " advance_cents = advance_cents + iif(?5 <= from_on, ?6, 0),"
        " late_cents = late_cents + iif(?5 > due_on, ?6, 0), met_on = iif(?7, ?5, NULL)"
        " WHERE loan_id = ?8 AND number = ?9",
        *(paid.split[part] for part in PARTS),
        *(day, paid.cents, paid.is_met, loan_id, paid.number),
    )


def _write_split(rows: Rows, number: int, split: Mapping[str, int], balance_cents: int) -> None:
    rows.execute(
        "UPDATE transactions SET principal = ?, interest = ?, fee = ?, penalty = ?, overpaid = ?, balance_cents = ?"
        " WHERE id = ?",
        *(split[part] for part in (*PARTS, "overpaid")),
        *(balance_cents, number),
    )


def _replay(rows: Rows, loan: Loan) -> None:
    """Allocate everything anew, in the order of the dates."""
    rows.execute(
        "UPDATE instalments SET principal_paid = 0, interest_paid = 0, fee_paid = 0, penalty_paid = 0,"
        " principal_off = 0, interest_off = 0, fee_off = 0, penalty_off = 0, advance_cents = 0, late_cents = 0,"
        " met_on = iif(principal + interest + fee + penalty, NULL, from_on) WHERE loan_id = ?",
        loan.id,
    )
    rows.execute("UPDATE loans SET overpaid_cents = 0 WHERE id = ?", loan.id)
    for row in rows.all(
        "SELECT * FROM transactions WHERE loan_id = ? AND is_reversed = 0 ORDER BY happened_on, id", loan.id
    ):
        if row["type"] == REPAYMENT:
            _apply_again(rows, loan, row)
        elif row["type"] == CREDIT_REFUND:
            rows.execute(
                "UPDATE loans SET overpaid_cents = overpaid_cents - ? WHERE id = ?", row["amount_cents"], loan.id
            )


def _apply_again(rows: Rows, loan: Loan, row: Row) -> None:
    before = {part: row[part] for part in (*PARTS, "overpaid")}
    after = _apply(rows, loan, row["id"], row["amount_cents"], date.fromisoformat(row["happened_on"]))
    if any(before.values()) and before != after:
        _replace(rows, row["id"])


def _replace(rows: Rows, number: int) -> None:
    """The new split gets a new id; the old one stays, taken back, without the external id it had."""
    external = rows.value("SELECT external_id FROM transactions WHERE id = ?", number)
    rows.execute("UPDATE transactions SET external_id = NULL WHERE id = ?", number)
    new = rows.execute(
        "INSERT INTO transactions (loan_id, type, happened_on, amount_cents, principal, interest, fee, penalty,"
        " overpaid, balance_cents, external_id, details, receipt, idempotency_key, at) SELECT loan_id, type,"
        " happened_on, amount_cents, principal, interest, fee, penalty, overpaid, balance_cents, ?, details, receipt,"
        " idempotency_key, at FROM transactions WHERE id = ?",
        external,
        number,
    ).lastrowid
    rows.execute("UPDATE transactions SET is_reversed = 1, replaced_by = ? WHERE id = ?", new, number)


def _latest(rows: Rows, number: int) -> int:
    replaced = rows.value("SELECT replaced_by FROM transactions WHERE id = ?", number)
    return number if replaced is None else int(replaced)


def _write_rest_off(rows: Rows, loan_id: int, day: str) -> None:
    rows.execute(
        "UPDATE instalments SET principal_off = principal - principal_paid, interest_off = interest - interest_paid,"
        " fee_off = fee - fee_paid, penalty_off = penalty - penalty_paid, met_on = ? WHERE loan_id = ?"
        " AND met_on IS NULL",
        day,
        loan_id,
    )


def _mark_met(rows: Rows, loan_id: int, day: str) -> None:
    rows.execute(
        "UPDATE instalments SET met_on = ? WHERE loan_id = ? AND met_on IS NULL AND principal + interest + fee"
        " + penalty = principal_paid + interest_paid + fee_paid + penalty_paid + principal_off + interest_off"
        " + fee_off + penalty_off",
        day,
        loan_id,
    )


def _settle(rows: Rows, loan_id: int) -> None:
    """Active while something is owed, overpaid when more came in, closed otherwise."""
    ended_on = None
    if rows.value("SELECT 1 FROM instalments WHERE loan_id = ? AND met_on IS NULL LIMIT 1", loan_id):
        status = wire.ACTIVE
    else:
        overpaid = rows.value("SELECT overpaid_cents FROM loans WHERE id = ?", loan_id)
        status = wire.OVERPAID if overpaid > 0 else wire.CLOSED
        ended_on = rows.value(
            "SELECT MAX(happened_on) FROM transactions WHERE loan_id = ? AND is_reversed = 0", loan_id
        )
    rows.execute("UPDATE loans SET status = ?, ended_on = ? WHERE id = ?", status, ended_on, loan_id)


def _total(rows: Rows, loan_id: int, kind: int) -> int:
    total = rows.value(
        "SELECT TOTAL(amount_cents) FROM transactions WHERE loan_id = ? AND type = ? AND is_reversed = 0", loan_id, kind
    )
    return int(total)


def _transaction(rows: Rows, loan: Loan, ref: str) -> Row:
    number = row_id(rows, "transactions", ref, code="error.msg.loan.transaction.id.invalid")
    row = rows.one("SELECT * FROM transactions WHERE id = ?", number)
    if row is None or row["loan_id"] != loan.id:
        raise refused("error.msg.loan.transaction.not.found", "The loan has no such transaction.")
    return row


def _done(act: Act, loan: Loan, number: int, day: date, amount: int) -> Result:
    return wire.present(
        {
            "officeId": OFFICE,
            "clientId": loan.client_id,
            "loanId": loan.id,
            "resourceId": number,
            "resourceExternalId": act.fields.optional("externalId"),
            "changes": {"transactionDate": wire.days(day.isoformat()), "transactionAmount": wire.money(amount)},
        }
    )
