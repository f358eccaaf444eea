"""The two steps that speak to a rail: raise a prompt for money, pay money out. Both ask rather than send again.

Before anything is sent the request row says so; a worker that finds it sent and unanswered, after a crash or a
timeout, asks. For a prompt only the query, the callback and the rail's own list of payments are proof; a pay-out
may be probed with its own id, because the rail provably refuses a second one.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import MINUTE_MS, Clock
from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.operations.outcome import Accepted, Done, Later, Outcome, Park, Refused, Retry, Unsure
from gateway.operations.playbook import Work
from gateway.operations.settle import doubling_ms
from gateway.rails import pauses, requests
from gateway.rails.contract import AskStatus, Collect, Disburse, Held, Rail, Result, Words
from gateway.rails.pauses import Direction, Pause
from gateway.rails.proof import Call, Seen, answer_of, following
from gateway.rails.requests import RailRequest, Wanted
from gateway.restoring import records
from gateway.store.engine import Store

RECEIPT_QUESTIONS = 3
"""How often to look for the receipt of a payment that the query calls done, before it is booked without."""

AWAY = "rail_away_ms"
"""In the data of the work: how long the rail could not be asked."""

AWAY_TIMES = 3
"""So many times longer a rail that cannot be reached is asked before a person must decide: it will be back."""

UNSENT = "is_unsent"
"""In the data of the work that a slow notice gets: whether nothing has left us yet, so that nothing can have moved."""

log = structlog.get_logger("rail")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before asking, between questions, before the customer is told, before a person decides."""

    callback_ms: int
    ask_ms: int
    ask_max_ms: int
    slow_ms: int
    give_up_ms: int
    prompt_expires_ms: int

    def next_ask_ms(self, request: RailRequest) -> int:
        return doubling_ms(self.ask_ms, self.ask_max_ms, request.questions)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the rail calls back: one path per request below the public address and the callback token."""

    public_url: str
    token: str

    def of(self, purpose: str, request: RailRequest) -> str:
        return self.at(purpose, request.token)

    def at(self, purpose: str, own_token: str) -> str:
        """The path of a question that has a token of its own."""
        return f"{self.public_url}/api/public/pay/{self.token}/{purpose}/{own_token}"


MayLeave = Callable[[AsyncConnection, Work], Awaitable[bool]]
"""Whether money may still go to the phone that was written down, asked in the unit of work that would send it."""

SlowNotice = Callable[[AsyncConnection, Work, int], Awaitable[None]]
"""Tells the customer, once, that it takes long; called inside the unit of work, with the moment in ms."""


@dataclass(frozen=True, slots=True)
class OnHold(Later):
    """Not sent because people have paused the rail."""


class RailStep(ABC):
    """What both steps share: the request row, its settlement, and being told in time that it takes long."""

    name = "rail"
    direction: Direction

    def __init__(
        self, rail: Rail, store: Store, clock: Clock, patience: Patience, addresses: Addresses,
        wanted: Callable[[Work], Wanted], slow: SlowNotice, may_leave: MayLeave | None = None,
    ) -> None:  # fmt: skip
        self._may_leave = may_leave
        self._rail = rail
        self._store = store
        self._clock = clock
        self._patience = patience
        self._addresses = addresses
        self.wanted = wanted
        self._slow = slow

    async def attempt(self, work: Work) -> Outcome:
        """Send once, or ask what became of it. While the rail is paused nothing is sent, and all the same asked.

        What waited and may not leave any more is refused: nothing was sent.

        What is older than a restore may have been sent in the history that was forgotten: it is asked about first.
        """
        async with self._store.begin() as connection:
            request = await requests.opened(connection, work, self.wanted(work), self._clock())
            is_unsent = not request.is_settled and request.sent_at is None
            if is_unsent and await records.is_older(connection, work.created_at):
                request, is_unsent = await self._maybe_sent(connection, work, request), False
            pause = await pauses.on(connection, self._rail.name, self.direction) if is_unsent else None
            if is_unsent and pause is None and self._may_leave and not await self._may_leave(connection, work):
                await requests.called_off(connection, work, self.wanted(work), self._clock(), words="moved")
                return Refused("moved", "the line is not theirs any more")
            if is_unsent and pause is None:
                await requests.noted(connection, request.id, sent_at=self._clock())
        if request.is_settled:
            return outcome_of(request)
        if pause is not None:
            return self._waits(request, pause)
        return await self._sent(request) if is_unsent else await self._asked(request)

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """What the request says by now counts, not what it said when we looked: a refusal may have become a payment,
        and the pause may be over, whose end woke only those who were waiting.

        Waiting long is said once, also when nothing could be sent yet. Asking for ever is given up; time
        in which nobody was there to ask does not count, up to a few days.
        """
        request = await requests.by_id(connection, requests.request_id(work))
        if request is not None and request.is_settled:
            return outcome_of(request)
        if request is None or not isinstance(outcome, Accepted | Unsure | Retry | Later):
            return outcome
        if isinstance(outcome, OnHold) and await pauses.on(connection, self._rail.name, self.direction) is None:
            return Later(0, "resumed meanwhile")
        is_unsent = isinstance(outcome, Retry | Later)
        waited = now - (request.created_at if is_unsent else request.sent_at or now)
        away_ms = work.data.get(AWAY, 0)
        if isinstance(outcome, Unsure) and outcome.away_ms:
            away_ms += outcome.away_ms
            outcome = replace(outcome, data={AWAY: away_ms})
        patience_ms = self._patience.give_up_ms + min(away_ms, self._patience.give_up_ms * AWAY_TIMES)
        if waited >= patience_ms and not is_unsent:
            return Park("nobody could say what became of it", {"waited_ms": waited})
        if waited >= self._patience.slow_ms:
            await self._slow(connection, replace(work, data={**work.data, UNSENT: is_unsent}), now)
        return outcome

    async def _maybe_sent(self, connection: AsyncConnection, work: Work, request: RailRequest) -> RailRequest:
        """Taken to be sent and asked about, so that the next thing is a question."""
        sent_at = self._sent_at_latest(work)
        await requests.noted(connection, request.id, sent_at=sent_at, questions=1)
        return replace(request, sent_at=sent_at, questions=1)

    @abstractmethod
    def _sent_at_latest(self, work: Work) -> int:
        """The moment to go by where it is not known whether and when it was sent."""

    @abstractmethod
    async def _sent(self, request: RailRequest) -> Outcome:
        """Send it for the first time."""

    @abstractmethod
    async def _asked(self, request: RailRequest) -> Outcome:
        """Ask what became of it."""

    async def _noted(self, request: RailRequest, **values: object) -> None:
        async with self._store.begin() as connection:
            await requests.noted(connection, request.id, **values)

    async def _unsent(self, request: RailRequest, error: Unavailable) -> Outcome:
        """Provably nothing happened: it may be sent again."""
        await self._noted(request, sent_at=None)
        if isinstance(error, Held):
            return Later(error.in_ms, str(error))
        return Retry(str(error), error.evidence, is_outage=True)

    def _waits(self, request: RailRequest, pause: Pause) -> Outcome:
        return OnHold(pauses.hold_ms(pause, request.id, self._clock()), f"paused: {pause.reason}")

    async def _settled(self, request: RailRequest, result: Result, by: str) -> Outcome:
        async with self._store.begin() as connection:
            current = await requests.by_id(connection, request.id, lock=True)
            assert current is not None
            await requests.settled(connection, current, result, by, self._clock())
            settled = await requests.by_id(connection, request.id)
        assert settled is not None
        return outcome_of(settled) if settled.is_settled else self._keep_asking(settled, result.description)

    async def _counted(self, request: RailRequest) -> None:
        await self._noted(request, asked_at=self._clock(), questions=request.questions + 1)

    def _keep_asking(self, request: RailRequest, reason: str, *, is_away: bool = False) -> Outcome:
        """`request` as it was before this question: since the one before it nobody was there, if `is_away`."""
        now = self._clock()
        away_ms = now - (request.asked_at or request.sent_at or now) if is_away else 0
        return Unsure(self._patience.next_ask_ms(request), reason, away_ms=away_ms)


class CollectStep(RailStep):
    """Raise a prompt on a phone and find out whether it was paid."""

    name = "prompt"
    direction: Direction = "collect"

    def _sent_at_latest(self, work: Work) -> int:
        """A prompt of before the restore: if it is not on the rail's list, nobody can answer it any more."""
        return work.created_at

    async def _sent(self, request: RailRequest) -> Outcome:
        collect = Collect(
            id=request.id,
            msisdn=request.msisdn,
            amount_cents=request.amount_cents,
            reference=request.account_reference,
            description="Nyota",
            callback_url=self._addresses.of("stk", request),
        )
        try:
            acknowledged = await self._rail.collect(collect)
        except (Unavailable, Throttled) as error:
            return await self._unsent(request, error)
        except Rejected as error:
            words: Words = "busy" if error.code == "1001" else "refused"
            return await self._settled(request, Result("refused", error.code, words, str(error)), "answer")
        except Uncertain as error:
            return Unsure(self._patience.callback_ms, str(error), error.evidence)
        await self._noted(request, rail_id=acknowledged.rail_id)
        return Accepted(self._patience.callback_ms, "prompt is on the phone")

    async def _asked(self, request: RailRequest) -> Outcome:
        await self._counted(request)
        try:
            result = await self._answer(request)
        except (Unavailable, Uncertain, Rejected) as error:
            return self._keep_asking(request, str(error), is_away=not isinstance(error, Rejected))
        return await self._settled(request, result, "pull" if result.receipt else "query")

    async def _answer(self, request: RailRequest) -> Result:
        """The query knows the outcome but no receipt; the list of payments has the receipt."""
        queried = await self._rail.query_collect(request.rail_id) if request.rail_id else None
        if queried is not None and queried.kind == "refused":
            return queried
        listed = await self._listed_if_possible(request, queried)
        if listed is not None:
            return listed
        if queried is not None and queried.kind == "done":
            return queried if request.questions >= RECEIPT_QUESTIONS else replace(queried, kind="pending")
        now, sent = self._clock(), request.sent_at or request.created_at
        if now - sent >= self._patience.prompt_expires_ms:
            words: Words = "busy" if queried is not None and queried.words == "busy" else "timeout"
            return Result("refused", "expired", words, "no payment was seen while the prompt could be answered")
        return queried or Result("uncertain", "", "uncertain", "the request was not acknowledged")

    async def _listed_if_possible(self, request: RailRequest, queried: Result | None) -> Result | None:
        """The payment in the rail's list. A list that cannot be read must not hide what the query knows; one that we
        may not read (the shortcode is not registered for it) has nothing for us."""
        try:
            return await self._listed(request)
        except Rejected:
            return None
        except Unavailable:
            if queried is None or queried.kind != "done":
                raise
            return None

    async def _listed(self, request: RailRequest) -> Result | None:
        since = request.sent_at or request.created_at
        for received in await self._rail.received_between(since - MINUTE_MS, self._clock() + MINUTE_MS):
            if (received.account, received.amount_cents) == (request.account_reference, request.amount_cents):
                return Result(
                    "done",
                    "0",
                    "paid",
                    "listed",
                    receipt=received.receipt,
                    amount_cents=received.amount_cents,
                )
        return None


class DisburseStep(RailStep):
    """Pay a phone and find out whether it arrived."""

    name = "disburse"
    direction: Direction = "disburse"

    def _sent_at_latest(self, work: Work) -> int:
        """From now on it is asked about, as long as any other."""
        return self._clock()

    async def _sent(self, request: RailRequest) -> Outcome:
        try:
            acknowledged = await self._rail.disburse(self._disburse(request))
        except (Unavailable, Rejected, Uncertain) as error:
            return await self._unanswered(request, "sending", error)
        await self._noted(request, rail_id=acknowledged.rail_id)
        return Accepted(self._patience.callback_ms, "pay-out is under way")

    async def _asked(self, request: RailRequest) -> Outcome:
        """Unacknowledged, it is probed and asked about in turn: where the one is not answered, the other may be.

        A probe pays what the rail does not know, so while the rail is paused there is none.
        """
        await self._counted(request)
        is_held = request.rail_id is None and await self._is_paused()
        try:
            if request.rail_id is None and request.questions % 2 == 0 and not is_held:
                acknowledged = await self._rail.disburse(self._disburse(request))
                await self._noted(request, rail_id=acknowledged.rail_id)
            else:
                await self._rail.ask_status(self._question(request))
        except (Unavailable, Rejected, Uncertain) as error:
            return await self._unanswered(request, "asking", error)
        return self._keep_asking(request, "asked; the answer comes by callback", is_away=is_held)

    async def _unanswered(self, request: RailRequest, call: Call, error: Unavailable | Rejected | Uncertain) -> Outcome:
        """What an error proves, and what follows from it, is decided in one place: `gateway.rails.proof`."""
        match following(Seen("sent", call, answer_of(error))):
            case "may_retry" if isinstance(error, Unavailable):
                return await self._unsent(request, error)
            case "refused" if isinstance(error, Rejected):
                return await self._settled(request, Result("refused", error.code, "refused", str(error)), "answer")
            case "person":
                return Park(f"asking was refused: {error}", error.evidence)
        if call == "sending":
            return Unsure(self._patience.ask_ms, str(error), error.evidence)
        return self._keep_asking(request, str(error), is_away=True)

    async def _is_paused(self) -> bool:
        async with self._store.read() as connection:
            return await pauses.on(connection, self._rail.name, self.direction) is not None

    def _disburse(self, request: RailRequest) -> Disburse:
        return Disburse(
            id=request.id,
            msisdn=request.msisdn,
            amount_cents=request.amount_cents,
            remarks=f"Nyota {request.account_reference}",
            result_url=self._addresses.of("b2c/result", request),
            timeout_url=self._addresses.of("b2c/timeout", request),
        )

    def _question(self, request: RailRequest) -> AskStatus:
        return AskStatus(
            id=request.id,
            rail_id=request.rail_id or None,
            result_url=self._addresses.of("status/result", request),
            timeout_url=self._addresses.of("status/timeout", request),
        )


def outcome_of(request: RailRequest) -> Outcome:
    """What a settled request means for its operation."""
    if request.state == "completed":
        data = {"receipt": request.receipt, "paid_cents": request.paid_cents, "paid_at": request.settled_at}
        if request.public_name:
            data["public_name"] = request.public_name
        return Done(data, f"settled by {request.settled_by}")
    reason = f"{request.state} by {request.settled_by}, code {request.result_code}"
    return Refused(request.words or "refused", reason, {"code": request.result_code})
