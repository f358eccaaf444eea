"""The words in force: read again when a file of the menus changes, proved first, and the last good ones kept.

A session goes on with the words and the menu it began with, so that a reload never changes what its screens say or
what "2" meant; new sessions and messages get the new ones. What is refused is logged, counted and shown by health
until a file is mended.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from flows.check import check
from flows.engine import Engine
from flows.turn import Session
from gateway.errors import Misconfigured
from gateway.metrics import MENUS_REFUSED
from menus.catalogue import Catalogue

VERSIONS_MAX = 16
"""How many versions are kept for sessions in flight: more than an editor saves while a session lives."""

log = structlog.get_logger("menus")


class LiveMenus:
    """`read` makes a catalogue of the folder's files, `built` an engine of a catalogue, `named` the same words where
    the organisation is called something else.

    Raises Misconfigured at once when the first reading cannot be used.
    """

    def __init__(
        self, folder: Path, read: Callable[[], Catalogue], built: Callable[[Catalogue], Engine],
        named: "Callable[[str], LiveMenus] | None" = None,
    ) -> None:  # fmt: skip
        self._named = named
        self._by_name: dict[str, LiveMenus] = {}
        self._folder = folder
        self._read = read
        self._built = built
        self._seen = _marks(folder)
        self.engine = built(read())
        self._kept: OrderedDict[str, Engine] = OrderedDict({self.version: self.engine})
        self.problem = ""
        self._is_watching = False

    @property
    def catalogue(self) -> Catalogue:
        return self.engine.catalogue

    @property
    def version(self) -> str:
        return self.catalogue.version

    def called(self, name: str) -> "LiveMenus":
        """The same words, as live, where the organisation is called `name`; these, where that is empty.

        Raises Misconfigured when they do not fit with that name.
        """
        if not name or self._named is None:
            return self
        if name not in self._by_name:
            menus = self._named(name)
            if findings := [str(finding) for finding in check(menus.engine)]:
                _refuse_new(name, findings, [str(finding) for finding in check(self.engine)])
            self._by_name[name] = menus
        return self._by_name[name]

    def engine_for(self, session: Session) -> Engine:
        """The one a session began with, while it is kept; the one in force for a new session."""
        return self._kept.get(session.version, self.engine)

    async def watch(self, seconds: float) -> None:
        """Look for changes until cancelled; only the first of several watchers does."""
        if self._is_watching:
            return
        self._is_watching = True
        try:
            while True:
                await asyncio.sleep(seconds)
                await asyncio.to_thread(self.refresh)
        finally:
            self._is_watching = False

    def refresh(self) -> bool:
        """Take over what has changed and is in order; whether anything was."""
        for menus in self._by_name.values():
            menus.refresh()
        seen = _marks(self._folder)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            catalogue = self._read()
            if catalogue.version == self.version:
                return self._mended()
            engine = self._built(catalogue)
            refused = [str(finding) for finding in check(engine)]
        except Misconfigured as error:
            refused = [str(error)]
        except OSError as error:  # taken away between the listing and the reading: looked at again
            self._seen, refused = {}, [f"{self._folder}: {type(error).__name__}"]
        return self._refused(refused) if refused else self._taken(engine)

    def _taken(self, engine: Engine) -> bool:
        before, self.engine = self.version, engine
        self._kept[self.version] = engine
        self._kept.move_to_end(self.version)
        while len(self._kept) > VERSIONS_MAX:
            self._kept.popitem(last=False)
        log.info("menus_taken", before=before, version=self.version)
        self._mended()
        return True

    def _mended(self) -> bool:
        self.problem = ""
        MENUS_REFUSED.set(0)
        return False

    def _refused(self, findings: Sequence[str]) -> bool:
        self.problem = findings[0]
        MENUS_REFUSED.set(len(findings))
        log.error("menus_refused", kept=self.version, findings=list(findings))
        return False


def _refuse_new(name: str, findings: Sequence[str], ours: Sequence[str]) -> None:
    """What is wrong with the words under any name is not that name's fault."""
    for finding in findings:
        if finding not in ours:
            raise Misconfigured(f"{name} does not fit the words: {finding}")


def _marks(folder: Path) -> dict[str, tuple[int, int]]:
    """What would differ after a change: each file's size and the moment of its last writing."""
    marks = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found = path.stat()
        except OSError:
            continue  # taken away between the listing and the look: the next look sees the rest
        marks[path.name] = (found.st_mtime_ns, found.st_size)
    return marks
