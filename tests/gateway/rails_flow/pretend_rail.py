"""A rail with a book of its own, in this process: every answer and every callback is the test's to choose."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from gateway.clock import Clock
from gateway.errors import NotACallback, Rejected, Unavailable, Uncertain
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Acknowledged, AskStatus, Class, Collect, Disburse, Received, Result, Words

SHORTCODE = "600999"
Answer = Literal["ok", "lost", "away", "refused", "locked"]


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that moved, in the rail's own book."""

    receipt: str
    kind: str
    id: str
    msisdn: str
    cents: int
    account: str
    at: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt or a pay-out that the rail took on, and what became of it."""

    request: Collect | Disburse
    rail_id: str
    result: Result


@dataclass
class PretendRail:
    """How it behaves is set before the call that it is about.

    `answer`: what the caller sees: `lost` is carried out and not answered, `away` and `refused` are not carried out.
    `code` and `words`: why nothing is paid; empty: it is paid. `tells`: how often it calls back.
    `early`: calls back before it answers. `knows`: whether query and status say anything. `lists`: whether it lists.
    `may_list`: whether we may read that.
    `receiver`: under which name people are registered there; empty: it does not say.
    """

    clock: Clock
    name: str = "daraja"
    shortcode: str = SHORTCODE
    answer: Answer = "ok"
    code: str = ""
    words: Words = "cancelled"
    tells: int = 1
    early: bool = False
    knows: bool = True
    lists: bool = True
    may_list: bool = True
    receiver: str = ""
    book: list[Moved] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    outbox: list[Callback] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    hook: Any = None

    async def collect(self, request: Collect) -> Acknowledged:
        """Every call is a prompt of its own: the rail knows no id of ours."""
        self.calls.append("collect")
        self._refuse_at_the_door()
        asked = self._carried_out(request, "stk", request.reference)
        self._tell("stk", request.callback_url, asked.result)
        return await self._answered(asked.rail_id)

    async def disburse(self, request: Disburse) -> Acknowledged:
        """A second request with the same id pays nothing."""
        self.calls.append("disburse")
        if any(asked.request.id == request.id for asked in self.asked):
            return Acknowledged("", is_repeat=True)
        self._refuse_at_the_door()
        asked = self._carried_out(request, "b2c", request.id)
        self._tell("b2c/result", request.result_url, asked.result)
        return await self._answered(asked.rail_id)

    async def query_collect(self, rail_id: str) -> Result:
        """Says neither receipt nor amount, as the real one."""
        self.calls.append("query")
        found = next((asked.result for asked in self.asked if asked.rail_id == rail_id), None)
        if found is None or not self.knows:
            return Result("pending", "", "uncertain", "not final yet", rail_id=rail_id)
        return Result(found.kind, found.code, found.words, found.description, rail_id=rail_id)

    async def ask_status(self, request: AskStatus) -> Acknowledged:
        self.calls.append("status")
        found = next((asked for asked in self.asked if asked.request.id == request.id), None)
        if found is not None and self.knows:
            self._post("status/result", request.result_url, found.result)
        return Acknowledged("AG_question")

    async def received_between(self, start: int, end: int) -> list[Received]:
        self.calls.append("list")
        if not self.may_list:
            raise Rejected("not registered for it", "1001")
        if not self.lists:
            raise Unavailable("the list is closed")
        paid = (moved for moved in self.book if moved.kind != "b2c" and start <= moved.at <= end)
        return [
            Received(moved.receipt, self.shortcode, moved.cents, moved.account, moved.msisdn, moved.at)
            for moved in paid
        ]

    def parse_callback(self, purpose: str, body: Mapping[str, Any]) -> Result | Received:
        try:
            return Received(**body) if purpose == "confirmation" else Result(**body)
        except TypeError as error:
            raise NotACallback("not one of ours") from error

    async def close(self) -> None: ...

    def pay_paybill(self, msisdn: str, cents: int, account: str) -> Callback:
        """Somebody pays by the M-PESA menu; the confirmation, to be delivered by whoever wants it."""
        return self.confirmation(self._moved("c2b", account, msisdn, cents, account))

    def confirmation(self, moved: Moved) -> Callback:
        """What the confirmation URL is told of a movement."""
        news = Received(moved.receipt, self.shortcode, moved.cents, moved.account, moved.msisdn, moved.at)
        return self.callback("confirmation", "", news)

    def callback(self, purpose: str, token: str, news: Result | Received) -> Callback:
        return Callback(purpose, token, json.dumps(asdict(news)), "127.0.0.1", self.clock())

    def cents(self, *kinds: str) -> int:
        return sum(moved.cents for moved in self.book if moved.kind in kinds)

    def _carried_out(self, request: Collect | Disburse, kind: str, account: str) -> Asked:
        number = len(self.asked) + 1
        if self.code:
            said: Class = "uncertain" if self.code == "1037" else "refused"
            result = Result(said, self.code, self.words, "refused by the test", our_id=request.id)
        else:
            moved = self._moved(kind, request.id, request.msisdn, request.amount_cents, account)
            result = Result(
                "done", "0", "paid", "paid", moved.receipt, moved.cents, request.msisdn, our_id=request.id,
                name=self.receiver or None,
            )  # fmt: skip
        self.asked.append(Asked(request, f"RAIL{number}", result))
        return self.asked[-1]

    def _moved(self, kind: str, identity: str, msisdn: str, cents: int, account: str) -> Moved:
        self.book.append(Moved(f"UA{len(self.book) + 1:08}", kind, identity, msisdn, cents, account, self.clock()))
        return self.book[-1]

    def _tell(self, purpose: str, url: str, result: Result) -> None:
        for _ in range(self.tells):
            self._post(purpose, url, result)

    def _post(self, purpose: str, url: str, result: Result) -> None:
        self.outbox.append(self.callback(purpose, url.rpartition("/")[2], result))

    def _refuse_at_the_door(self) -> None:
        match self.answer:
            case "away":
                raise Unavailable("nobody there")
            case "refused":
                raise Rejected("not allowed", "2028")
            case "locked":
                raise Rejected("another request is open", "1001")

    async def _answered(self, rail_id: str) -> Acknowledged:
        if self.hook is not None and self.early:
            await self.hook()
        if self.answer == "lost":
            raise Uncertain("no answer")
        return Acknowledged(rail_id)
