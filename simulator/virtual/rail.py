"""The rail of virtual time: a book that is true, and answers that are late, lost, doubled or wrong as the plan has it.

Receipts are the book's numbers. What it has to tell comes at a moment of its own, by the agenda.
"""

import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from gateway.errors import NotACallback, Rejected, Throttled, Unavailable, Uncertain
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Acknowledged, AskStatus, Class, Collect, Disburse, Received, Result, Words
from simulator.campaign.facts import Moved
from simulator.virtual.clock import Agenda, Clock
from simulator.virtual.plan import HOUR_MS, PROMPTS, Call, Plan, Prompt, Word

SHORTCODE = "600999"
SECOND_MS = 1_000
SHILLING = 100
OPEN_PROMPT = "1001"

ENDS: Mapping[Prompt, tuple[str, Class, Words]] = MappingProxyType(
    {
        "pay": ("0", "done", "paid"),
        "cancel": ("1032", "refused", "cancelled"),
        "wrong-pin": ("2001", "refused", "wrong_pin"),
        "insufficient": ("1", "refused", "low"),
        "ignore": ("1037", "uncertain", "timeout"),
    }
)
"""Code, class and words for what the owner of a phone does."""

Chosen = TypeVar("Chosen", bound=str)
Deliver = Callable[[Callback], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was carried out, or will be when its phone is answered."""

    request: Collect | Disburse
    rail_id: str
    result: Result | None = None


class VirtualRail:
    """Speaks `gateway.rails.contract.Rail`. `deliver` hands a callback to whatever gateway lives then, `interrupt` to
    the one that is waiting for the answer of a call."""

    name = "daraja"
    shortcode = SHORTCODE

    def __init__(self, plan: Plan, clock: Clock, agenda: Agenda, deliver: Deliver, interrupt: Deliver) -> None:
        self._plan = plan
        self._clock = clock
        self._agenda = agenda
        self._deliver = deliver
        self._interrupt = interrupt
        self._taken: dict[str, Taken] = {}
        self._open: set[str] = set()
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._without = {person.phone for person in plan.people if not person.has_mpesa}
        self.book: list[Moved] = []

    async def collect(self, request: Collect) -> Acknowledged:
        """Every call is a prompt of its own, and only one fits on a phone."""
        chance, fate = self._call("stk", request.msisdn)
        if request.msisdn in self._open:
            raise Rejected("a prompt is open on this phone", OPEN_PROMPT)
        taken = self._take(request)
        self._open.add(request.msisdn)
        does: Prompt = _chosen(chance, PROMPTS) if self._is_broken else "pay"
        told = self._word(chance)
        answer_ms = chance.randrange(3, 50) * SECOND_MS
        self._agenda.add(self._clock() + answer_ms, lambda: self._answered(taken, does, told))
        return self._acknowledged(taken, fate)

    async def disburse(self, request: Disburse) -> Acknowledged:
        """A second request with the same id pays nothing, and says so."""
        if request.id in self._taken:
            return Acknowledged("", is_repeat=True)
        chance, fate = self._call("b2c", request.msisdn)
        taken, told = self._take(request), self._word(chance)
        if told == "first":
            await self._paid_out(taken, told)
        else:
            self._agenda.add(self._clock() + chance.randrange(1, 20) * SECOND_MS, lambda: self._paid_out(taken, told))
        return self._acknowledged(taken, fate)

    async def query_collect(self, rail_id: str) -> Result:
        """Knows the outcome, but neither receipt nor amount."""
        self._call("query", rail_id)
        found = next((taken for taken in self._taken.values() if taken.rail_id == rail_id), None)
        if found is None or found.result is None:
            return Result("pending", "", "uncertain", "not final yet", rail_id=rail_id)
        said = found.result
        return Result(said.kind, said.code, said.words, said.description, rail_id=rail_id)

    async def ask_status(self, request: AskStatus) -> Acknowledged:
        chance, _ = self._call("status", request.id)
        found = self._taken.get(request.id)
        if found is not None and found.result is not None:
            self._tell("status/result", request.result_url, found.result, self._word(chance))
        return Acknowledged(f"AG_{request.id[:8]}")

    async def received_between(self, start: int, end: int) -> list[Received]:
        self._call("pull", "")
        paid = (moved for moved in self.book if moved.kind != "b2c" and start <= moved.at * SECOND_MS <= end)
        return [self._received(moved) for moved in paid]

    async def register(self, *_: str, **__: str | None) -> None: ...

    async def close(self) -> None: ...

    def parse_callback(self, purpose: str, body: Mapping[str, Any]) -> Result | Received:
        try:
            return Received(**body) if purpose == "confirmation" else Result(**body)
        except TypeError as error:
            raise NotACallback("not one of ours") from error

    @property
    def _is_broken(self) -> bool:
        return self._clock() < self._plan.end

    def _call(self, api: str, about: str) -> tuple[random.Random, Call]:
        """Chance for this call, and how it ends. Raises what is not carried out."""
        self._drawn[api, about] += 1
        chance = self._plan.chance(api, about, self._drawn[api, about])
        if not self._is_broken:
            return chance, "ok"
        if any(window.covers(self._clock()) for window in self._plan.outages):
            raise chance.choice((Unavailable, Uncertain))("nobody answers there")
        fate: Call = _chosen(chance, self._plan.weather.calls)
        if fate == "away":
            raise Unavailable("no connection")
        if fate == "throttled":
            raise Throttled("spike arrest")
        return chance, fate

    def _word(self, chance: random.Random) -> Word:
        return _chosen(chance, self._plan.weather.words) if self._is_broken else "soon"

    def _take(self, request: Collect | Disburse) -> Taken:
        taken = Taken(request, f"RAIL{len(self._taken) + 1}")
        self._taken[request.id] = taken
        return taken

    def _acknowledged(self, taken: Taken, fate: Call) -> Acknowledged:
        if fate == "lost":
            raise Uncertain("no answer")
        return Acknowledged(taken.rail_id)

    async def _answered(self, taken: Taken, does: Prompt, told: Word) -> None:
        """The owner of the phone has seen the prompt, or has not."""
        request = taken.request
        assert isinstance(request, Collect)
        self._open.discard(request.msisdn)
        code, kind, words = ENDS[does]
        moved = self._move("stk", request, request.reference) if does == "pay" else None
        result = self._ended(taken, code, kind, words, moved)
        self._tell("stk", request.callback_url, result, told)
        news = self._confirmed(moved) if moved is not None else None
        if moved is not None and news is not None:
            self._post("confirmation", "", news, self._delay_ms(moved.receipt, told))

    async def _paid_out(self, taken: Taken, told: Word) -> None:
        request = taken.request
        assert isinstance(request, Disburse)
        if request.msisdn in self._without:
            result = self._ended(taken, "2040", "refused", "refused", None)
        else:
            result = self._ended(taken, "0", "done", "paid", self._move("b2c", request, request.id))
        if told == "first":
            await self._interrupt(self._callback("b2c/result", request.result_url, result))
        else:
            self._tell("b2c/result", request.result_url, result, told)

    def _ended(self, taken: Taken, code: str, kind: Class, words: Words, moved: Moved | None) -> Result:
        result = Result(kind, code, words, f"code {code}", our_id=taken.request.id)
        if moved:
            result = replace(result, receipt=moved.receipt, amount_cents=moved.amount_cents)
        self._taken[taken.request.id] = Taken(taken.request, taken.rail_id, result)
        return result

    def _move(self, kind: str, request: Collect | Disburse, reference: str) -> Moved:
        receipt = f"UA{len(self.book) + 1:08}"
        at = self._clock() / SECOND_MS
        self.book.append(Moved(receipt, kind, request.msisdn, request.amount_cents, reference, SHORTCODE, at))
        return self.book[-1]

    def _confirmed(self, moved: Moved) -> Received | None:
        """What its confirmation says of a payment; None where there is none."""
        news, chance = self._received(moved), self._plan.chance("confirmed", moved.receipt)
        match _chosen(chance, self._plan.weather.confirmed):
            case "not":
                return None
            case "other sum" if self._is_broken:
                return replace(news, amount_cents=news.amount_cents + SHILLING)
            case "no account" if self._is_broken:
                return replace(news, account="", payer=f"{moved.phone[1:5]} ***** {moved.phone[-3:]}")
            case "other account" if self._is_broken:
                return replace(news, account="KODI")
        return news

    def _received(self, moved: Moved) -> Received:
        at = round(moved.at * SECOND_MS)
        return Received(moved.receipt, SHORTCODE, moved.amount_cents, moved.reference, moved.phone, at)

    def _tell(self, purpose: str, url: str, result: Result, told: Word) -> None:
        if told == "never":
            return
        self._post(purpose, url, result, self._delay_ms(url, told))
        if told == "twice":
            self._post(purpose, url, result, self._delay_ms(f"{url}/again", "late"))

    def _delay_ms(self, about: str, told: Word) -> int:
        chance = self._plan.chance("delay", len(self.book), self._drawn[("delay", about)])
        self._drawn["delay", about] += 1
        return chance.randrange(HOUR_MS // 6, 30 * HOUR_MS) if told == "late" else chance.randrange(1, 15) * SECOND_MS

    def _post(self, purpose: str, url: str, news: Result | Received, delay_ms: int) -> None:
        self._agenda.add(self._clock() + delay_ms, lambda: self._deliver(self._callback(purpose, url, news)))

    def _callback(self, purpose: str, url: str, news: Result | Received) -> Callback:
        return Callback(purpose, url.rpartition("/")[2], json.dumps(asdict(news)), "127.0.0.1", self._clock())


def _chosen(chance: random.Random, weights: Mapping[Chosen, int]) -> Chosen:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]
