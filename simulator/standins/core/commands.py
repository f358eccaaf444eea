"""Every write: done once for each idempotency key, refused for good when poisoned, checked when a checker is wanted.

What a key was used for is remembered by (action, entity, key) and by nothing else: neither the body nor the loan in
the path is compared. What was done is answered again with `x-served-from-cache: true`, and so is what failed.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import wire
from simulator.standins.core.calls import EXTERNAL, Act, Core, Write
from simulator.standins.core.errors import ApiError, detail, invalid, refused, running, server_side
from simulator.standins.core.fields import Fields, read_json
from simulator.standins.core.hooks import Event, tell, tell_first
from simulator.standins.faults import NOTHING_WRONG, Drawn

POISONED = "error.msg.loan.refused.by.a.rule.of.the.bank"
POISONS = ("externalId", "keyPrefix", "loan")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes
    is_from_cache: bool = False


class HungUpError(Exception):
    """Nobody is answered."""


class _WaitsError(Exception):
    """All was well, but somebody else has to say so first."""


@dataclass(frozen=True, slots=True)
class Command:
    """One write that was asked for: with which ids in its path, which body and which key."""

    write: Write
    refs: Mapping[str, str]
    raw: bytes
    key: str

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.write.action, self.write.entity, self.key

    @property
    def request(self) -> Any:
        """The body as it came, for hooks."""
        try:
            return read_json(self.raw)
        except ApiError:
            return {}


def command(core: Core, write: Write, refs: Mapping[str, str], raw: bytes, key: str | None) -> Command:
    """Raises ApiError for a key that is too long. Without a key one is made up, which protects nobody."""
    most = core.server.key_characters_max
    if key is not None and len(key) > most:
        message = f"The idempotency key has more than {most} characters."
        raise invalid([detail("validation.msg.command.idempotencyKey.exceeds.max.length", message, "idempotencyKey")])
    return Command(write, refs, raw, key or secrets.token_hex(16))


async def perform(core: Core, asked: Command, drawn: Drawn = NOTHING_WRONG) -> Answer:
    """Do it, unless it was done before. It is on disk when this returns.

    Raises HungUpError where a fault wants that nobody is answered.
    """
    remembered = _remembered(core, asked)
    if remembered is not None:
        await core.store.settled()
        return remembered
    core.running.add(asked.identity)
    try:
        if "slow" in drawn or "stuck-key" in drawn:
            await _begin(core, asked, drawn)
        answer = (
            await _execute_first_told(core, asked, drawn) if "early-hook" in drawn else _execute(core, asked, drawn)
        )
    finally:
        core.running.discard(asked.identity)
    await core.store.settled()
    return answer


async def _begin(core: Core, asked: Command, drawn: Drawn) -> None:
    """The key is on disk before the work begins: whoever dies in between leaves it there."""
    with core.store.change() as rows:
        _remember(rows, core, asked, "running")
    await core.store.settled()
    if "stuck-key" in drawn:
        raise HungUpError
    await core.world.pulse.until(lambda: core.world.is_stopping, drawn.of("slow"))


async def _execute_first_told(core: Core, asked: Command, drawn: Drawn) -> Answer:
    """The hook goes out, and is heard, before anybody can see what it tells."""
    told: list[Event] = []
    with core.store.held():
        answer = _execute(core, asked, drawn, told)
        for event in told:
            await tell_first(core, event, drawn.of("early-hook"))
    return answer


def execute_in(rows: Rows, core: Core, asked: Command) -> tuple[Answer, Event | None]:
    """Do it in the transaction that is open, together with others. What happened is still to be told.

    Raises ApiError, and then the transaction must not stand.
    """
    if (remembered := _remembered(core, asked)) is not None:
        return remembered, None
    if core.world.settings.core_maker_checker:
        raise refused("error.msg.batch.needs.no.checker", "What somebody else has to check cannot be done here.")
    return _do(rows, core, asked)


def decide(core: Core, row: Row, write: Write, *, approve: bool) -> Answer:
    """A checker's word on a command that waits for it."""
    kept = json.loads(row["request"])
    asked = Command(write, kept["refs"], kept["raw"].encode(), row["key"])
    if approve:
        return _execute(core, asked, NOTHING_WRONG, is_checked=True)
    refusal = refused("error.msg.command.rejected.by.checker", "The command was rejected.")
    return _fail(core, asked, refusal)


def _execute(
    core: Core, asked: Command, drawn: Drawn, told: list[Event] | None = None, *, is_checked: bool = False
) -> Answer:
    """Do it, or find that it cannot be done; both are remembered. The events go to `told`, if that is there."""
    try:
        if "stored-500" in drawn:
            return _fail(core, asked, server_side())
        with core.store.change() as rows:
            answer, event = _do(rows, core, asked)
            _stop_unless(is_checked or not core.world.settings.core_maker_checker)
    except _WaitsError:
        return _wait(core, asked)
    except ApiError as refusal:
        answer = _fail(core, asked, refusal)
        event = Event(asked.write.entity, asked.write.action, asked.request, None)
    if told is None:
        tell(core, event, drawn)
    else:
        told.append(event)
    return answer


def _do(rows: Rows, core: Core, asked: Command) -> tuple[Answer, Event]:
    if _is_poisoned(rows, asked):
        raise refused(POISONED, "A rule of the bank says no, today and tomorrow.")
    fields = Fields.parse(asked.raw, asked.write.supports, asked.write.entity.lower())
    result = asked.write.perform(Act(rows, asked.refs, fields, core.today, core.world.now(), asked.key))
    body = wire.encode(result)
    _remember(rows, core, asked, "done", 200, body)
    return Answer(200, body), Event(asked.write.entity, asked.write.action, asked.request, result)


def _stop_unless(is_checked: bool) -> None:
    if not is_checked:
        raise _WaitsError


def _fail(core: Core, asked: Command, refusal: ApiError) -> Answer:
    body = wire.encode(refusal.body)
    with core.store.change() as rows:
        _remember(rows, core, asked, "failed", refusal.status, body)
    return Answer(refusal.status, body)


def _wait(core: Core, asked: Command) -> Answer:
    """Nothing is done, and the answer says so by what it leaves out."""
    with core.store.change() as rows:
        _remember(rows, core, asked, "waiting")
        number = rows.value("SELECT id FROM commands WHERE action = ? AND entity = ? AND key = ?", *asked.identity)
        body = wire.encode({"commandId": number})
        rows.execute("UPDATE commands SET status = 200, answer = ? WHERE id = ?", body.decode(), number)
    return Answer(200, body)


def _remembered(core: Core, asked: Command) -> Answer | None:
    row = core.store.rows.one(
        "SELECT state, status, answer FROM commands WHERE action = ? AND entity = ? AND key = ?", *asked.identity
    )
    if asked.identity in core.running or (row is not None and row["state"] == "running"):
        refusal = running(core.world.settings.core_running_status)
        return Answer(refusal.status, wire.encode(refusal.body))
    return None if row is None else Answer(row["status"], row["answer"].encode(), is_from_cache=True)


def _remember(
    rows: Rows, core: Core, asked: Command, state: str, status: int | None = None, body: bytes | None = None
) -> None:
    """The request itself is kept only for whoever may still have to do it."""
    kept = {"refs": dict(asked.refs), "raw": asked.raw.decode(errors="replace"), "write": asked.write.path}
    rows.execute(
        "INSERT INTO commands (action, entity, key, state, status, answer, request, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (action, entity, key) DO UPDATE SET state = excluded.state, status = excluded.status,"
        " answer = excluded.answer, request = excluded.request",
        *asked.identity,
        *(state, status, None if body is None else body.decode()),
        *(json.dumps(kept) if state == "waiting" else None, core.world.now()),
    )


def _is_poisoned(rows: Rows, asked: Command) -> bool:
    poisons = rows.all("SELECT kind, value FROM poison")
    return any(_takes(rows, asked, row["kind"], row["value"]) for row in poisons)


def _takes(rows: Rows, asked: Command, kind: str, value: str) -> bool:
    if kind == "keyPrefix":
        return asked.key.startswith(value)
    if kind == "externalId":
        request = asked.request
        named = {request.get("externalId")} if isinstance(request, dict) else set()
        return value in named | {ref.removeprefix(EXTERNAL) for ref in asked.refs.values() if ref.startswith(EXTERNAL)}
    loan = asked.refs.get("loan", "")
    external = rows.value("SELECT external_id FROM loans WHERE id = ?", int(value)) if value.isdecimal() else None
    return bool(loan) and loan in (value, f"{EXTERNAL}{external}")
