"""Who somebody is, as an outside registry knows it, and since when their SIM is the one it is: a port.

Nothing here is asked while a screen waits. `none` is no connection: nobody is verified and no SIM is known to have
changed. `standin` answers from the configuration, for trying things out; a real registry is another class with the
same two questions.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Literal, Protocol

from gateway.clock import EAT, milliseconds
from gateway.config import Identity as Settings

Known = Literal["match", "differs", "unknown"]


class Identity(Protocol):
    """Raises Unavailable when the other side cannot be asked now."""

    async def person(self, national_id: str, name: str) -> Known:
        """Whether the registry knows this number under this name."""

    async def sim_changed_at(self, msisdn: str) -> int | None:
        """When the line last got another SIM, in milliseconds; None when that is not known."""


class StandIn:
    """Knows the people and the SIM changes that the configuration names."""

    def __init__(self, settings: Settings) -> None:
        self._people: Mapping[str, str] = settings.people
        self._changes = settings.sim_changes

    async def person(self, national_id: str, name: str) -> Known:
        known = self._people.get(national_id)
        if known is None:
            return "unknown"
        return "match" if _words(known) == _words(name) else "differs"

    async def sim_changed_at(self, msisdn: str) -> int | None:
        day = self._changes.get(msisdn)
        return None if day is None else milliseconds(datetime.combine(day, time(), EAT))


def connected(settings: Settings) -> Identity | None:
    """The one the configuration chooses; None when there is none."""
    return StandIn(settings) if settings.source == "standin" else None


def _words(name: str) -> frozenset[str]:
    """Names in any order and case are the same name."""
    return frozenset(name.upper().split())
