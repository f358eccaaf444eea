"""Campaigns for operators: write one, bring its table, see what it comes to, set it going, read what became of it.

POST /api/campaigns   Idempotency-Key: 7f3c   {"name": "Town office", "purpose": "notice", "by": "jane",
                                               "texts": {"en": "Hello {name}, ...", "sw": "Habari {name}, ..."},
                                               "channels": ["sms", "email"]}
PUT  /api/campaigns/CP7K2QD/people?by=jane    the table, CSV or XLSX, as it is
200  {"reference": "CP7K2QD", "state": "draft", "toSend": 240, "parts": 480, "cost": "384.00", "faults": [...]}
POST /api/campaigns/CP7K2QD/start {"by": "jane", "why": "..."}      approve, pause, resume, cancel alike
GET  /api/campaigns/CP7K2QD                   and /report for a CSV with everybody in it
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from gateway.books.accounts import CURRENCY
from gateway.campaigns import letters, records
from gateway.campaigns.desk import ACTS, CampaignDesk, Draft
from gateway.campaigns.records import Campaign, Count
from gateway.campaigns.wording import size
from gateway.clock import iso
from gateway.config import Campaigns as Settings
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.papers import csv
from gateway.papers.paper import Row
from gateway.store.engine import Store
from gateway.web.files import streamed
from gateway.web.keys import keyed
from gateway.web.paging import limit_of
from gateway.web.problems import problem, validated
from gateway.web.said import By, Said

PAGE, PAGE_MAX = 20, 100
SAMPLES = 5
REPORT_ROWS = 500
PIECE = 65_536
STATUS_OF = {"not-found": 404, "invalid": 422, "unreadable": 422}
HEAD: Row = ("row", "phone", "language", "parts", "outcome", "reason", "cost", "at", "email")


class Written(By):
    """A campaign before anybody is in it."""

    name: str = Field(min_length=1, max_length=80)
    purpose: Literal["offer", "notice"]
    texts: dict[str, str] = Field(min_length=1, max_length=10)
    partner: str = ""
    channels: tuple[Literal["sms", "email"], ...] = ("sms",)


class CampaignRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(
        self, desk: CampaignDesk, store: Store, settings: Settings, partners: Mapping[str, str], *, has_mail: bool
    ) -> None:
        self._partners = partners
        self._has_mail = has_mail
        self._desk = desk
        self._store = store
        self._settings = settings

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/campaigns", self.write),
            web.get("/api/campaigns", self.newest),
            web.get("/api/campaigns/{reference}", self.show),
            web.put("/api/campaigns/{reference}/people", self.bring),
            web.get("/api/campaigns/{reference}/report", self.report),
            *(web.post(f"/api/campaigns/{{reference}}/{act}", self._doing(act)) for act in ACTS),
        )

    async def write(self, request: web.Request) -> web.StreamResponse:
        return await keyed(request, Written, self._written)

    async def _written(self, key: str, body: Written) -> web.Response:
        if body.partner and body.partner not in self._partners:
            return problem(422, "invalid", "partner: nobody of this name speaks through us")
        if unusable := self._unusable(body):
            return problem(422, "invalid", f"channels: {unusable}")
        sender, by_mail = self._partners.get(body.partner, ""), "email" in body.channels
        draft = Draft(body.name, body.purpose, body.texts, body.by, sender, by_mail)
        try:
            campaign = await self._desk.written(key, draft)
        except Rejected as error:
            return _refused(error)
        return web.json_response(await self._described(campaign), status=201)

    def _unusable(self, body: Written) -> str:
        """What speaks against the channels; nothing when they can be used."""
        if sorted(body.channels) not in (["sms"], ["email", "sms"]):
            return "sms, or sms and email: a letter goes beside an SMS"
        if "email" not in body.channels:
            return ""
        if body.partner:
            return "a partner's messages go by SMS only"
        return "" if self._has_mail else "there is no mail server: see mail.host"

    async def newest(self, request: web.Request) -> web.Response:
        """The newest first, without their counts."""
        try:
            limit = limit_of(request, PAGE, PAGE_MAX)
        except ValueError:
            return problem(422, "invalid", "limit is a number")
        async with self._store.read() as connection:
            rows = await records.newest(connection, limit)
        return web.json_response({"campaigns": [_head(row) for row in rows]})

    async def bring(self, request: web.Request) -> web.StreamResponse:
        by = request.query.get("by", "").strip()
        if not 2 <= len(by) <= 36:
            return problem(422, "invalid", "by: who brings it, in 2 to 36 characters")
        content = bytearray()
        async for piece in request.content.iter_chunked(PIECE):
            content += piece
            if len(content) > self._settings.bytes_most:
                return problem(413, "too-large", f"At most {self._settings.bytes_most} bytes: make several campaigns.")
        try:
            campaign = await self._desk.brought(_named(request), bytes(content), by)
        except Rejected as error:
            return _refused(error)
        return web.json_response(await self._described(campaign))

    async def show(self, request: web.Request) -> web.Response:
        async with self._store.read() as connection:
            campaign = await records.named(connection, _named(request))
        if campaign is None:
            return problem(404, "not-found", "There is no such campaign.")
        return web.json_response(await self._described(campaign))

    async def report(self, request: web.Request) -> web.StreamResponse:
        """Everybody of the table, one line each. What came from the file never becomes a formula."""
        async with self._store.read() as connection:
            campaign = await records.named(connection, _named(request))
        if campaign is None:
            return problem(404, "not-found", "There is no such campaign.")
        return await streamed(request, f"campaign-{campaign.reference}.csv", csv.streamed(HEAD, self._lines(campaign)))

    def _doing(self, act: str) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await validated(request, Said, lambda said: self._did(request, act, said))

        return handle

    async def _did(self, request: web.Request, act: str, said: Said) -> web.Response:
        try:
            campaign = await self._desk.did(_named(request), act, said.by, said.why)
        except Rejected as error:
            return _refused(error)
        return web.json_response(await self._described(campaign))

    async def _lines(self, campaign: Campaign) -> AsyncIterator[Row]:
        after = 0
        while True:
            async with self._store.read() as connection:
                rows = await records.outcomes(connection, campaign.id, after, REPORT_ROWS)
            for row in rows:
                at = iso(row.updated_at) if row.updated_at else ""
                yield (
                    row.row, row.msisdn.lstrip("+"), row.language, row.parts, row.outcome, row.why, row.cost or "", at,
                    row.email,
                )  # fmt: skip
            if len(rows) < REPORT_ROWS:
                return
            after = rows[-1].row

    async def _described(self, campaign: Campaign) -> dict[str, Any]:
        async with self._store.read() as connection:
            counts = await records.counts(connection, campaign.id)
            people, parts = await records.sending(connection, campaign.id)
            samples = await records.samples(connection, campaign.id, SAMPLES)
            mails = await letters.to_write(connection, campaign.id) if campaign.by_mail else 0
            written = await letters.counts(connection, campaign.id)
        return {
            **_head(campaign),
            "texts": campaign.texts,
            "people": sum(count.people for count in counts),
            "toSend": people,
            "parts": parts,
            "cost": amount_text(parts * self._settings.part_cents),
            "currency": CURRENCY,
            "needsSecondPerson": people > self._settings.alone_most,
            "counts": _summed(counts),
            "reasons": _reasons(counts),
            "spent": amount_text(_spent_cents(counts)),
            "emails": {"toSend": mails, "counts": written},
            "samples": [
                {"row": row.row, "language": row.language, "text": row.text, "parts": row.parts,
                 "alphabet": size(row.text).alphabet}
                for row in samples
            ],
            "faults": campaign.faults,
        }  # fmt: skip


def _named(request: web.Request) -> str:
    return request.match_info["reference"].upper()


def _refused(error: Rejected) -> web.Response:
    return problem(STATUS_OF.get(error.code, 409), error.code, f"Refused: {error}.")


def _head(campaign: Campaign) -> dict[str, Any]:
    return {
        "reference": campaign.reference,
        "name": campaign.name,
        "purpose": campaign.purpose,
        "channels": ["sms", "email"] if campaign.by_mail else ["sms"],
        "state": campaign.state,
        "createdBy": campaign.created_by,
        "startedBy": campaign.started_by,
        "approvedBy": campaign.approved_by,
        "createdAt": iso(campaign.created_at),
        "updatedAt": iso(campaign.updated_at),
    }


def _summed(counts: Sequence[Count]) -> dict[str, int]:
    """People by what they came to; the sum is everybody."""
    summed: dict[str, int] = {}
    for count in counts:
        summed[count.state] = summed.get(count.state, 0) + count.people
    return summed


def _reasons(counts: Sequence[Count]) -> list[dict[str, Any]]:
    summed: dict[tuple[str, str], int] = {}
    for count in counts:
        if count.reason:
            key = count.state, count.reason
            summed[key] = summed.get(key, 0) + count.people
    return [{"state": state, "reason": reason, "people": people} for (state, reason), people in summed.items()]


def _spent_cents(counts: Sequence[Count]) -> int:
    """What carriers said they take, to the nearest cent of the sum: `KES 0.8000` each."""
    spent = sum((_shillings(count.cost) * count.people for count in counts), Decimal())
    return int((spent * 100).to_integral_value())


def _shillings(cost: str) -> Decimal:
    try:
        return Decimal(cost.rpartition(" ")[2] or "0")
    except InvalidOperation:
        return Decimal()
