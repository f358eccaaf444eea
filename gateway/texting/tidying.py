"""`texting.tidy`: once a day, what people wrote long ago is forgotten; and a while after a part of a long message has
come, its digits, should the others not be there by then."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import DAY_MS
from gateway.config import Texting
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.texting import inbox, requests

KIND = inbox.TIDY


class Tidying:
    """Its one step."""

    def __init__(self, settings: Texting) -> None:
        self._settings = settings

    def playbook(self) -> Playbook:
        return Playbook(
            KIND,
            (Local("forget", self.forget),),
            lane=lambda _customer, intent: "" if "parts_since" in intent else KIND,
        )

    async def forget(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        before, parts_before = now - self._settings.keep_days * DAY_MS, now - self._settings.parts_seconds * 1000
        since = work.intent.get("parts_since")
        await inbox.parts_tidied(connection, since=before if since is None else since, before=parts_before)
        if since is None:
            await inbox.tidied(connection, before)
            await requests.tidied(connection, before)
        return Done()
