"""Who wants to join by SMS, while their code is waited for: a name and an identity number, bound to a line.

They wait where requests wait and are forgotten with them; once the account is open, at once.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, Session
from gateway.accounts.codes import Codes
from gateway.errors import Rejected
from gateway.operations.outbox import Context, Instant, intent_hash
from gateway.store import customers
from gateway.texting import requests
from gateway.texting.requests import Request

JOIN = "texting.join"
PURPOSE = "join"
PREFIX = "TJ"
MEMBER_STATES = frozenset({"active", "inactive"})


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants to join, in which language they wrote."""

    name: str
    national_id: str
    language: str


def holder_of(line: str) -> str:
    """Whose the codes of a line are that has no account."""
    return f"line:{line}"


def bound_to(line: str, applicant: Applicant, terms_version: str) -> str:
    """What the code is for: this line, this name and number, and this wording."""
    content = {"line": line, "name": applicant.name, "id": applicant.national_id, "language": applicant.language}
    return intent_hash(PURPOSE, {**content, "terms": terms_version})


async def noted(connection: AsyncConnection, line: str, session_id: str, applicant: Applicant, now: int) -> None:
    """Keep who wants to join in the unit of work that keeps their message; it comes to nothing without a code."""
    data = {"name": applicant.name, "id": applicant.national_id, "language": applicant.language}
    session = Session(session_id, customer=holder_of(line), data=data)
    await requests.noted(
        connection, session, msisdn=line, code_id="", answer=PURPOSE, bound="", amount_cents=0, expires_at=0,
        created_at=now,
    )  # fmt: skip


async def of(connection: AsyncConnection, request: Request) -> Applicant:
    """As of now: whoever is on the members' list goes by the name there."""
    data: dict[str, Any] = requests.session_of(request).data
    listed = await customers.on_line(connection, request.msisdn)
    return Applicant(listed.name if listed is not None else data["name"], data["id"], data["language"])


class Applications:
    """Given to the outbox as an instant."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    def handlers(self) -> dict[str, Instant]:
        return {JOIN: self.join}

    async def join(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Use the code up for just this person on this line, and forget them here. Raises Rejected with `code`."""
        request = await requests.get(connection, operation.intent["request"], lock=True)
        is_for_this = request is not None and (request.msisdn, request.bound) == (
            context.msisdn,
            operation.intent["bound"],
        )
        if request is None or not is_for_this or request.used_at is not None:
            raise Rejected("no request to join waits for this", "code")
        holder, content = holder_of(context.msisdn), {"bound": request.bound}
        await self._codes.use(connection, holder, PURPOSE, content, request.session_id)
        await requests.used(connection, request.session_id, context.now)
        await requests.emptied(connection, request.session_id)
