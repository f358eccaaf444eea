"""What a message leads to: read, looked up and walked as of now. Nothing is written here but a yes with its code.

A yes that moves money goes through the outbox as a turn on the phone does, in one unit of work with its code.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flows.kit import Gone
from flows.texting.route import Route
from flows.texting.spoken import fits
from flows.turn import SALTS_MAX, Need, Operation, Session, Turn, reference
from gateway.clock import day_start, local
from gateway.errors import Rejected
from gateway.facts.source import NobodyThere
from gateway.notices import values as say
from gateway.operations.outbox import (
    NAMESPACE,
    AlreadyOpen,
    AlreadyTaken,
    NotTheirs,
    ReferenceTaken,
    TurnRecord,
    intent_hash,
)
from gateway.store import customers
from gateway.texting import applicants, requests
from gateway.texting.confirming import CONFIRM, PREFIX
from gateway.texting.hands import Hands, Letter, Writer
from gateway.texting.joining import Joining
from gateway.texting.say import Answer, Say, of_screen
from gateway.texting.telling import Asked
from gateway.texting.walk import Said, Waits, session_of
from menus.keywords import Keyword
from menus.values import Clock as Moment

LONGEST_CODE = "482913"


class Decider:
    """`answer` is all there is to a message."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._joining = Joining(hands)

    async def answer(self, letter: Letter) -> Answer:
        """Decide what to say and to do; what moves money is committed here, once, by its turn's own record."""
        try:
            return await self._answer(letter)
        except NobodyThere:
            return Answer([Say("texting.stranger", daily=True)])
        except NotTheirs as gone:
            return Answer([Say("texting.said", {"said": self._said(f"wrong.{gone.reason}", "")})])

    async def _answer(self, letter: Letter) -> Answer:
        intent = letter.intent
        writer = await self._writer(intent)
        match intent["read"]:
            case "command":
                return await self._command(letter, writer)
            case "code":
                return await self._code(letter, writer)
            case "incomplete" if (keyword := self._keyword(intent)) is not None:
                values = {"example": keyword.example.get(writer.language) or next(iter(keyword.example.values()))}
                return Answer([Say("texting.incomplete", values, writer.language)])
            case "secret":
                return Answer([Say("texting.pinsent", {}, writer.language, daily=True)])
            case _:
                return Answer([Say("texting.unknown", {}, writer.language, daily=True)])

    async def _writer(self, intent: Mapping[str, Any]) -> Writer:
        line, need = intent["msisdn"], Need("customer")
        customer = (await self._hands.facts.gather(frozenset({need}), line))[need]
        catalogue = self._hands.menus.catalogue
        code = self._hands.short_codes.language(intent)
        language = customer.language if customer else intent.get("language") or code or catalogue.default_language
        return Writer(line, customer, language)

    def _keyword(self, intent: Mapping[str, Any]) -> Keyword | None:
        """None for one that was taken away meanwhile."""
        return self._hands.menus.catalogue.keywords.by_name.get(intent["keyword"])

    async def _command(self, letter: Letter, writer: Writer) -> Answer:
        keyword = self._keyword(letter.intent)
        if keyword is None:
            return Answer([Say("texting.unknown", {}, writer.language, daily=True)])
        if writer.customer is not None and writer.customer.is_paused and keyword.name not in {"stop", "start", "help"}:
            return Answer([Say("texting.said", {"said": self._said("wrong.paused", writer.language)})])
        member = writer.customer if writer.customer is not None and writer.customer.is_member else None
        if keyword.tells == "join" and member is None:
            answer = await self._joining.asked(letter, Writer(writer.line, writer.customer, letter.intent["language"]))
            if answer is not None:
                return answer
        if keyword.tells:
            asked = Asked(writer.line, keyword, letter.intent["given"], member, writer.language)
            return await self._hands.tellers.by_name[keyword.tells](asked)
        if member is None:
            return Answer([Say("texting.stranger", {}, writer.language, daily=True)])
        return await self._walked(letter, writer, Route(keyword, letter.intent["given"]))

    async def _walked(self, letter: Letter, writer: Writer, route: Route) -> Answer:
        session_id = session_of(letter.id)
        found = await self._hands.walker.walk(writer.line, route, session_id, letter.intent["provider"])
        if isinstance(found, Said):
            return Answer([self._screen(found.words, writer, is_end=found.is_end)])
        if await self._is_locked(found):
            return Answer([Say("texting.locked")])
        if await self._is_too_much(found):
            return Answer([Say("texting.limit", {"max": say.ksh(self._hands.settings.day_limit * 100)})])
        return self._question(found, writer)

    def _screen(self, words: str, writer: Writer, *, is_end: bool) -> Say:
        return of_screen(words, self._hands.menus.catalogue, writer.language, is_end=is_end)

    async def _is_locked(self, waits: Waits) -> bool:
        """No code stands for a PIN that is locked; what asks for none may go on: a locked PIN never stops a debt being
        paid."""
        if not waits.is_secret:
            return False
        async with self._hands.store.read() as connection:
            customer = await customers.get(connection, waits.session.customer)
        return bool(customer.pin_locked_until > self._hands.clock())

    async def _is_too_much(self, waits: Waits) -> bool:
        since, settings = day_start(self._hands.clock()), self._hands.settings
        async with self._hands.store.read() as connection:
            moved = await requests.moved_cents(connection, waits.session.customer, since)
        return moved + waits.amount_cents > settings.day_limit * 100

    def _question(self, waits: Waits, writer: Writer) -> Answer:
        """What has to be seen, then what the code is for; too long for one message, that comes before it too."""
        catalogue = self._hands.menus.catalogue
        values = {"what": waits.question, "code": LONGEST_CODE, "by": Moment(local(self._hands.clock()))}
        is_short = fits(catalogue.message(writer.language, "texting.otp", values))
        before = waits.before if is_short else (*waits.before, waits.question)
        about = {
            "session": msgspec.to_builtins(waits.session),
            "answer": waits.answer,
            "question": waits.question if is_short else "",
            "before": list(before),
            "bound": bound_to(writer.line, waits.operations),
            "amount_cents": waits.amount_cents,
        }
        return Answer((), "ask", about)

    async def _code(self, letter: Letter, writer: Writer) -> Answer:
        match letter.intent["verdict"]:
            case "ok":
                return await self._confirmed(letter, writer)
            case "wrong":
                return Answer([Say("texting.wrong", {"tries": letter.intent["tries"]}, writer.language)])
            case _:
                return Answer([Say("texting.over", {}, writer.language)])

    async def _confirmed(self, letter: Letter, writer: Writer) -> Answer:
        """The yes: the same turn as of now; it must come to just what the code was sent for."""
        async with self._hands.store.read() as connection:
            request = await requests.get(connection, letter.intent["request"])
        if request is not None and request.answer == applicants.PURPOSE:
            return await self._joining.confirmed(letter, writer, request)
        is_theirs = writer.customer is not None and request is not None and request.customer_id == writer.customer.id
        if request is None or not is_theirs or request.msisdn != writer.line:
            return Answer([Say("texting.over")])
        session = requests.session_of(request)
        for salt in range(SALTS_MAX):
            turn = await self._hands.walker.yes(writer.line, session, request.answer, salt)
            if not turn.operations:
                break
            try:
                return await self._accepted(letter, writer, request, turn)
            except ReferenceTaken:
                continue
        return Answer([Say("texting.over")])

    async def _accepted(self, letter: Letter, writer: Writer, request: requests.Request, turn: Turn) -> Answer:
        hands, session = self._hands, turn.session
        identity = str(uuid.uuid5(NAMESPACE, f"{request.session_id}:{CONFIRM}"))
        bound = bound_to(writer.line, turn.operations)
        intent = {"request": request.session_id, "bound": bound}
        confirm = Operation(identity, CONFIRM, reference(PREFIX, identity), session.customer, intent)
        snapshot = hands.walker.snapshot(turn, writer.line, letter.intent["provider"])
        record = TurnRecord(session.id, session.turn, f"texting:{session.id}", "", snapshot)
        words = turn.screen.text
        try:
            await hands.outbox.accept(record, (confirm, *turn.operations), writer.line)
        except AlreadyTaken as taken:
            words = taken.stored.reply
        except AlreadyOpen as held:
            return await self._under_way(writer, requests.session_of(request), held)
        except Rejected as refused:
            return Answer([self._refused(refused.code)])
        return Answer([self._screen(words, writer, is_end=True)])

    async def _under_way(self, writer: Writer, session: Session, held: AlreadyOpen) -> Answer:
        """It is under way already: say that, do nothing a second time."""
        try:
            words = await self._hands.walker.shown(writer.line, session, "resume.accepted", {"loan": held.about})
        except Gone:
            return Answer([Say("texting.over")])
        return Answer([self._screen(words, writer, is_end=True)])

    def _refused(self, code: str) -> Say:
        if code == "limit":
            return Say("texting.limit", {"max": say.ksh(self._hands.settings.day_limit * 100)})
        return Say("texting.locked" if code == "locked" else "texting.over")

    def _said(self, key: str, language: str) -> str:
        catalogue = self._hands.menus.catalogue
        return catalogue.words(language, key).text.filled({}, catalogue.language(language))


def bound_to(line: str, operations: Sequence[Operation]) -> str:
    """The sender and the exact operations as one number: whoever confirms, confirms that."""
    content = [[each.kind, dict(each.intent), each.exclusive] for each in operations]
    return intent_hash("texting", {"line": line, "operations": content})
