"""SMS for operators: send one, see what was sent and what became of it, the sentences, and who carries them.

    POST /api/sms/send   Idempotency-Key: 7f3c   {"to": "0711000001", "text": "Office closed on 12 Dec", "by": "jane",
                                                  "purpose": "alert"}
    202  {"reference": "SM7F3C...", "state": "queued", "parts": 1, "alphabet": "gsm7"}

`purpose` is `alert` (what people must know; it reaches everybody) or `offer` (only who has chosen offers). With
`partner` it carries that partner's sender id. The same key again answers what has become of the first; with another
body it is refused.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from flows.text import msisdn as kenyan
from gateway.clock import iso
from gateway.config import Messages as Settings
from gateway.errors import Rejected
from gateway.live import LiveMenus
from gateway.sending.accepting import Accepting, Wanted
from gateway.sending.carriers import Carriers
from gateway.sending.parts import size_of
from gateway.sending.ranks import MANNERS, rank_of
from gateway.store import messages
from gateway.store.engine import Store
from gateway.web.keys import keyed
from gateway.web.paging import following, page_of
from gateway.web.problems import problem
from menus.gsm import to_gsm

NAMESPACE = uuid.UUID("5a9c7f1e-30c4-5b0e-8f7f-736d73736e64")
PAGE, PAGE_MAX = 50, 200
TEXT_CHARACTERS_MAX = 480
REFUSALS: Mapping[str, int] = {"not-found": 404, "opted-out": 409, "idempotency-key-reused": 409}
TEMPLATES: Mapping[str, str] = {"alert": "alert.text", "offer": "bulk.text"}


class Send(BaseModel):
    """What to say to whom, and who says it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    to: str
    text: str = Field(min_length=1, max_length=TEXT_CHARACTERS_MAX)
    by: str = Field(min_length=1, max_length=36)
    purpose: Literal["alert", "offer"] = "alert"
    partner: str = ""


class MessageRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(
        self, store: Store, accepting: Accepting, menus: LiveMenus, carriers: Carriers, settings: Settings
    ) -> None:
        self._store = store
        self._accepting = accepting
        self._menus = menus
        self._carriers = carriers
        self._settings = settings

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/sms/send", self.send),
            web.get("/api/sms/notifications", self.notifications),
            web.get("/api/sms/templates", self.templates),
            web.get("/api/sms/settings", self.settings),
        )

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Queue one message to a customer."""
        return await keyed(request, Send, self._sent)

    async def _sent(self, key: str, body: Send) -> web.Response:
        phone = kenyan(body.to)
        if phone is None:
            return problem(422, "invalid", "to: not a Kenyan mobile number")
        text = to_gsm(body.text)
        intent: dict[str, object] = {
            "template": TEMPLATES[body.purpose], "to": phone, "values": {"said": text}, "language": "", "by": body.by,
        }  # fmt: skip
        if body.purpose == "offer":
            intent["purpose"] = body.purpose
        if body.partner:
            if body.partner not in self._settings.partners:
                return problem(422, "invalid", "partner: nobody of this name speaks through us")
            intent["sender"] = self._settings.partners[body.partner]
        identity = str(uuid.uuid5(NAMESPACE, key))
        try:
            taken = await self._accepting.accept(Wanted(identity, phone, intent, is_offer=body.purpose == "offer"))
        except Rejected as refusal:
            return problem(REFUSALS[refusal.code], refusal.code, str(refusal))
        size = size_of(text)
        answer = {"reference": taken.reference, "state": taken.state, "parts": size.parts, "alphabet": size.alphabet}
        return web.json_response(answer, status=202)

    async def notifications(self, request: web.Request) -> web.Response:
        """What was sent, the newest first; `cursor` of the answer asks for the page after it."""
        query = request.query
        phone = kenyan(query["phone"]) if "phone" in query else None
        if "phone" in query and phone is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        page = page_of(request, PAGE, PAGE_MAX)
        if isinstance(page, web.Response):
            return page
        async with self._store.read() as connection:
            rows = await messages.listed(
                connection, msisdn=phone, state=query.get("state"), before=page.before, limit=page.read
            )
        shown = rows[: page.limit]
        cursor = following(rows, page.limit)
        return web.json_response({"notifications": [_shown(row) for row in shown], "cursor": cursor})

    async def templates(self, request: web.Request) -> web.Response:
        """Every sentence in every language, how urgent it is, and whether an opt-out stops it."""
        catalogue = self._menus.catalogue
        names = sorted({name for language in catalogue.languages.values() for name in language.messages})
        shown = [
            {
                "name": name,
                "rank": rank_of(name),
                "mandatory": MANNERS[rank_of(name)].is_mandatory,
                "words": {code: spoken.messages[name].source for code, spoken in catalogue.languages.items()},
            }
            for name in names
        ]
        return web.json_response({"templates": shown})

    async def settings(self, request: web.Request) -> web.Response:
        """Who carries what, how well they do, and when nobody is written to without need."""
        scores = self._carriers.scores()
        return web.json_response(
            {
                "carriers": [
                    {"name": name, "score": round(scores[name], 2), "rate": self._settings.rates.get(name)}
                    for name in self._settings.carriers
                ],
                "routes": [route.model_dump() for route in self._settings.routes],
                "partners": dict(self._settings.partners),
                "shortCodes": [
                    {"shortCode": number, **code.model_dump()} for number, code in self._settings.short_codes.items()
                ],
                "quietFrom": f"{self._settings.quiet_from:%H:%M}",
                "quietUntil": f"{self._settings.quiet_until:%H:%M}",
            }
        )


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "phone": row.msisdn,
        "template": row.template,
        "rank": rank_of(row.template),
        "text": row.text,
        "state": row.state,
        "provider": row.provider,
        "sender": row.sender,
        "parts": row.parts,
        "cost": row.cost,
        "reason": row.reason,
        "createdAt": iso(row.created_at),
        "updatedAt": iso(row.updated_at),
    }
