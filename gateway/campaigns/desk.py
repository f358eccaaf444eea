"""What people do with campaigns: write one, bring its table, see what it comes to, set it going, hold it, give it up.

    draft -> (waiting) -> running <-> paused -> done, or cancelled on the way

To more people than `alone_most` a second person has to agree. Nobody is written to twice by one campaign, however
often it is held and set going again: a message is named after its campaign and its phone.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.campaigns import letters, people, records
from gateway.campaigns.people import Table, Unusable
from gateway.campaigns.records import Campaign
from gateway.campaigns.wording import Unsayable, wording
from gateway.clock import Clock
from gateway.config import Campaigns as Settings
from gateway.errors import Rejected
from gateway.loanbook import sheet
from gateway.loanbook.sheet import Unreadable
from gateway.operations.outbox import Outbox
from gateway.store.engine import Store

NAMESPACE = uuid.UUID("3e4f6c1a-93a0-5d7a-9a55-63616d706169")
PREFIX = "CP"
FEED = "campaign.feed"
FAULTS_KEPT = 1000
ACTS: Mapping[str, tuple[str, ...]] = {
    "start": ("draft",),
    "approve": ("waiting",),
    "pause": ("running",),
    "resume": ("paused",),
    "cancel": ("draft", "waiting", "running", "paused"),
}
"""What may be done in which state."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`texts` by language; `purpose` is offer or notice; `sender` a partner's, empty for our own. `by_mail`: to
    confirmed addresses too."""

    name: str
    purpose: str
    texts: Mapping[str, str]
    by: str
    sender: str = ""
    by_mail: bool = False


class CampaignDesk:
    """Raises Rejected, with a code, for what cannot be."""

    def __init__(
        self, store: Store, outbox: Outbox, settings: Settings, clock: Clock, languages: tuple[str, ...]
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._settings = settings
        self._clock = clock
        self._languages = languages

    async def written(self, key: str, draft: Draft) -> Campaign:
        """A new one; the same key again is the same campaign."""
        try:
            said = wording(draft.texts, self._languages)
        except Unsayable as error:
            raise Rejected(str(error), "invalid") from error
        identity, now = str(uuid.uuid5(NAMESPACE, key)), self._clock()
        values: dict[str, object] = {
            "name": draft.name, "purpose": draft.purpose, "texts": dict(said.texts), "created_by": draft.by,
            "sender": draft.sender, "by_mail": draft.by_mail,
        }  # fmt: skip
        async with self._store.begin() as connection:
            await records.made(
                connection, id=identity, reference=reference(PREFIX, identity), state="draft", faults=[],
                created_at=now, updated_at=now, **values,
            )  # fmt: skip
            campaign = await records.find(connection, identity)
        if campaign is None or any(getattr(campaign, name) != value for name, value in values.items()):
            raise Rejected("the key stands for another campaign", "idempotency-key-reused")
        return campaign

    async def brought(self, named: str, content: bytes, by: str) -> Campaign:
        """Its table, in place of the one before. Nobody is written to by this."""
        async with self._store.read() as connection:
            campaign = await _found(connection, named)
        table = await asyncio.to_thread(self._read, content, campaign)
        now = self._clock()
        async with self._store.begin() as connection:
            campaign = await _found(connection, named, lock=True)
            if campaign.state != "draft":
                raise Rejected(f"it is {campaign.state}: its table stays as it is", "not-now")
            await records.filled(connection, campaign.id, table.people)
            await records.unreachable(connection, campaign.id, campaign.purpose)
            faults = [asdict(fault) for fault in table.faults[:FAULTS_KEPT]]
            digest = hashlib.sha256(content).hexdigest()
            await records.changed(connection, campaign.id, faults=faults, sha256=digest, updated_at=now)
            await audit.noted(
                connection, Deed(by, by, campaign.reference, "", now), "campaign.table", None, {"sha256": digest}
            )
            return await _found(connection, named)

    async def did(self, named: str, act: str, by: str, why: str) -> Campaign:
        """One of `ACTS`, on record."""
        now = self._clock()
        async with self._store.begin() as connection:
            campaign = await _found(connection, named, lock=True)
            if campaign.state not in ACTS[act]:
                raise Rejected(f"it is {campaign.state}", "not-now")
            await self._change(connection, campaign, act, by, now)
            await audit.noted(
                connection, Deed(by, by, why, "", now), f"campaign.{act}", None, {"reference": campaign.reference}
            )
            campaign = await _found(connection, named)
        self._outbox.news.set()
        return campaign

    async def _change(self, connection: AsyncConnection, campaign: Campaign, act: str, by: str, now: int) -> None:
        if act == "start":
            await self._start(connection, campaign, by, now)
        elif act == "approve":
            if any(audit.is_same(by, each or "") for each in (campaign.created_by, campaign.started_by)):
                raise Rejected("a second person decides", "oneself")
            await self._go(connection, campaign, now, approved_by=by)
        elif act == "pause":
            await records.changed(connection, campaign.id, state="paused", updated_at=now)
        elif act == "resume":
            await self._go(connection, campaign, now)
        else:
            await records.given_up(connection, campaign.id, now)
            await letters.given_up(connection, campaign.id, now)
            await records.changed(connection, campaign.id, state="cancelled", updated_at=now)

    async def _start(self, connection: AsyncConnection, campaign: Campaign, by: str, now: int) -> None:
        to, _ = await records.sending(connection, campaign.id)
        if not to:
            raise Rejected("there is nobody to write to", "nobody")
        if to > self._settings.alone_most:
            await records.changed(connection, campaign.id, state="waiting", started_by=by, updated_at=now)
        else:
            await self._go(connection, campaign, now, started_by=by)

    async def _go(self, connection: AsyncConnection, campaign: Campaign, now: int, **values: object) -> None:
        """Each time under a new name: the feeding before may have ended, or may be just about to."""
        number = campaign.round + 1
        identity = str(uuid.uuid5(uuid.UUID(campaign.id), f"feed:{number}"))
        intent = {"campaign": campaign.id, "round": number}
        wanted = Operation(identity, FEED, reference("CF", identity), "", intent)
        await self._outbox.put(connection, wanted, is_ours=True)
        await records.changed(connection, campaign.id, state="running", round=number, updated_at=now, **values)

    def _read(self, content: bytes, campaign: Campaign) -> Table:
        try:
            brought = sheet.read(content, rows_most=self._settings.rows_most)
            return people.read(brought, wording(campaign.texts, self._languages))
        except (Unreadable, Unusable, Unsayable) as error:
            raise Rejected(str(error), "unreadable") from error


async def _found(connection: AsyncConnection, named: str, *, lock: bool = False) -> Campaign:
    campaign = await records.named(connection, named, lock=lock)
    if campaign is None:
        raise Rejected("there is no such campaign", "not-found")
    return campaign
