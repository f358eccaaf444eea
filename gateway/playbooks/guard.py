"""What every pay-out passes between the moment its money is set aside and the rail: a step `guard`.

A pay-out that looks like one made before waits for people, one over what a day pays out for the next day, one that
would empty the float until the float is back. Waiting costs nothing: the money stays set aside, nothing has left us,
and the customer is told once. People at the operators' desk may let any of them go, with a reason, on record; what
has to wait for them has a case.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.decisions import Approval, Ask
from gateway.approvals.seconding import demand_another
from gateway.clock import DAY_MS, HOUR_MS, day_start, local_date
from gateway.config import Payouts as Settings
from gateway.errors import Rejected
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.payouts import held, passed
from gateway.payouts.passed import Payout
from gateway.payouts.rules import Request, Rules, doubt_about
from gateway.payouts.standing import Paying
from gateway.playbooks.telling import Teller
from gateway.rails.requests import Wanted
from gateway.rails.steps import DisburseStep

STEP = "guard"
KIND = "payout"
"""Of the question that is put to the desk about a pay-out that is held."""
DESK = "payouts"
"""Who is asked: people at the operators' desk, never a customer."""
HELD = "held"
"""Why a pay-out was refused that nobody let go."""
PATIENT_MS = 30 * DAY_MS
"""How long people may still let go what goes on by itself."""

Reason = Literal["again", "look", "day", "float"]
Run = Callable[[AsyncConnection, Work, int], Awaitable[Outcome]]

log = structlog.get_logger("guard")


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a pay-out waits. `people` have to let it go; `ends_ms`: so long they have, and then it is given up.

    Without `ends_ms` it goes on by itself as soon as it can, and looks again after `look_ms`.
    """

    reason: Reason
    people: int
    look_ms: int
    ends_ms: int = 0
    about: str = ""
    slots: dict[str, Any] = field(default_factory=dict)


class Guard:
    """Goes around every playbook that pays out. `paying` is where the money comes from."""

    def __init__(self, settings: Settings, paying: Paying, teller: Teller) -> None:
        self._settings = settings
        self._paying = paying
        self._teller = teller
        self._rules = Rules(round(settings.again_hours * HOUR_MS), round(settings.look_hours * HOUR_MS))

    def around(self, playbook: Playbook) -> Playbook:
        """The same playbook with the step before its pay-out; one that pays nothing out stays as it is."""
        disburse = next((step for step in playbook.steps if isinstance(step, DisburseStep)), None)
        if disburse is None:
            return playbook
        step, following = Local(STEP, self._guarding(disburse.wanted)), playbook.after(disburse.name)
        steps = list(playbook.steps)
        steps.insert(steps.index(disburse), step)
        steps = [
            replace(each, run=self._counting(disburse.wanted, each.run))
            if isinstance(each, Local) and each.name == following
            else each
            for each in steps
        ]
        refused = playbook.refused and replace(playbook.refused, run=self._giving_back(playbook.refused.run))
        return replace(playbook, steps=tuple(steps), refused=refused)

    async def decided(self, connection: AsyncConnection, deed: Deed, operation_id: str, state: str) -> str:
        """A person's word about a pay-out that is held: `released`, `declined`, or `second` when another one is needed.

        Raises Rejected when nothing holds it, or when this person may not decide about it.
        """
        work = await queue.find(connection, operation_id, lock=True)
        rows = [row for row in await decisions.of_operation(connection, operation_id) if row.kind == KIND]
        row = next((row for row in rows if row.state == "open"), None)
        if row is None or work.step != STEP or not work.is_open:
            raise Rejected("nothing holds it", "not-held")
        alike = [each for each in rows if each.detail["reason"] == row.detail["reason"]]
        agreed = _agreed(alike)
        await demand_another(connection, deed.by, {work.customer_id, work.intent.get("by", ""), *agreed})
        if not await decisions.decided(
            connection, row.id, by=deed.by, state=state, reason=deed.reason[:40], now=deed.now
        ):
            raise Rejected("it is too late", "too-late")
        detail = {"state": state, "held": row.detail["reason"], "reference": row.reference}
        await audit.noted(connection, deed, KIND, work.customer_id or None, detail)
        if state != "approved":
            await held.settled(connection, operation_id, f"declined: {deed.reason}", deed.now, by=deed.by)
            return "declined"
        if len(agreed) + 1 >= row.detail["people"]:
            await held.settled(connection, operation_id, f"let go: {deed.reason}", deed.now, by=deed.by)
            return "released"
        second = Ask(
            _question(operation_id, row.detail["reason"], len(alike)), KIND, DESK, row.amount_cents, row.expires_at,
            row.detail, not_by=deed.by,
        )  # fmt: skip
        await decisions.asked_again(connection, row, second, deed.now)
        return "second"

    def _guarding(self, wanted: Callable[[Work], Wanted]) -> Run:
        async def guard(connection: AsyncConnection, work: Work, now: int) -> Outcome:
            """Let it through, once nothing speaks against it or people have let it go."""
            payout = await self._payout(connection, work, wanted)
            await passed.locked(connection, now)
            for speaks_against in (self._doubt, self._over_a_day, self._short_of_float):
                hold = await speaks_against(connection, work, payout, now)
                outcome = await self._held(connection, work, payout, hold, now) if hold else None
                if outcome is not None:
                    return outcome
            await decisions.withdrawn(connection, work.id, now)
            await held.settled(connection, work.id, "nothing speaks against it any more", now)
            await passed.counted(connection, payout, now)
            return Done()

        return guard

    def _counting(self, wanted: Callable[[Work], Wanted], run: Run) -> Run:
        async def paid(connection: AsyncConnection, work: Work, now: int) -> Outcome:
            """What the rail has paid after it refused counts as let through."""
            await passed.counted(connection, await self._payout(connection, work, wanted), now)
            return await run(connection, work, now)

        return paid

    def _giving_back(self, run: Run) -> Run:
        async def refused(connection: AsyncConnection, work: Work, now: int) -> Outcome:
            """It moved nothing: nobody is compared with it any more."""
            await passed.given_back(connection, work.id, _names(work))
            await held.settled(connection, work.id, f"given up: {work.data['refusal']}", now)
            return await run(connection, work, now)

        return refused

    async def _payout(self, connection: AsyncConnection, work: Work, wanted: Callable[[Work], Wanted]) -> Payout:
        """As the rail will be asked for it. On their own phone: it was accepted with a turn of theirs."""
        row, asked = await queue.find(connection, work.id), wanted(work)
        return Payout(
            work.id, work.reference, work.kind, work.customer_id, asked.msisdn, asked.amount_cents,
            is_own=row.session_id is not None, names=_names(work),
        )  # fmt: skip

    async def _doubt(self, connection: AsyncConnection, work: Work, payout: Payout, now: int) -> Hold | None:
        """One that looks like one made before."""
        since = work.created_at - max(self._rules.again_ms, self._rules.look_ms)
        earlier = await passed.alike(connection, payout.msisdn, payout.amount_cents, since=since)
        request = Request(payout.kind, work.created_at, payout.is_own, str(work.intent.get("again", "")))
        found = doubt_about(request, earlier, self._rules)
        if found is None:
            return None
        doubt, before = found
        ends_ms = self._settings.answer_hours * HOUR_MS
        people = 2 if doubt == "again" else 1
        return Hold(doubt, people, decisions.LOOK_AGAIN_MS, ends_ms, before.reference, {"at": say.clock(before.at)})

    async def _over_a_day(self, connection: AsyncConnection, work: Work, payout: Payout, now: int) -> Hold | None:
        """One over what a day pays out of its kind."""
        limits = {name: self._settings.a_day[name] * 100 for name in payout.names if name in self._settings.a_day}
        if not limits:
            return None
        today = await passed.paid_on(connection, local_date(now))
        over = [name for name, most in limits.items() if today.get(name, 0) + payout.amount_cents > most]
        if not over:
            return None
        tomorrow = day_start(now) + DAY_MS
        return Hold("day", 2, min(tomorrow - now, decisions.LOOK_AGAIN_MS), about=over[0])

    async def _short_of_float(self, connection: AsyncConnection, work: Work, payout: Payout, now: int) -> Hold | None:
        """One that would leave less than the least. A balance that nobody knows, or an old one, holds up nothing."""
        settings, known = self._paying.settings, await self._paying.latest(connection)
        if known is None or self._paying.is_stale(known, now):
            if settings.poll_minutes:
                log.warning("float_unknown", operation=work.reference, shortcode=self._paying.shortcode)
            return None
        left = known.available_cents - await passed.in_flight_cents(connection, since=known.asked_at)
        if left - payout.amount_cents >= settings.least * 100:
            return None
        return Hold("float", 2, round(settings.look_seconds * 1000), about=self._paying.shortcode)

    async def _held(
        self, connection: AsyncConnection, work: Work, payout: Payout, hold: Hold, now: int
    ) -> Outcome | None:
        """Wait, or be given up; None when people have let it go."""
        if hold.reason == "again" and self._settings.again == "refuse":
            return Refused(HELD, f"the same as {hold.about}")
        rows = await decisions.of_operation(connection, work.id)
        asked = [row for row in rows if row.kind == KIND and row.detail["reason"] == hold.reason]
        if len(_agreed(asked)) >= hold.people:
            return None
        declined = next((row for row in asked if row.state == "declined"), None)
        waiting = next((row for row in asked if row.state == "open"), None)
        if declined is not None:
            return Refused(HELD, declined.reason or "declined", data={"declined_by": declined.decided_by})
        if waiting is None:
            await decisions.withdrawn(connection, work.id, now)  # what held it before does so no more
            await self._ask(connection, work, payout, hold, len(asked), now)
            return self._waits(hold, hold.ends_ms)
        if hold.ends_ms and waiting.expires_at <= now:
            await decisions.withdrawn(connection, work.id, now)
            return Refused(HELD, "nobody let it go in time")
        return self._waits(hold, waiting.expires_at - now)

    async def _ask(
        self, connection: AsyncConnection, work: Work, payout: Payout, hold: Hold, number: int, now: int
    ) -> None:
        """Put it to the desk, and tell the customer once. `number` tells questions about one reason apart."""
        detail = {"reason": hold.reason, "about": hold.about, "people": hold.people, "kind": work.kind}
        until = now + (hold.ends_ms or PATIENT_MS)
        ask = Ask(_question(work.id, hold.reason, number), KIND, DESK, payout.amount_cents, until, detail)
        await decisions.asked(connection, work, ask, now)
        if hold.ends_ms:
            await held.opened(connection, work, payout.amount_cents, detail, answer_by=until, now=now)
        log.warning("payout_held", operation=work.reference, kind=work.kind, reason=hold.reason, about=hold.about)
        if not work.customer_id:
            return
        values = {"reference": work.reference, "amount": say.ksh(payout.amount_cents)}
        if hold.ends_ms:
            values |= {**hold.slots, "by": say.clock(until)}
        template = "payout.held" if hold.ends_ms else "payout.delayed"
        await self._teller.tell(connection, work, template, values)

    def _waits(self, hold: Hold, left_ms: int) -> Later:
        if hold.ends_ms:
            return Later(max(1, min(left_ms, hold.look_ms)), decisions.WAITING)
        return Later(hold.look_ms, f"waiting: {hold.reason}")


def _agreed(rows: list[Approval]) -> set[str]:
    """Who has said yes by now; nobody counts twice."""
    return {row.decided_by for row in rows if row.state == "approved"}


def _names(work: Work) -> tuple[str, ...]:
    """What a pay-out counts as in a day: its kind, and its product of that kind."""
    product = work.intent.get("product") or work.data.get("product")
    return (work.kind, f"{work.kind}:{product}"[:60]) if product else (work.kind,)


def _question(operation_id: str, reason: str, number: int) -> str:
    """Asked twice it is asked once."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{operation_id}:{KIND}:{reason}:{number}"))
