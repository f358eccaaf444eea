"""What comes in over a link is acknowledged once it is kept, whatever the database does meanwhile."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from gateway.config import SmppLink
from gateway.conversation import Conversation
from gateway.endings import Endings
from gateway.errors import Unavailable, Uncertain
from gateway.providers.contract import Delivery, IncomingSms
from gateway.smpp.hearing import Ears, Heard, Hearing, kept
from gateway.smpp.link import Link
from gateway.smpp.wire import NOT_NOW, OK, RECEIPTED_MESSAGE_ID, Deliver
from gateway.spool import Spool

NOBODY, NOWHERE = cast("Conversation", None), cast("Endings", None)
REPORT = Deliver("254711000001", "NYOTA", b"stat:DELIVRD", 0, 4, {RECEIPTED_MESSAGE_ID: b"a1\0"})


class Database:
    """Keeps messages and reports, once it does not fail any more. Digits are what it would not have on disk."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.kept: list[tuple[str, int | None]] = []

    async def received(self, sms: IncomingSms, at: int | None = None) -> None:
        self._taken(sms.text, at)

    def may_wait(self, sms: IncomingSms) -> bool:
        return not any(character.isdigit() for character in sms.text)

    async def keep(self, provider: str, report: Delivery) -> None:
        self._taken(f"{provider} {report.provider_id} {report.state}", None)

    def _taken(self, words: str, at: int | None) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.kept.append((words, at))


class Ear:
    """A link that hears, with a clock that goes on by one at each look."""

    name = "mno"

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.now = 1000
        self.ears = Ears(self.database, self.database, Spool(folder, Heard), self.clock, ("*383#",))
        settings = SmppLink(host="127.0.0.1", port=2775, system_id="nyota")
        self._hearing = Hearing(cast("Link", self), settings, self.ears)

    def clock(self) -> int:
        self.now += 1
        return self.now

    async def hears(self, message: Deliver | str) -> int:
        if isinstance(message, str):
            message = Deliver("254711000001", "383", message.encode())
        return await self._hearing.taken(message, NOBODY, NOWHERE)

    async def drained(self) -> None:
        await self.ears.spool.drain(partial(kept, self.ears))


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    return Ear(tmp_path / "smpp", Database())


class TestKeeping:
    async def test_what_is_kept_is_acknowledged(self, ear: Ear) -> None:
        """And nothing lies on the disk."""
        assert [await ear.hears("BAL"), await ear.hears(REPORT)] == [OK, OK]

        assert [words for words, _ in ear.database.kept] == ["BAL", "mno a1 delivered"]
        assert ear.ears.spool.waiting() == []

    @pytest.mark.parametrize("failure", [Unavailable("away"), Uncertain("broke while committing")], ids=type)
    async def test_an_outage_loses_nothing(self, ear: Ear, failure: Exception) -> None:
        """It is on disk before it is acknowledged, and taken from there in its order, as of when it came."""
        ear.database.failures = [failure]

        statuses = [await ear.hears(each) for each in ("BAL", "STOP", REPORT, "START")]
        await Ear(ear.folder, ear.database).drained()  # another process, after a restart

        assert statuses == [OK] * 4
        assert ear.database.kept == [("BAL", 1001), ("STOP", 1002), ("mno a1 delivered", None), ("START", 1004)]
        assert ear.ears.spool.waiting() == []

    async def test_what_comes_waits_behind_what_waits(self, ear: Ear) -> None:
        """Until all of that has been taken."""
        ear.database.failures = [Unavailable("away")]
        await ear.hears("STOP")

        await ear.hears("START")
        waited = list(ear.database.kept)
        await ear.drained()
        await ear.drained()
        await ear.hears("BAL")

        assert waited == []
        assert [words for words, _ in ear.database.kept] == ["STOP", "START", "BAL"]

    async def test_what_may_hold_a_pin_is_not_put_on_disk(self, ear: Ear) -> None:
        """The centre has to send it again."""
        ear.database.failures = [Unavailable("away")]

        assert await ear.hears("my pin is 4826") == NOT_NOW

        assert not ear.folder.exists()

    async def test_when_the_disk_takes_nothing_either_the_centre_keeps_it(self, ear: Ear) -> None:
        """It is asked to send it again."""
        ear.folder.write_text("a file where the folder should be")
        ear.database.failures = [Unavailable("away")]

        assert await ear.hears("BAL") == NOT_NOW

    async def test_a_mistake_of_ours_waits_for_a_person(self, ear: Ear) -> None:
        """Set aside; nothing waits behind it."""
        ear.database.failures = [RuntimeError("a mistake"), RuntimeError("a mistake")]

        statuses = [await ear.hears(each) for each in ("HELP", "BAL")]
        await ear.drained()

        assert statuses == [OK, OK]
        assert [words for words, _ in ear.database.kept] == ["BAL"]
        assert len(list(ear.folder.glob("*.failed"))) == 1

    @pytest.mark.parametrize(
        "nonsense",
        [
            lambda: Deliver("nobody", "383", b"BAL"),
            lambda: Deliver("254711000001", "NYOTA", b"stat:DELIVRD", 0, 4),
            lambda: Deliver("254711000001", "383", b"*383#", 0, 0, {0x0501: b"\1"}),
        ],
        ids=["no phone", "a report on nothing", "a session on a link without sessions"],
    )
    async def test_what_nobody_understands_is_not_sent_again(self, ear: Ear, nonsense: Callable[[], Deliver]) -> None:
        """It would be the same."""
        assert await ear.hears(nonsense()) == OK

        assert ear.database.kept == []
