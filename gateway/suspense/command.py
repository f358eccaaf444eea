"""`nyota suspense`: held payments from a terminal, by the operators' routes of a running gateway."""

import json
from collections.abc import Sequence
from typing import Any

from gateway.desk.remote import Office
from gateway.errors import Misconfigured
from gateway.terminal import printable

PAGE = 200


async def listed(desk: Office, state: str) -> Sequence[str]:
    """One line per payment, the newest first. Raises Rejected, Unavailable."""
    page = json.loads(await desk.fetched(f"/api/mpesa/suspense?state={state}&limit={PAGE}"))
    lines = [_line(each) for each in page["payments"]]
    more = ["... and older ones: GET /api/mpesa/suspense"] if page["cursor"] else []
    return [*lines, *more, f"{page['currency']} {page['waiting']} waiting in all"]


async def assigned(desk: Office, receipt: str, target: dict[str, str], *, by: str, why: str) -> str:
    """Ask for it to go there; a second person confirms. Raises Rejected, Unavailable."""
    said = await desk.asked(f"/api/mpesa/suspense/{receipt}/assign", {**target, "by": by, "why": why})
    return f"{said['reference']}: {said['receipt']} waits for a second person: nyota suspense confirm {said['receipt']}"


async def decided(desk: Office, receipt: str, *, is_yes: bool, by: str, why: str) -> str:
    """The second person's word. Raises Rejected, Unavailable."""
    act = "confirm" if is_yes else "decline"
    said = await desk.asked(f"/api/mpesa/suspense/{receipt}/{act}", {"by": by, "why": why})
    return f"{said['reference']}: {said['receipt']} {said['state']}"


def target_of(
    loan: str | None, wallet: str | None, *, refund: bool, phone: str | None, same: bool = False
) -> dict[str, str]:
    """Raises Misconfigured unless exactly one is named."""
    if sum((loan is not None, wallet is not None, refund, same)) != 1:
        raise Misconfigured("say one of --loan LN7K2QD, --wallet 0711000001, --refund, --same")
    if same:
        return {"to": "same"}
    if loan is not None:
        return {"to": "loan", "loan": loan}
    if wallet is not None:
        return {"to": "wallet", "phone": wallet}
    return {"to": "refund", **({"phone": phone} if phone else {})}


def _line(payment: dict[str, Any]) -> str:
    said = payment["assignment"]
    towards = f" -> {said['to']} {said['target']} by {said['by']}" if said else ""
    who = payment["payer"] or "nobody named"
    account = payment["account"] or "-"
    return printable(
        f"{payment['receipt']} {payment['at']} {payment['currency']} {payment['amount']}"
        f" from {who} for '{account}': {payment['state']}{towards}"
    )
