"""A loan from its application to the day its money goes out.

POST /fineract-provider/api/v1/loans/77?command=approve
{"approvedOnDate": "2026-03-02", "approvedLoanAmount": "9000", "dateFormat": "yyyy-MM-dd", "locale": "en"}
200 {"officeId": 1, "clientId": 41, "loanId": 77, "resourceId": 77, "resourceExternalId": "op-7f3a",
     "changes": {"status": {"id": 200, ...}, "approvedOnDate": [2026, 3, 2]}}
"""

import json
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import charges, wire
from simulator.standins.core.allocation import STRATEGIES
from simulator.standins.core.calls import OFFICE, Act, Result, Write, row_id
from simulator.standins.core.catalogue import Product, product_of
from simulator.standins.core.clients import active_client
from simulator.standins.core.errors import ApiError, detail, duplicate, invalid, missing, refused
from simulator.standins.core.fields import Fields
from simulator.standins.core.schedule import Terms, schedule

APPLICATION = (
    "clientId", "loanType", "productId", "principal", "loanTermFrequency", "loanTermFrequencyType",
    "numberOfRepayments", "repaymentEvery", "repaymentFrequencyType", "interestRatePerPeriod", "amortizationType",
    "interestType", "interestCalculationPeriodType", "expectedDisbursementDate", "submittedOnDate",
    "transactionProcessingStrategyCode", "graceOnPrincipalPayment", "graceOnInterestPayment",
    "graceOnInterestCharged", "graceOnArrearsAgeing", "repaymentsStartingFromDate", "charges", "externalId",
)  # fmt: skip
PAYMENT = ("paymentTypeId", "accountNumber", "checkNumber", "routingCode", "receiptNumber", "bankNumber", "note")
_APPROVE = ("approvedLoanAmount", "approvedOnDate", "expectedDisbursementDate", "note", "netDisbursalAmount")
_DISBURSE = ("actualDisbursementDate", "transactionAmount", "externalId", "netDisbursalAmount", *PAYMENT)
COUNT_MAX = 520


@dataclass(frozen=True, slots=True)
class Loan:
    """One loan as it stands. Dates are ISO texts; `terms` is what `Application` needs to be read again."""

    id: int
    external_id: str | None
    client_id: int
    product: Product
    terms: dict[str, Any]
    status: int
    principal_cents: int
    approved_cents: int | None
    overpaid_cents: int
    submitted_on: str
    expected_on: str
    approved_on: str | None
    disbursed_on: str | None
    ended_on: str | None

    @property
    def strategy(self) -> str:
        return str(self.terms["strategy"])

    @property
    def first_due(self) -> date | None:
        return date.fromisoformat(self.terms["firstDue"]) if self.terms["firstDue"] else None


def routes() -> tuple[Write, ...]:
    def on_loan(command: str, action: str, supports: tuple[str, ...], perform: Any) -> Write:
        return Write("POST", "loans/{loan}", command, action, "LOAN", supports, perform)

    return (
        Write("POST", "loans", "", "CREATE", "LOAN", APPLICATION, _create),
        on_loan("approve", "APPROVE", _APPROVE, _approve),
        on_loan("undoapproval", "APPROVALUNDO", ("note",), _undo_approval),
        on_loan("reject", "REJECT", ("rejectedOnDate", "note"), _reject),
        on_loan("withdrawnByApplicant", "WITHDRAW", ("withdrawnOnDate", "note"), _withdraw),
        on_loan("disburse", "DISBURSE", _DISBURSE, _disburse),
        on_loan("undodisbursal", "DISBURSALUNDO", ("note",), _undo_disbursal),
    )


def find(rows: Rows, ref: str) -> Loan:
    """Raises ApiError when there is no such loan."""
    row = rows.one("SELECT * FROM loans WHERE id = ?", row_id(rows, "loans", ref, code="error.msg.loan.id.invalid"))
    if row is None:
        raise LookupError("a loan that was just found is gone")
    return of_row(row)


def of_row(row: Row) -> Loan:
    return Loan(
        id=row["id"],
        external_id=row["external_id"],
        client_id=row["client_id"],
        product=product_of(str(row["product_id"])),
        terms=json.loads(row["terms"]),
        status=row["status"],
        principal_cents=row["principal_cents"],
        approved_cents=row["approved_cents"],
        overpaid_cents=row["overpaid_cents"],
        submitted_on=row["submitted_on"],
        expected_on=row["expected_on"],
        approved_on=row["approved_on"],
        disbursed_on=row["disbursed_on"],
        ended_on=row["ended_on"],
    )


@dataclass(frozen=True, slots=True)
class Application:
    """A checked application."""

    product: Product
    principal_cents: int
    expected_on: date
    first_due: date | None
    terms: dict[str, Any]

    @classmethod
    def read(cls, fields: Fields) -> "Application":
        """Raises ApiError naming the first parameter that is not right."""
        if fields.text("loanType") != "individual":
            raise invalid([detail("validation.msg.loan.loanType.invalid", "Only individual loans.", "loanType")])
        product = product_of(str(fields.whole("productId")))
        first_due = fields.optional_day("repaymentsStartingFromDate")
        expected = fields.day("expectedDisbursementDate")
        if first_due is not None and first_due <= expected:
            code = "error.msg.loan.expected.disbursal.date.cannot.be.after.first.repayment.date"
            raise refused(code, "The first repayment comes after the money.", "repaymentsStartingFromDate")
        return cls(
            product,
            _principal(fields, product),
            expected,
            first_due,
            _terms(fields, first_due) | {"charges": charges.applied_for(fields)},
        )

    def priced(self) -> Terms:
        return pricing(self.product, self.terms)


def pricing(product: Product, terms: dict[str, Any]) -> Terms:
    """What the schedule is computed from: the application, and the product where that says nothing."""
    return Terms(
        count=terms["count"],
        every=terms["every"],
        frequency=terms["frequency"],
        rate=Fraction(terms["rate"]),
        rate_frequency=product.rate_frequency,
        amortization=terms["amortization"],
        interest_type=terms["interestType"],
        calculation=terms["calculation"],
        multiple_cents=product.multiple_cents,
        days_in_year=product.days_in_year,
        principal_grace=terms["principalGrace"],
        interest_payment_grace=terms["interestPaymentGrace"],
        interest_free=terms["interestFree"],
    )


def _principal(fields: Fields, product: Product) -> int:
    cents = fields.cents("principal")
    if not product.least_cents <= cents <= product.most_cents:
        code = "validation.msg.loan.principal.amount.is.not.within.min.max.range"
        message = (
            f"The parameter `principal` must be between {product.least_cents / 100} and {product.most_cents / 100}."
        )
        raise invalid([detail(code, message, "principal", cents / 100)])
    return cents


def _terms(fields: Fields, first_due: date | None) -> dict[str, Any]:
    count, every = fields.whole("numberOfRepayments", least=1, most=COUNT_MAX), fields.whole("repaymentEvery", least=1)
    frequency = fields.one_of("repaymentFrequencyType", range(4))
    term = fields.whole("loanTermFrequency", least=1), fields.one_of("loanTermFrequencyType", range(4))
    if term != (count * every, frequency):
        code = "validation.msg.loan.loanTermFrequency.not.the.same.as.number.of.repayments.by.repayment.every"
        raise invalid([detail(code, "The term is not that of its repayments.", "loanTermFrequency", term[0])])
    strategy = fields.text("transactionProcessingStrategyCode")
    if strategy not in STRATEGIES:
        name = "transactionProcessingStrategyCode"
        raise invalid([detail(f"validation.msg.loan.{name}.invalid", "There is no such strategy.", name, strategy)])
    fields.optional_whole("graceOnArrearsAgeing")
    return {
        "count": count,
        "every": every,
        "frequency": frequency,
        "rate": str(Fraction(fields.rate("interestRatePerPeriod"))),
        "amortization": fields.one_of("amortizationType", range(2)),
        "interestType": fields.one_of("interestType", range(2)),
        "calculation": fields.one_of("interestCalculationPeriodType", range(2)),
        "strategy": strategy,
        "principalGrace": _grace(fields, "graceOnPrincipalPayment", count),
        "interestPaymentGrace": _grace(fields, "graceOnInterestPayment", count),
        "interestFree": _grace(fields, "graceOnInterestCharged", count),
        "firstDue": first_due and first_due.isoformat(),
    }


def _grace(fields: Fields, name: str, count: int) -> int:
    return fields.whole(name, most=count - 1) if name in fields else 0


def _create(act: Act) -> Result:
    fields = act.fields
    submitted = fields.day("submittedOnDate")
    client = active_client(act.rows, fields.whole("clientId"))
    application = Application.read(fields)
    if submitted > act.today:
        message = "The date on which a loan is submitted cannot be in the future."
        raise refused("error.msg.loan.submittal.cannot.be.a.future.date", message, "submittedOnDate")
    if submitted < date.fromisoformat(client["activated_on"]):
        message = "The loan is older than its client."
        raise refused("error.msg.loan.submittal.cannot.be.before.client.activation.date", message, "submittedOnDate")
    if application.expected_on < submitted:
        message = "Expected disbursement is before the loan was submitted."
        raise refused("error.msg.loan.expected.disbursement.date.before.submittal", message, "expectedDisbursementDate")
    external = fields.optional("externalId")
    if external and act.rows.value("SELECT 1 FROM loans WHERE external_id = ?", external):
        message = f"Loan with externalId {external} already exists"
        raise duplicate("error.msg.loan.with.externalId.already.used", message, "externalId")
    number = act.rows.execute(
        "INSERT INTO loans (external_id, client_id, product_id, terms, status, principal_cents, submitted_on,"
        " expected_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(external, client["id"], application.product.id, json.dumps(application.terms), wire.SUBMITTED),
        *(application.principal_cents, submitted.isoformat(), application.expected_on.isoformat()),
    ).lastrowid
    return wire.present(
        {
            "officeId": OFFICE,
            "clientId": client["id"],
            "loanId": number,
            "resourceId": number,
            "resourceExternalId": external,
        }
    )


def _approve(act: Act) -> Result:
    loan = _in_state(act, wire.SUBMITTED, "validation.msg.loan.approve.account.is.not.submitted.and.pending.state")
    day = _not_in_future(act, "approvedOnDate", "error.msg.loan.approval.cannot.be.a.future.date")
    if day < date.fromisoformat(loan.submitted_on):
        message = "The date on which a loan is approved cannot be before its submittal date."
        raise refused("error.msg.loan.approval.cannot.be.before.submittal.date", message, "approvedOnDate")
    amount = act.fields.cents("approvedLoanAmount") if "approvedLoanAmount" in act.fields else loan.principal_cents
    if amount > loan.principal_cents:
        message = "Loan approved amount can't be greater than loan amount demanded."
        raise refused("error.msg.loan.approval.amount.can't.be.greater.than.loan.amount.demanded", message)
    expected = act.fields.optional_day("expectedDisbursementDate") or date.fromisoformat(loan.expected_on)
    act.rows.execute(
        "UPDATE loans SET status = ?, approved_on = ?, approved_cents = ?, expected_on = ? WHERE id = ?",
        *(wire.APPROVED, day.isoformat(), amount, expected.isoformat(), loan.id),
    )
    return changed(loan, {"status": wire.loan_status(wire.APPROVED), "approvedOnDate": wire.days(day.isoformat())})


def _undo_approval(act: Act) -> Result:
    loan = _in_state(act, wire.APPROVED, "validation.msg.loan.undo.approval.account.is.not.in.approved.state")
    act.rows.execute(
        "UPDATE loans SET status = ?, approved_on = NULL, approved_cents = NULL WHERE id = ?", wire.SUBMITTED, loan.id
    )
    return changed(loan, {"status": wire.loan_status(wire.SUBMITTED), "approvedOnDate": ""})


def _reject(act: Act) -> Result:
    return _end(act, wire.REJECTED, "rejectedOnDate", "validation.msg.loan.reject.account.is.not.pending.state")


def _withdraw(act: Act) -> Result:
    return _end(act, wire.WITHDRAWN, "withdrawnOnDate", "validation.msg.loan.withdraw.account.is.not.pending.state")


def _end(act: Act, status: int, parameter: str, code: str) -> Result:
    loan = _in_state(act, wire.SUBMITTED, code)
    day = _not_in_future(act, parameter, f"error.msg.loan.{parameter}.cannot.be.a.future.date")
    act.rows.execute("UPDATE loans SET status = ?, ended_on = ? WHERE id = ?", status, day.isoformat(), loan.id)
    return changed(loan, {"status": wire.loan_status(status), parameter: wire.days(day.isoformat())})


def _disburse(act: Act) -> Result:
    loan = _in_state(act, wire.APPROVED, "error.msg.loan.disbursal.account.is.not.approve.not.disbursed.state")
    day = _not_in_future(act, "actualDisbursementDate", "error.msg.loan.disbursal.cannot.be.a.future.date")
    if loan.approved_on is None or day < date.fromisoformat(loan.approved_on):
        message = "The date on which a loan is disbursed cannot be before its approval date."
        raise refused("error.msg.loan.disbursal.cannot.be.before.approval.date", message, "actualDisbursementDate")
    approved = loan.approved_cents or loan.principal_cents
    amount = act.fields.cents("transactionAmount") if "transactionAmount" in act.fields else approved
    if amount > approved:
        message = "Loan can't be disbursed, disburse amount is exceeding approved amount."
        raise refused("error.msg.loan.disbursal.amount.must.be.less.than.approved.amount", message, "transactionAmount")
    _refuse_early_instalment(loan, day)
    act.rows.execute(
        "UPDATE loans SET status = ?, disbursed_on = ?, principal_cents = ? WHERE id = ?",
        *(wire.ACTIVE, day.isoformat(), amount, loan.id),
    )
    _write_schedule(act.rows, loan, amount, day)
    transaction = add_transaction(act, loan, 1, day, amount, balance_cents=amount)
    charges.put_in_force(act, loan.id, loan.terms["charges"], amount, day)
    external = act.fields.optional("externalId")
    changes = {"status": wire.loan_status(wire.ACTIVE), "actualDisbursementDate": wire.days(day.isoformat())}
    return changed(loan, changes) | wire.present({"subResourceId": transaction, "subResourceExternalId": external})


def _refuse_early_instalment(loan: Loan, day: date) -> None:
    if loan.first_due is not None and loan.first_due <= day:
        code = "error.msg.loan.disbursement.date.cannot.be.after.first.repayment.date"
        raise refused(code, "The first repayment would be before the money.", "actualDisbursementDate")


def _write_schedule(rows: Rows, loan: Loan, amount_cents: int, day: date) -> None:
    for row in schedule(pricing(loan.product, loan.terms), amount_cents, day, loan.first_due):
        rows.execute(
            "INSERT INTO instalments (loan_id, number, from_on, due_on, principal, interest, met_on)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(loan.id, row.number, row.from_on.isoformat(), row.due_on.isoformat(), row.principal, row.interest),
            None if row.total else day.isoformat(),
        )


def _undo_disbursal(act: Act) -> Result:
    loan = find(act.rows, act.refs["loan"])
    if loan.status not in (wire.ACTIVE, wire.CLOSED, wire.OVERPAID):
        message = "Undo disbursal is not allowed for a loan that has not been disbursed."
        raise refused("error.msg.loan.undo.disbursal.account.is.not.active", message)
    for statement in (
        "DELETE FROM instalments WHERE loan_id = ?",
        "DELETE FROM loan_charges WHERE loan_id = ?",
        "UPDATE transactions SET is_reversed = 1 WHERE loan_id = ?",
        "UPDATE loans SET status = 200, disbursed_on = NULL, overpaid_cents = 0, ended_on = NULL,"
        " principal_cents = approved_cents WHERE id = ?",
    ):
        act.rows.execute(statement, loan.id)
    return changed(loan, {"status": wire.loan_status(wire.APPROVED), "actualDisbursementDate": ""})


def changed(loan: Loan, changes: dict[str, Any]) -> Result:
    """The answer to a command on a loan."""
    return wire.present(
        {
            "officeId": OFFICE,
            "clientId": loan.client_id,
            "loanId": loan.id,
            "resourceId": loan.id,
            "resourceExternalId": loan.external_id,
            "changes": changes,
        }
    )


def add_transaction(
    act: Act, loan: Loan, kind: int, day: date, amount_cents: int, *, balance_cents: int = 0, **parts: int
) -> int:
    """Write a transaction down, with how it was paid. Raises ApiError when its external id is taken."""
    external = act.fields.optional("externalId")
    if external and act.rows.value("SELECT 1 FROM transactions WHERE external_id = ?", external):
        message = f"Transaction with external id {external} already exists"
        raise duplicate("error.msg.loan.transaction.external.id.already.exists", message, "externalId")
    details = payment_details(act)
    number = act.rows.execute(
        "INSERT INTO transactions (loan_id, type, happened_on, amount_cents, principal, interest, fee, penalty,"
        " overpaid, balance_cents, external_id, details, receipt, idempotency_key, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(loan.id, kind, day.isoformat(), amount_cents),
        *(parts.get(part, 0) for part in ("principal", "interest", "fee", "penalty", "overpaid")),
        *(balance_cents, external, json.dumps(details), details.get("receiptNumber"), act.key, act.at),
    ).lastrowid
    if number is None:
        raise LookupError("a transaction that was just written has no number")
    return number


def payment_details(act: Act) -> dict[str, Any]:
    """How something was paid, as `paymentDetailData` shows it, with the note. Raises ApiError."""
    fields, details = act.fields, dict[str, Any]()
    if "paymentTypeId" in fields:
        number = fields.whole("paymentTypeId")
        name = act.rows.value("SELECT name FROM payment_types WHERE id = ?", number)
        if name is None:
            message = f"PaymentType with identifier {number} does not exist"
            raise missing("error.msg.payment.type.id.invalid", message, number)
        details["paymentType"] = {"id": number, "name": name}
    for parameter in PAYMENT:
        if parameter != "paymentTypeId" and parameter in fields:
            details[parameter] = fields.text(parameter, longest=1000 if parameter == "note" else 50)
    return details


def _in_state(act: Act, status: int, code: str) -> Loan:
    loan = find(act.rows, act.refs["loan"])
    if loan.status != status:
        raise wrong_state(code, loan)
    return loan


def wrong_state(code: str, loan: Loan) -> ApiError:
    return refused(code, f"Loan {loan.id} is {wire.LOAN_STATUSES[loan.status][1].lower()}.")


def _not_in_future(act: Act, parameter: str, code: str) -> date:
    day = act.fields.day(parameter)
    if day > act.today:
        raise refused(code, f"{parameter} cannot be in the future.", parameter)
    return day
