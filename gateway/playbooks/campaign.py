"""`campaign.feed`: put the messages of a campaign into the queue, a few hundred at a time, until everybody has theirs.

The queue never holds more of one campaign than that: holding it or giving it up takes effect at once, and what others
have to say is not behind a hundred thousand rows. Bulk goes last of all, and never at a quiet hour. Letters beside the
messages are put by themselves, fewer at a time: where the mail server is slow no message waits for it.
"""

import uuid

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.campaigns import letters, records
from gateway.campaigns.desk import FEED
from gateway.clock import local
from gateway.config import Campaigns as Settings
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.beside_mail import letter
from gateway.sending.quiet import Quiet

TEMPLATE = "bulk.text"
PRIORITY = 8
PUT_OFF_MOST = 50
"""So many times as many letters as leave together may wait for their mail server to take them at last."""
PATIENT = 4
"""So many times longer is waited where there was nothing to put."""


class Feeding:
    """The one step."""

    def __init__(self, outbox: Outbox, settings: Settings, quiet: Quiet) -> None:
        self._outbox = outbox
        self._settings = settings
        self._quiet = quiet

    def playbook(self) -> Playbook:
        return Playbook(
            kind=FEED,
            steps=(Local("feed", self.feed),),
            lane=lambda _, intent: f"campaign:{intent['campaign']}",
            priority=PRIORITY,
        )

    async def feed(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        identity = work.intent["campaign"]
        campaign = await records.find(connection, identity, lock=True)
        if campaign is None or campaign.state != "running" or campaign.round != work.intent["round"]:
            return Done(reason="not running any more")
        if silence := self._quiet.ends_after(local(now)):
            return Later(round(silence.total_seconds() * 1000), "not at this hour")
        under_way = await records.under_way(connection, identity)
        last = await records.next_row(connection, identity, max(0, self._settings.at_once - under_way))
        if last is not None:
            await self._put_up_to(connection, campaign, last)
        put, writing = await self._put_letters(connection, campaign)
        if last is not None or put:
            self._outbox.news.set()
            return Later(round(self._settings.feed_seconds * 1000), "as fast as it is taken")
        left, _ = await records.sending(connection, identity)
        if left or under_way or writing:
            return Later(round(self._settings.feed_seconds * 1000) * PATIENT, "until all are settled")
        await records.changed(connection, identity, state="done", updated_at=now)
        return Done()

    async def _put_up_to(self, connection: AsyncConnection, campaign: records.Campaign, last: int) -> None:
        """Whoever may be written to, as of now: a STOP counts until the last moment."""
        await records.unreachable(connection, campaign.id, campaign.purpose, last)
        if campaign.by_mail:
            await letters.added(connection, campaign.id, last)
        for person in await records.waiting(connection, campaign.id, last):
            await self._put(connection, campaign, person)

    async def _put_letters(self, connection: AsyncConnection, campaign: records.Campaign) -> tuple[int, int]:
        """Some more of those that wait; how many, and how many were under way before.

        What a full mailbox puts off is tried for days and takes nobody else's place, up to a bound.
        """
        if not campaign.by_mail:
            return 0, 0
        under_way, untried = await letters.under_way(connection, campaign.id)
        most = self._settings.mails_at_once
        room = max(0, min(most - untried, most * PUT_OFF_MOST - under_way))
        some = await letters.waiting(connection, campaign.id, room)
        for each in some:
            intent = {
                "template": TEMPLATE, "values": {"said": each.text}, "language": each.language,
                "campaign": campaign.id, "purpose": campaign.purpose,
            }  # fmt: skip
            wanted = letter(f"{campaign.id}:{each.customer_id}", each.customer_id, intent)
            await self._outbox.put(connection, wanted, is_ours=True)
            await letters.queued(connection, campaign.id, each.row, wanted.id)
        return len(some), under_way

    async def _put(self, connection: AsyncConnection, campaign: records.Campaign, person: records.Waiting) -> None:
        """One message, named after the campaign and the phone: however often it is put, it is one."""
        identity = uuid.uuid5(uuid.UUID(campaign.id), person.msisdn)
        intent = {
            "template": TEMPLATE, "to": person.msisdn, "values": {"said": person.text}, "language": person.language,
            "campaign": campaign.id, "sender": campaign.sender, "purpose": campaign.purpose,
        }  # fmt: skip
        name = f"SM{identity.hex[:14].upper()}"
        wanted = Operation(str(identity), "sms.send", name, person.customer_id, intent)
        await self._outbox.put(connection, wanted, is_ours=True)
        await records.queued(connection, campaign.id, person.row, str(identity))
