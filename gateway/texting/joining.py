"""JOIN by SMS: whoever writes their name and identity number gets a code, and for the code an account.

It is the registration of the phone, with its operation, consents, refusals and words; only the PIN is chosen later, on
the phone. No message and no operation names the person in full before the account is open.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Organisation
from flows.turn import SALTS_MAX, Need, Operation, Session, Turn, operation_id, reference
from gateway.accounts.codes import PLACEHOLDER
from gateway.clock import local_date
from gateway.errors import BrokenInvariant, Rejected
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, AlreadyTaken, ReferenceTaken, TurnRecord, unspoken
from gateway.operations.playbook import Work
from gateway.texting import applicants, requests
from gateway.texting.applicants import JOIN, PREFIX, PURPOSE, Applicant, bound_to, holder_of
from gateway.texting.hands import Hands, Letter, Writer
from gateway.texting.requests import Request
from gateway.texting.say import Answer, Say
from menus.screen import Screen

TURN = 1
REGISTER, CASE = "customer.register", "case.open"


class Joining:
    """`asked` and `confirmed` decide; `issued` sends the code in the unit of work that ends the answer."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    async def asked(self, letter: Letter, writer: Writer) -> Answer | None:
        """What somebody without an account is answered; None where name or number are missing, or no codes are given
        out: how to join is explained then."""
        applicant = await self._applicant(letter)
        if applicant is None or not self._hands.settings.codes_a_day:
            return None
        if (refused := await self._refused(applicant, writer, letter)) is not None:
            return refused
        about = {"request": letter.intent.get("request", ""), "terms": self._terms_version()}
        return Answer((), "join", {**about, "person": say.short(_name(applicant, writer))})

    async def issued(
        self, connection: AsyncConnection, work: Work, about: dict[str, Any], leaves: Mapping[str, Any]
    ) -> Say | None:
        """The code, to the line that wrote; what to say instead, where there were enough of them today."""
        hands, line = self._hands, work.intent["msisdn"]
        request = await requests.get(connection, about["request"], lock=True)
        if request is None:
            raise BrokenInvariant("nobody asked to join", request=about["request"])
        applicant = await applicants.of(connection, request)
        bound = bound_to(line, applicant, about["terms"])
        try:
            code = await hands.codes.issued(
                connection, holder_of(line), PURPOSE, {"bound": bound}, minutes=hands.settings.code_minutes,
                a_day=hands.settings.codes_a_day,
            )  # fmt: skip
        except Rejected:
            return Say("texting.enough", {}, applicant.language)
        await requests.armed(connection, request.session_id, code_id=code.id, bound=bound, expires_at=code.expires_at)
        values = {"person": about["person"], "code": PLACEHOLDER, "by": say.clock(code.expires_at)}
        intent = {"template": "texting.join_otp", "to": line, "values": values, "language": applicant.language}
        identity = str(uuid.uuid5(NAMESPACE, f"{code.id}:sms"))
        name = unspoken("SM", identity)
        message = Operation(identity, "sms.send", name, work.customer_id, {**intent, "code": code.id, **leaves})
        await hands.outbox.put(connection, message, is_ours=True)
        return None

    async def confirmed(self, letter: Letter, writer: Writer, request: Request) -> Answer:
        """The yes: the account, its consents and the end of the code in one unit of work."""
        if request.used_at is not None and writer.is_member:
            return self._joined(writer, writer.customer.name if writer.customer else "")
        if writer.is_member or request.used_at is not None or request.msisdn != writer.line:
            return self._over(writer)
        async with self._hands.store.read() as connection:
            applicant = await applicants.of(connection, request)
        if (refused := await self._refused(applicant, writer, letter)) is not None:
            return refused
        try:
            await self._opened(letter, writer.line, request, applicant)
        except Rejected:
            return self._over(writer)
        return self._joined(writer, applicant.name)

    async def _opened(self, letter: Letter, line: str, request: Request, applicant: Applicant) -> None:
        """Raises Rejected when the code is not for just this."""
        terms = self._terms_version()
        person = {"language": applicant.language, "name": applicant.name, "id": applicant.national_id}
        confirm = {"request": request.session_id, "bound": bound_to(line, applicant, terms)}
        register = {**person, "terms_version": terms, "pin_later": True}
        wanted = ((JOIN, PREFIX, confirm), (REGISTER, "CU", register))
        await self._accepted(letter, line, request.session_id, wanted)

    async def _accepted(
        self, letter: Letter, line: str, session_id: str, wanted: tuple[tuple[str, str, dict[str, Any]], ...]
    ) -> None:
        """Commit it as a turn; one that was taken before changes nothing."""
        turn = Turn(Session(session_id, TURN, is_final=True), Screen("", is_final=True))
        snapshot = self._hands.walker.snapshot(turn, line, letter.intent["provider"])
        record = TurnRecord(session_id, TURN, f"texting:{session_id}", "", snapshot)
        for salt in range(SALTS_MAX):
            operations = tuple(_operation(session_id, kind, prefix, intent, salt) for kind, prefix, intent in wanted)
            try:
                return await self._hands.outbox.accept(record, operations, line)
            except AlreadyTaken:
                return None
            except ReferenceTaken:
                continue
        raise BrokenInvariant("no free reference")

    async def _applicant(self, letter: Letter) -> Applicant | None:
        """What was written; in a rehearsal it came with the message, for nothing is kept."""
        given, language = letter.intent["given"], letter.intent["language"]
        if "id" in given:
            return Applicant(given["name"], given["id"], language)
        async with self._hands.store.read() as connection:
            request = await requests.get(connection, letter.intent.get("request", ""))
            return None if request is None else await applicants.of(connection, request)

    async def _refused(self, applicant: Applicant, writer: Writer, letter: Letter) -> Answer | None:
        """As on the phone: a number that is not the one on the members' list, or is on another line."""
        number = applicant.national_id
        if writer.customer is not None:
            is_theirs = await self._fact(Need("id_matches", (number,)), writer.line)
            return None if is_theirs else self._said("wrong.known_id", writer)
        if not await self._fact(Need("id_taken", (number,)), writer.line):
            return None
        if "request" in letter.intent:
            await self._case(letter, writer.line, number)
        return self._said("register.taken", writer)

    async def _case(self, letter: Letter, line: str, number: str) -> None:
        """Somebody has to look at it; once a day for a line and a number, however often it is written."""
        day = local_date(self._hands.clock()).isoformat()
        session_id = uuid.uuid5(NAMESPACE, f"id in use:{line}:{number}:{day}").hex[:16]
        await self._accepted(letter, line, session_id, ((CASE, "CS", {"topic": "id in use", "said": number}),))

    def _terms_version(self) -> str:
        organisation: Organisation = self._hands.facts.computed["organisation"]()
        return organisation.terms_version

    async def _fact(self, need: Need, line: str) -> Any:
        return (await self._hands.facts.gather(frozenset({need}), line))[need]

    def _said(self, key: str, writer: Writer) -> Answer:
        catalogue = self._hands.menus.catalogue
        words = catalogue.words(writer.language, key).text.filled({}, catalogue.language(writer.language))
        return Answer([Say("texting.said", {"said": words}, writer.language)])

    def _joined(self, writer: Writer, name: str) -> Answer:
        return Answer([Say("texting.joined", {"first_name": say.first(name)}, writer.language)])

    def _over(self, writer: Writer) -> Answer:
        return Answer([Say("texting.over", {}, writer.language)])


def _name(applicant: Applicant, writer: Writer) -> str:
    """Whoever is on the members' list has given their name before."""
    return writer.customer.name if writer.customer is not None else applicant.name


def _operation(session_id: str, kind: str, prefix: str, intent: dict[str, Any], salt: int) -> Operation:
    identity = operation_id(session_id, TURN, kind)
    return Operation(identity, kind, reference(prefix, identity, salt), "", intent)
