"""Days compared with M-PESA, and what does not agree, for operators.

POST /api/reconciliation/mpesa {"on": "2026-08-05"}                  without a day: yesterday
GET  /api/reconciliation/mpesa/2026-08-05
GET  /api/reconciliation/mismatches?state=pending&kind=missing_ledger,amount_mismatch&page=2
POST /api/reconciliation/mismatches/MM7K2QD {"state": "resolved", "note": "paid back by hand, CS6R2QD", "by": "jane"}

A day is compared when it is over. Comparing it again finds nothing twice and heals what agrees by now.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from flows.turn import Operation, reference
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local, local_date
from gateway.lending.fields import amount_text
from gateway.operations.outbox import Outbox
from gateway.playbooks.reconcile import KIND, is_over
from gateway.reconciling import days, mismatches
from gateway.reconciling.comparing import Compared, Sums
from gateway.store.engine import Store
from gateway.web.problems import problem, validated

PREFIX = "RE"
PAGE = 50


class Asked(BaseModel):
    """Which day; none is yesterday."""

    model_config = ConfigDict(extra="forbid")
    on: date | None = None


class Said(BaseModel):
    """What a person has found out, in words for whoever asks later, and who says so."""

    model_config = ConfigDict(extra="forbid")
    state: Literal["resolved", "ignored"]
    note: str = Field(min_length=3, max_length=500)
    by: str = Field(min_length=1, max_length=40)


class ReconcilingRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/reconciliation/mpesa", self.run),
            web.get("/api/reconciliation/mpesa/{day}", self.day),
            web.get("/api/reconciliation/mismatches", self.list),
            web.post("/api/reconciliation/mismatches/{reference}", self.settle),
        )

    async def run(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Asked, self._run)

    async def _run(self, asked: Asked) -> web.Response:
        now = self._clock()
        day = asked.on or local_date(now) - timedelta(days=1)
        if not is_over(day, now):
            return problem(409, "not-over", "on: this day is not over yet")
        identity = str(uuid.uuid4())
        named = reference(PREFIX, identity)
        intent = {"day": local_date(now).isoformat(), "on": day.isoformat()}
        async with self._store.begin() as connection:
            await self._outbox.put(connection, Operation(identity, KIND, named, "", intent), is_ours=True)
        self._outbox.news.set()
        return web.json_response({"on": day.isoformat(), "state": "queued", "askedAt": _exact(now)}, status=202)

    async def day(self, request: web.Request) -> web.Response:
        """The newest result."""
        try:
            day = date.fromisoformat(request.match_info["day"])
        except ValueError:
            return problem(422, "invalid", "day: as 2026-08-05")
        async with self._store.read() as connection:
            found = await days.find(connection, day)
        if found is None:
            return problem(404, "not-found", "this day was not compared yet")
        compared, at = found
        body = {"on": day.isoformat(), "at": _exact(at), "shortcodes": [_compared(each) for each in compared]}
        return web.json_response(body)

    async def list(self, request: web.Request) -> web.Response:
        states = _chosen(request.query.get("state", "pending"), mismatches.STATES)
        kinds = _chosen(request.query.get("kind", "all"), mismatches.KINDS)
        page = request.query.get("page", "1")
        if states is None or kinds is None or not (page.isascii() and page.isdigit() and 0 < int(page) < 1_000_000):
            wanted = f"state: all or {', '.join(mismatches.STATES)}; kind: all or {', '.join(mismatches.KINDS)}"
            return problem(422, "invalid", f"{wanted}; page: a number from 1")
        async with self._store.read() as connection:
            rows, count = await mismatches.listed(
                connection, states=states, kinds=kinds, limit=PAGE, offset=(int(page) - 1) * PAGE
            )
        body = {"mismatches": [_mismatch(row) for row in rows], "count": count, "page": int(page)}
        return web.json_response(body)

    async def settle(self, request: web.Request) -> web.StreamResponse:
        async def handle(said: Said) -> web.Response:
            named = request.match_info["reference"]
            async with self._store.begin() as connection:
                came_to = await mismatches.settled(
                    connection, named, said.state, note=said.note, by=said.by, now=self._clock()
                )
                row = await mismatches.by_reference(connection, named)
            if came_to == "unknown":
                return problem(404, "not-found", "no such mismatch")
            if came_to == "settled_before":
                return problem(409, "settled-before", f"it is {row.state} already, by {row.by}")
            return web.json_response(_mismatch(row))

        return await validated(request, Said, handle)


def _chosen(text: str, known: Sequence[str]) -> Sequence[str] | None:
    """One or several of a list, by commas; None for a word that is not on it."""
    if text == "all":
        return known
    words = text.split(",")
    return words if set(words) <= set(known) else None


def _mismatch(row: Any) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "kind": row.kind,
        "shortcode": row.shortcode,
        "receipt": row.receipt,
        "operation": row.operation_id,
        "ours": _amount(row.ours_cents),
        "theirs": _amount(row.theirs_cents),
        "currency": CURRENCY,
        "why": row.why,
        "evidence": row.evidence,
        "state": row.state,
        "note": row.note,
        "by": row.by,
        "at": iso(row.at),
        "foundAt": iso(row.created_at),
        "updatedAt": iso(row.updated_at),
    }


def _compared(each: Compared) -> dict[str, Any]:
    gap = None if each.closing_cents is None else each.closing_cents - each.books_cents
    return {
        "shortcode": each.shortcode,
        "covered": each.is_covered,
        "statement": {
            "paidIn": _sums(each.theirs_in), "paidOut": _sums(each.theirs_out), "charges": _sums(each.charges),
            "moved": _sums(each.moved), "closing": _amount(each.closing_cents),
        },
        "books": {
            "paidIn": _sums(each.ours_in), "paidOut": _sums(each.ours_out), "closing": _amount(each.books_cents),
        },
        "difference": {
            "paidIn": amount_text(each.theirs_in.cents - each.ours_in.cents),
            "paidOut": amount_text(each.theirs_out.cents - each.ours_out.cents),
            "closing": _amount(gap),
        },
        "currency": CURRENCY,
        "mismatches": {
            "new": each.new, "healed": each.healed, "pending": each.pending, "resolved": each.resolved,
            "ignored": each.ignored,
        },
    }  # fmt: skip


def _sums(sums: Sums) -> dict[str, Any]:
    return {"count": sums.count, "amount": amount_text(sums.cents)}


def _amount(cents: int | None) -> str | None:
    return None if cents is None else amount_text(cents)


def _exact(at: int) -> str:
    """To the millisecond: whoever asked for a day waits until its result is not older than the asking."""
    return local(at).isoformat(timespec="milliseconds")
