"""What answering a message is made of: the message, who wrote it, and everything that is needed to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.known import Customer
from gateway.accounts.codes import Codes
from gateway.clock import Clock
from gateway.config import Texting
from gateway.facts.source import FactSource
from gateway.live import LiveMenus
from gateway.operations.outbox import Outbox
from gateway.store.engine import Store
from gateway.texting.short_codes import ShortCodes
from gateway.texting.telling import Tellers
from gateway.texting.walk import Walker


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it was understood when it was kept; `id` is that of the operation that answers it."""

    id: str
    intent: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hands:
    """What answering is made of."""

    menus: LiveMenus
    facts: FactSource
    outbox: Outbox
    store: Store
    codes: Codes
    walker: Walker
    tellers: Tellers
    settings: Texting
    clock: Clock
    short_codes: ShortCodes


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote, as of now. `language` is the one to answer in."""

    line: str
    customer: Customer | None
    language: str

    @property
    def is_member(self) -> bool:
        return self.customer is not None and self.customer.is_member
