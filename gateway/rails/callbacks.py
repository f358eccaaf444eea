"""What a rail tells us by itself: recorded raw first, tied to our own request, applied once.

Early, late, twice, out of order, forged: one rule. A callback changes the request row and wakes its operation, in
one unit of work; what it means for money is decided by the operation. When SQL is down it is spooled to disk and
answered all the same, because the rail will not send it again.
"""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as phone_of
from flows.turn import Operation, reference
from gateway.clock import DAY_MS, Clock
from gateway.errors import NotACallback
from gateway.metrics import ALARMS, CALLBACKS
from gateway.operations import queue
from gateway.operations.outbox import NAMESPACE, Outbox
from gateway.operations.playbook import Playbook
from gateway.rails import matching, requests
from gateway.rails.contract import Rail, Received, Result
from gateway.rails.requests import RailRequest
from gateway.store import callbacks as kept
from gateway.store import cases, payments
from gateway.store.engine import Store

DOUBT_MS = 600_000
NAME_CHARACTERS_MAX = 14
SHOWN_CHARACTERS_MAX = 100
CODE_CHARACTERS_MAX = 16
STEPS = {"stk": "prompt", "b2c": "disburse", "reversal": "reverse"}
LISTED, BOOKED = "list", "post"
"""Where `payment.received` begins: what is in doubt with a question to the rail, all else with being booked."""
UNCLEAR = "unclear payment"
"""The topic of a case."""
ABOUT = {"stk": "stk", "b2c": "b2c", "reversal": "reversal"}
"""What a path is about, by how it begins; a question's path is about whatever was asked."""
BOOKED_TWICE, PAID_AGAIN = "booked twice", "paid again"

Joins = Callable[[AsyncConnection, RailRequest, str, int], Awaitable[bool]]
"""Takes back what was booked for itself under the receipt that a prompt has got since, in the unit of work that hears
of it; whether it could. Given the request, the receipt and the moment (ms)."""

Taker = Callable[[AsyncConnection, "Callback", Mapping[str, Any]], Awaitable[str]]
"""Takes the answer to a question that is none of our requests, in the unit of work that records it; its verdict."""

log = structlog.get_logger("callback")


@dataclass(frozen=True, slots=True)
class Callback:
    """One request of the rail. `token` is the per-request part of its path, empty where there is none."""

    purpose: str
    token: str
    body: str
    source: str
    received_at: int


class RailCallbacks:
    """Raises Unavailable when the database cannot take it, NotACallback when the body is none."""

    def __init__(
        self,
        rail: Rail,
        store: Store,
        outbox: Outbox,
        playbooks: Mapping[str, Playbook],
        clock: Clock,
        *,
        joins: Joins,
        doubt_ms: int = DOUBT_MS,
        shortcodes: frozenset[str] | None = None,
    ) -> None:
        """`doubt_ms`: how long a payment that contradicts a request of ours, or may be one of several, waits for the
        request's answer before the rail's list is asked.
        `shortcodes`: which a confirmation may name; without, any."""
        self._rail = rail
        self._store = store
        self._outbox = outbox
        self._playbooks = playbooks
        self._clock = clock
        self._joins = joins
        self._doubt_ms = doubt_ms
        self._shortcodes = shortcodes
        self.takers: dict[str, Taker] = {}

    async def receive(self, callback: Callback) -> None:
        """Record and apply. Taking the same callback again changes nothing."""
        body = _parsed(callback.body)
        taker = self.takers.get(callback.purpose)
        news = self._rail.parse_callback(callback.purpose, body) if taker is None else None
        async with self._store.begin() as connection:
            if taker is not None:
                verdict, operation_id = await taker(connection, callback, body), None
            elif isinstance(news, Received):
                verdict, operation_id = await self._confirmed(connection, news)
            else:
                assert news is not None
                verdict, operation_id = await self._told(connection, callback, news)
            await kept.recorded(
                connection,
                rail=self._rail.name,
                operation_id=operation_id,
                verdict=verdict,
                **asdict(callback),
            )
        self._outbox.news.set()
        CALLBACKS.labels(self._rail.name, callback.purpose, verdict).inc()
        log.info("callback", rail=self._rail.name, purpose=callback.purpose, verdict=verdict)

    async def found(self, connection: AsyncConnection, news: Received, door: str) -> tuple[str, str | None]:
        """A payment that another list of the rail names, taken in the caller's unit of work as its confirmation would
        be: what it came to, and the operation it belongs to. `door` is where it was seen."""
        return await self._received(connection, news, door)

    async def vouched(self, connection: AsyncConnection, request: RailRequest, result: Result, door: str) -> str:
        """What another list of the rail proves of a request of ours, locked by the caller, taken likewise."""
        return await self._applied(connection, request, result, door)

    async def _confirmed(self, connection: AsyncConnection, news: Received) -> tuple[str, str | None]:
        """Money on a shortcode that is not ours is not ours to book: a person looks where it comes from."""
        if self._shortcodes is None or news.shortcode in self._shortcodes:
            return await self._received(connection, news, "confirmation")
        evidence = {"receipt": news.receipt, "shortcode": news.shortcode, "amount_cents": news.amount_cents}
        await self._case(connection, f"{news.shortcode}:{news.receipt}", "other shortcode", evidence)
        return "forged", None

    async def _case(
        self, connection: AsyncConnection, about: str, topic: str, evidence: Mapping[str, Any], *,
        operation_id: str | None = None,
    ) -> None:  # fmt: skip
        """One for each thing that it is about, however often that is told."""
        now, identity = self._clock(), case_id(about, topic)
        await cases.opened(
            connection, identity, reference("CS", identity), topic, evidence=evidence, operation_id=operation_id,
            answer_by=now + DAY_MS, now=now,
        )  # fmt: skip

    async def _told(self, connection: AsyncConnection, callback: Callback, result: Result) -> tuple[str, str | None]:
        request = await self._request(connection, callback, result)
        if request is None:
            return "forged", None
        verdict = await self._applied(connection, request, result, _door(callback.purpose))
        return verdict, request.operation_id

    async def _request(self, connection: AsyncConnection, callback: Callback, result: Result) -> RailRequest | None:
        """By the request's own path; where the path has none, by our id in the body. Locked: one callback at a time."""
        if callback.token:
            request = await requests.by_token(connection, callback.token)
            is_about_another = request and ABOUT.get(callback.purpose.partition("/")[0], request.kind) != request.kind
            names_another = callback.purpose.startswith("b2c") and request and result.our_id not in {None, request.id}
            return None if names_another or is_about_another else request
        return await requests.by_id(connection, result.our_id, lock=True) if result.our_id else None

    async def _applied(self, connection: AsyncConnection, request: RailRequest, result: Result, door: str) -> str:
        """Settle the request and move its operation: woken, brought back, or handed to a person.

        The operation is locked too: a worker that is about to let it wait or park it commits first, or sees the news.
        """
        now = self._clock()
        verdict = await requests.settled(connection, request, result, door, now)
        if verdict == "nothing" and request.kind == "reversal":  # there is nobody to ask: a person goes by what it said
            await requests.noted(connection, request.id, result_code=result.code[:CODE_CHARACTERS_MAX])
        await queue.find(connection, request.operation_id, lock=True)
        if verdict in {"late", "contradiction"}:
            await self._alarmed(connection, request, verdict, result)
        if verdict == "contradiction" and request.is_vouched and request.kind == "stk" and result.receipt:
            await self._unasked(connection, self._as_received(request, result, now), doubt=request.account_reference)
        if verdict == "late":
            await self._reopened(connection, request, now)
        if verdict in {"late", "applied"}:
            await queue.unpark(connection, request.operation_id, now)
        if verdict == "repeated" and result.receipt:
            await self._receipted(connection, request, result.receipt)
        await queue.wake(connection, request.operation_id, now)
        return verdict

    async def _receipted(self, connection: AsyncConnection, request: RailRequest, receipt: str) -> None:
        """Keep the receipt with the money. Where that was booked for itself meanwhile, under whatever account its
        confirmation named, it is in our books twice: what waits in suspense is taken back, else by a person."""
        if await payments.receipt_filled(connection, request.operation_id, receipt):
            return
        if await self._joins(connection, request, receipt, self._clock()):
            return
        evidence = {"receipt": receipt, "amount_cents": request.paid_cents, "bookedAs": request.account_reference}
        await self._case(connection, f"{request.id}:{receipt}", BOOKED_TWICE, evidence)

    async def _received(self, connection: AsyncConnection, news: Received, door: str) -> tuple[str, str | None]:
        """A payment confirmed: one we asked for, one we know, or money that came by itself."""
        await payments.arriving(connection)
        request, others = await self._asked_for(connection, news)
        if request is not None and _is_of(news, request):
            result = Result("done", "0", "paid", "confirmed", receipt=news.receipt, amount_cents=request.amount_cents)
            return await self._applied(connection, request, result, door), request.operation_id
        if paid := await payments.by_receipt(connection, news.shortcode, news.receipt):
            return await self._known(connection, news, paid.operation_id, door), None
        if typed := await requests.typed(connection, news.receipt):
            return await self._known(connection, news, typed.operation_id, door), None
        if request is not None and request.may_be_paid:
            return await self._doubted(connection, (request,), news), request.operation_id
        vouched = request if request is not None and request.is_vouched else await self._vouched(connection, news)
        if vouched is not None:
            return await self._contradicted(connection, vouched, news), vouched.operation_id
        if others:
            await self._unclear(connection, news, len(others))
            return await self._doubted(connection, others, news), None
        return await self._unasked(connection, news)

    async def _known(self, connection: AsyncConnection, news: Received, operation_id: str, door: str) -> str:
        """Booked before, or just about to be. Where people have typed this receipt, it is proven now, or somebody
        else's."""
        request = await requests.of_operation(connection, operation_id)
        if request is None or not request.is_vouched or request.receipt != news.receipt:
            return "repeated"
        seen = matching.Seen(news.receipt, news.amount_cents, news.at, payer=news.payer)
        candidate = replace(requests.candidate_of(request, request.sent_at or request.created_at), receipt=None)
        if matching.may_be(seen, candidate):
            await requests.noted(connection, request.id, settled_by=door)
            return "repeated"
        evidence = {
            "receipt": news.receipt, "amount_cents": news.amount_cents, "account": news.account, "payer": news.payer,
            "bookedAs": request.account_reference,
        }  # fmt: skip
        await self._case(connection, f"{news.shortcode}:{news.receipt}", "receipt of another", evidence)
        return "contradiction"

    async def _vouched(self, connection: AsyncConnection, news: Received) -> RailRequest | None:
        """A prompt that people have settled with another receipt and that this may be, whatever account it names: they
        may have meant a payment that the same person made by hand."""
        if not matching.shows(news.payer):
            return None
        since, until = news.at - DAY_MS, news.at + matching.SLACK_MS
        settled = await requests.vouched(connection, news.amount_cents, since, until)
        return next((each for each in settled if matching.agrees(news.payer, each.msisdn)), None)

    async def _contradicted(self, connection: AsyncConnection, request: RailRequest, news: Received) -> str:
        """Held, never credited: it may be the money that has been booked already under a receipt that was typed."""
        result = Result("done", "0", "paid", "confirmed", receipt=news.receipt, amount_cents=news.amount_cents)
        await self._alarmed(connection, request, "contradiction", result)
        await self._unasked(connection, news, doubt=request.account_reference)
        return "contradiction"

    async def _asked_for(
        self, connection: AsyncConnection, news: Received
    ) -> tuple[RailRequest | None, Sequence[RailRequest]]:
        """By the account, which is our reference, however it came out; where none came, by all that is shown. Beside
        it, where that may be one of several, these."""
        for account in dict.fromkeys((news.account, matching.plain(news.account))):
            if account and (request := await requests.by_account(connection, account)):
                return request, ()
        if news.account.strip():
            return None, ()  # it names something else
        if known := await requests.by_receipt(connection, news.receipt):
            return (None if known.is_vouched else known), ()  # a receipt that was typed is compared with all else
        if await payments.is_known(connection, news.shortcode, news.receipt):
            return None, ()  # told again, and no word of whose it is
        since, until = news.at - DAY_MS, news.at + matching.SLACK_MS
        open_requests = await requests.unreceipted(connection, news.amount_cents, since, until)
        candidates = [requests.candidate_of(each, each.sent_at or each.created_at) for each in open_requests]
        seen = matching.Seen(news.receipt, news.amount_cents, news.at, payer=news.payer)
        found = matching.match(seen, candidates)
        fits = {each.id for each in found.fits}
        fitting = [each for each in open_requests if each.id in fits]
        if found.found is not None:
            return fitting[0], ()
        return None, fitting if found.why == "several" else ()

    async def _unclear(self, connection: AsyncConnection, news: Received, fits: int) -> None:
        """A payment that may be one of several requests: unless the rail says which, a person finds out."""
        evidence = {"receipt": news.receipt, "amount_cents": news.amount_cents, "fits": fits}
        await self._case(connection, f"{news.shortcode}:{news.receipt}", UNCLEAR, evidence)

    async def _doubted(self, connection: AsyncConnection, asked: Sequence[RailRequest], news: Received) -> str:
        """Our reference with another amount while we wait for an answer or receipt: told wrongly, or somebody else's.
        Or one of several requests.

        These ask the rail at once; what it has not claimed for them once they are settled is booked for itself.
        """
        for request in asked:
            await queue.wake(connection, request.operation_id, self._clock())
        await self._unasked(connection, news, asked=[request.id for request in asked])
        return "mismatch"

    async def _unasked(
        self, connection: AsyncConnection, news: Received, *, doubt: str = "", asked: Sequence[str] = ()
    ) -> tuple[str, str]:
        """Queue the booking of a payment nobody was asked for; its receipt makes it one. `doubt`: what it may have been
        booked as already, so that it is held whatever it names. `asked`: the requests that it may turn out to be; their
        answer is waited for, and the rail is asked about it, before it is booked."""
        identity = received_id(news.shortcode, news.receipt)
        intent = {
            "receipt": news.receipt, "amount_cents": news.amount_cents, "account": news.account, "at": news.at,
            "payer": phone_of(news.payer) or "",  # told plainly, or nobody we could tell
            "shown": "" if phone_of(news.payer) else news.payer[:SHOWN_CHARACTERS_MAX],
        }  # fmt: skip
        if doubt:
            intent["doubt"] = doubt
        if asked:
            intent["asked"] = list(asked)
        operation = Operation(identity, payments.RECEIVED, self._named(news, identity), "", intent)
        delay_ms, step = (self._doubt_ms, LISTED) if asked else (None, BOOKED)
        fresh = await self._outbox.put(connection, operation, delay_ms=delay_ms, step=step)
        return ("applied" if fresh else "repeated"), identity

    def _as_received(self, request: RailRequest, result: Result, now: int) -> Received:
        """What its confirmation will say."""
        cents = request.amount_cents if result.amount_cents is None else result.amount_cents
        account = request.account_reference
        return Received(result.receipt or "", self._rail.shortcode, cents, account, request.msisdn, now)

    def _named(self, news: Received, identity: str) -> str:
        """By its receipt, where that is short enough and ours; no two have the same name."""
        is_plain = news.shortcode == self._rail.shortcode and len(news.receipt) <= NAME_CHARACTERS_MAX
        name = news.receipt if is_plain else identity.replace("-", "").upper()
        return f"RC{name[:NAME_CHARACTERS_MAX]}"

    async def _reopened(self, connection: AsyncConnection, request: RailRequest, now: int) -> None:
        """Money after a refusal: the operation goes on where a success would have led it.

        Still at the rail's own step it has not acted on the refusal yet, and will find the success there.
        """
        row = await queue.find(connection, request.operation_id, lock=True)
        if row.is_open and row.step == STEPS[request.kind]:
            return
        settled = await requests.by_id(connection, request.id)
        assert settled is not None
        data = {**row.data, "receipt": settled.receipt, "paid_cents": settled.paid_cents, "paid_at": now}
        if settled.public_name:
            data["public_name"] = settled.public_name
        step = self._playbooks[row.kind].after(STEPS[request.kind]) or row.step
        await queue.reopen(connection, row.id, step=step, data=data, now=now)

    async def _alarmed(self, connection: AsyncConnection, request: RailRequest, verdict: str, result: Result) -> None:
        """A person must look: the rail has contradicted itself, or people. Each further receipt is a case."""
        after_payment = PAID_AGAIN if result.kind == "done" else "refused after payment"
        topic = "paid after refusal" if verdict == "late" else after_payment
        ALARMS.labels(topic).inc()
        log.error("contradiction", topic=topic, operation=request.account_reference, code=result.code)
        about = f"{request.id}:{result.receipt}" if topic == PAID_AGAIN else request.id
        evidence = {
            "code": result.code, "receipt": result.receipt, "state": request.state, "known": request.receipt,
            "settledBy": request.settled_by,
        }  # fmt: skip
        await self._case(connection, about, topic, evidence, operation_id=request.operation_id)


def case_id(about: str, topic: str) -> str:
    """Of the case that people have of it."""
    return str(uuid.uuid5(NAMESPACE, f"{about}:{topic}"))


def received_id(shortcode: str, receipt: str) -> str:
    """Of the operation that books a payment nobody was asked for."""
    return str(uuid.uuid5(NAMESPACE, f"received:{shortcode}:{receipt}"))


def unclear_case(shortcode: str, receipt: str) -> str:
    """The id of the case of a payment that may be one of several requests."""
    return case_id(f"{shortcode}:{receipt}", UNCLEAR)


def _is_of(news: Received, request: RailRequest) -> bool:
    """Whether a payment is the one we asked for. Anybody may type our reference at the paybill, with any amount."""
    if request.receipt is not None:
        return request.receipt == news.receipt
    return request.paid_cents == news.amount_cents


def _door(purpose: str) -> str:
    return "status" if purpose.startswith("status") else "callback"


def _parsed(body: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotACallback("body is not JSON") from error
    if not isinstance(parsed, dict):
        raise NotACallback("body is not an object")
    return parsed
