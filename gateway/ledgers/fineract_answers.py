"""What Fineract answers: a command's result, one of its refusals, or a loan, in our own values.

    HTTP 403
    {"httpStatusCode": "403", "userMessageGlobalisationCode": "validation.msg.domain.rule.violation",
     "errors": [{"userMessageGlobalisationCode": "error.msg.loan.transaction.cannot.be.a.future.date"}]}

Dates are arrays, amounts decimals of up to six places, and HTTP 200 without a `resourceId` means that nothing was done.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from flows.text import msisdn as phone_of
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ledgers.contract import (
    Booking,
    Busy,
    Client,
    CoreLoan,
    CoreSavings,
    Instalment,
    Posted,
    Refusals,
    Status,
    Waiting,
)
from gateway.ledgers.wire import AWAY_STATUSES, Reply, cents
from gateway.lending.allocation import Parts

SERVED_FROM_CACHE = "x-served-from-cache"
CODE_CHARACTERS_MAX = 80

STATUSES: Mapping[int, Status] = {
    100: "submitted", 200: "approved", 300: "active", 303: "active", 304: "active", 400: "withdrawn", 500: "rejected",
    600: "closed", 601: "written_off", 602: "closed", 700: "overpaid",
}  # fmt: skip
KINDS: Mapping[int, Literal["disbursement", "repayment"]] = {1: "disbursement", 2: "repayment"}


def posted(reply: Reply, ident: str = "resourceId") -> Posted:
    """What a command made. Raises Waiting, Rejected, Unavailable or Uncertain."""
    demand_done(reply)
    made = reply.fields.get(ident) or reply.fields.get("resourceId")
    if reply.fields.get("rollbackTransaction") is True or made is None:
        raise Waiting("the core waits for a second person", command=reply.fields.get("commandId"))
    return Posted(str(made), is_repeat=is_cached(reply))


def is_cached(reply: Reply) -> bool:
    return str(reply.headers.get(SERVED_FROM_CACHE, "")).lower() == "true"


def demand_done(reply: Reply) -> None:
    """Raises whatever else an answer to a command is.

    A failure that is kept under our key comes back for ever: `Refusals.STORED` says that another key is needed,
    once it has been looked whether the command was carried out after all.
    """
    if reply.is_good and isinstance(reply.body, dict):
        return
    code = code_of(reply)
    evidence: dict[str, object] = {"status": reply.status, "error": code}
    if reply.status == 401:
        raise Unavailable("the core refuses our credentials or tenant", **evidence)
    if reply.status in {405, 503}:
        raise Unavailable("the core does not take commands now", **evidence)
    if reply.status == 409 and not _is_running(code):
        raise Rejected("the core was busy with this account", Refusals.STORED, **evidence)
    if reply.status in {409, 425}:
        raise Busy("the core is still working on this very command", **evidence)
    if is_cached(reply):
        raise Rejected("the core keeps an earlier failure of this command", Refusals.STORED, **evidence)
    if reply.status in AWAY_STATUSES or reply.status >= 500 or not 400 <= reply.status < 500:
        raise Uncertain("the core failed, and does not say what became of the command", **evidence)
    if _is_duplicate(code):
        raise Rejected("the core has something under this id", Refusals.DUPLICATE, **evidence)
    if reply.status == 404:
        raise Rejected("the core does not know this", Refusals.UNKNOWN, **evidence)
    raise Rejected(f"the core refuses: {code or reply.status}", code or str(reply.status), **evidence)


def read(reply: Reply) -> Any | None:
    """The body of a reading; None where there is no such thing. Raises Unavailable otherwise."""
    if reply.is_good and reply.body is not None:
        return reply.body
    if reply.status == 404:
        return None
    raise Unavailable("the core does not let us read", status=reply.status, error=code_of(reply))


def code_of(reply: Reply) -> str:
    """The code that says what is wrong: of the first detail where there is one. Its texts may name people."""
    details = reply.fields.get("errors")
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    top = reply.fields.get("userMessageGlobalisationCode")
    return str(first.get("userMessageGlobalisationCode") or top or "")[:CODE_CHARACTERS_MAX]


def _is_duplicate(code: str) -> bool:
    low = code.lower()
    return "duplicate" in low or ("external" in low and "already" in low)


def _is_running(code: str) -> bool:
    return "under.processing" in code or "in.progress" in code


def day(value: object) -> date:
    """`[2026, 3, 2]`."""
    if isinstance(value, list) and len(value) == 3 and all(isinstance(part, int) for part in value):
        try:
            return date(value[0], value[1], value[2])
        except ValueError as error:
            raise Uncertain("a date of the core does not exist") from error
    raise Uncertain("a date of the core could not be understood")


def client(row: Mapping[str, Any]) -> Client:
    return Client(
        str(row["id"]), str(row.get("externalId") or ""), phone_of(str(row.get("mobileNo") or "")) or "",
        str(row.get("displayName") or ""),
    )  # fmt: skip


def found_clients(rows: Sequence[Mapping[str, Any]], msisdn: str) -> list[str]:
    """Of a search, those whose whole number is the one we mean, each once: it finds whatever contains it."""
    return sorted({str(row["entityId"]) for row in rows if phone_of(str(row.get("entityMobileNo") or "")) == msisdn})


def loan(row: Mapping[str, Any], products: Mapping[int, str]) -> CoreLoan:
    status = STATUSES.get(int(row["status"]["id"]))
    if status is None:
        raise Uncertain("a loan of the core is in a state that we do not know", status=row["status"]["id"])
    periods = row.get("repaymentSchedule", {}).get("periods", [])
    return CoreLoan(
        id=str(row["id"]),
        external_id=str(row.get("externalId") or ""),
        client_id=str(row.get("clientId") or ""),
        product=products.get(int(row.get("loanProductId") or 0), ""),
        status=status,
        principal_cents=cents(row.get("approvedPrincipal") or row.get("principal")),
        overpaid_cents=cents(row.get("totalOverpaid")),
        schedule=tuple(_instalment(period) for period in periods if period.get("period")),
        bookings=tuple(_booking(each) for each in row.get("transactions", [])),
    )


def savings(row: Mapping[str, Any], client_id: str, products: Mapping[int, str]) -> CoreSavings:
    return CoreSavings(
        id=str(row["id"]),
        client_id=client_id,
        account=products.get(int(row.get("productId") or 0), ""),
        balance_cents=cents(row.get("accountBalance")),
        is_active=int(row.get("status", {}).get("id", 0)) == 300,
    )


def _instalment(period: Mapping[str, Any]) -> Instalment:
    names = ("penaltyCharges", "feeCharges", "interest", "principal")
    due = Parts(*(cents(period.get(f"{name}Due")) for name in names))
    outstanding = Parts(*(cents(period.get(f"{name}Outstanding")) for name in names))
    return Instalment(int(period["period"]), day(period["dueDate"]), due, due.minus(outstanding))


def _booking(row: Mapping[str, Any]) -> Booking:
    detail = row.get("paymentDetailData") or {}
    return Booking(
        id=str(row["id"]),
        external_id=str(row.get("externalId") or ""),
        kind=KINDS.get(int(row["type"]["id"]), "other"),
        on=day(row["date"]),
        amount_cents=cents(row.get("amount")),
        receipt=str(detail.get("receiptNumber") or ""),
        is_reversed=bool(row.get("manuallyReversed")),
    )
