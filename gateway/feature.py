"""What one domain adds to the gateway, as data, and the tools it is built from.

A file in `gateway/features/` with `feature(tools) -> Feature` is all there is to add: the composition root finds it,
merges it with the others, and refuses two that claim the same name.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from aiohttp import web

from gateway.books.ledger import Books
from gateway.clock import Clock
from gateway.config import Config
from gateway.conversation import Conversation
from gateway.endings import Endings
from gateway.errors import BrokenInvariant
from gateway.facts.source import Computed, FactSource, Reader
from gateway.health import Check
from gateway.lending.portfolio import Portfolio
from gateway.live import LiveMenus
from gateway.operations.outbox import Instant, Outbox
from gateway.operations.playbook import Playbook
from gateway.pins import Hashes
from gateway.playbooks.telling import Teller
from gateway.rails.callbacks import RailCallbacks
from gateway.rails.charges import Charges
from gateway.rails.daraja import DarajaRail
from gateway.rails.steps import Addresses, Patience
from gateway.store.engine import Store
from menus.catalogue import Catalogue


@dataclass(frozen=True)
class Tools:
    """What features are built from; built once, shared by all.

    `data` is this installation's own directory. `under_way` is every kind of operation that people are shown while it
    is open, of all features. `facts` has the readers of all of them once everything is built.
    """

    config: Config
    data: Path
    clock: Clock
    store: Store
    books: Books
    portfolio: Portfolio
    outbox: Outbox
    teller: Teller
    rail: DarajaRail
    callbacks: RailCallbacks
    addresses: Addresses
    patience: Patience
    charges: Charges
    hashes: Hashes
    menus: LiveMenus
    providers: Mapping[str, Any]
    under_way: frozenset[str]
    facts: FactSource

    @property
    def catalogue(self) -> Catalogue:
        """The words in force now; whoever keeps it keeps old words."""
        return self.menus.catalogue


@dataclass(frozen=True)
class Feature:
    """What a domain adds.

    `instants` take effect with their turn. `readers` and `computed` are facts for screens. `daily` are kinds of
    operation that come up by themselves once a day. `routes` are for operators: the composition root puts them
    behind the operators' token. `open_routes` are for the world outside; each handler proves its caller by itself.
    `wraps` go around the reader of a fact that may be another feature's, `around` around every playbook of all.
    `checks` are reported by health. `runs` goes on for as long as a worker works, `serves` for as long as requests are
    answered. `opens` is awaited before anything is served or worked, and may raise Misconfigured; `closes` at the end.
    """

    playbooks: Iterable[Playbook] = ()
    instants: Mapping[str, Instant] = field(default_factory=dict)
    readers: Mapping[str, Reader] = field(default_factory=dict)
    computed: Mapping[str, Computed] = field(default_factory=dict)
    daily: tuple[str, ...] = ()
    routes: Iterable[web.RouteDef] = ()
    open_routes: Iterable[web.RouteDef] = ()
    wraps: Mapping[str, Callable[[Reader], Reader]] = field(default_factory=dict)
    around: Callable[[Playbook], Playbook] | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)
    runs: Callable[[Conversation, Endings], Coroutine[Any, Any, None]] | None = None
    serves: Callable[[], Coroutine[Any, Any, None]] | None = None
    opens: Callable[[], Awaitable[None]] | None = None
    closes: Callable[[], Awaitable[None]] | None = None


def modules(package: str) -> list[ModuleType]:
    """The files of a package of features, in order of name."""
    path = import_module(package).__path__
    return [import_module(f"{package}.{found.name}") for found in iter_modules(path)]


def under_way(found: Iterable[ModuleType]) -> frozenset[str]:
    """The kinds that the features' `UNDER_WAY` name."""
    return frozenset(kind for module in found for kind in getattr(module, "UNDER_WAY", ()))


def merged(maps: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All of them in one. Raises BrokenInvariant for a name that two of them claim."""
    whole: dict[str, Any] = {}
    for each in maps:
        if doubled := whole.keys() & each.keys():
            raise BrokenInvariant("two features claim one name", names=", ".join(sorted(doubled)))
        whole.update(each)
    return whole
