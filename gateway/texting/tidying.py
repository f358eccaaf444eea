"""`texting.tidy`: once a day, what people wrote long ago is forgotten."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.config import Texting
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.texting import inbox, requests

KIND = "texting.tidy"
DAY_MS = 86_400_000


class Tidying:
    """Its one step."""

    def __init__(self, settings: Texting) -> None:
        self._settings = settings

    def playbook(self) -> Playbook:
        return Playbook(KIND, (Local("forget", self.forget),), lane=lambda _customer, _intent: KIND)

    async def forget(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        before = now - self._settings.keep_days * DAY_MS
        await inbox.tidied(connection, before=before, parts_before=now - self._settings.parts_seconds * 1000)
        await requests.tidied(connection, before)
        return Done()
