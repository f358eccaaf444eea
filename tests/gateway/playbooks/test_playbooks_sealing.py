"""Sealing again and again, until the day is over; and the letter that tells the newest seal."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from gateway import dialogue
from gateway.audit.sealer import Sealed, Sealer
from gateway.clock import milliseconds
from gateway.config import Config, Mail
from gateway.errors import Misconfigured
from gateway.mail import Mailer
from gateway.operations.outcome import Done, Later, Outcome, Retry
from gateway.operations.playbook import Work
from gateway.playbooks import seal_mail
from gateway.playbooks.seal_mail import SealMailStep
from gateway.playbooks.sealing import KIND, SealStep
from gateway.store.engine import Store
from tests.gateway.audit.vault import Vault
from tests.gateway.postoffice import PostOffice, opened

NOON = milliseconds(datetime(2026, 8, 5, 9, tzinfo=UTC))
DAY_MS = 86_400_000


class Hand:
    """A sealer that answers what it is told to."""

    def __init__(self, answer: Sealed | Misconfigured) -> None:
        self._answer = answer

    async def seal(self) -> Sealed:
        if isinstance(self._answer, Misconfigured):
            raise self._answer
        return self._answer


def work(kind: str = KIND) -> Work:
    return Work(1, "op", "DYXXXXX", kind, "", {"day": "2026-08-05"}, "queued", "seal", 0, 0, {}, NOON, None, 1)


async def came_to(answer: Sealed | Misconfigured, now: int = NOON) -> Outcome:
    return await SealStep(cast("Sealer", Hand(answer)), lambda: now, every_ms=60_000).attempt(work())


class TestSealing:
    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (Sealed(3), Later(60_000, "3 rows")),
            (Sealed(500, has_more=True), Later(0, "500 rows")),
            (Sealed(0, "journal j is forged"), Later(60_000, "journal j is forged")),
            (Misconfigured("audit.heads_file: read-only"), Later(60_000, "audit.heads_file: read-only")),
        ],
    )
    async def test_it_comes_back(self, answer: Sealed | Misconfigured, expected: Outcome) -> None:
        """At once while there is more; otherwise in a while, whatever stopped it."""
        assert await came_to(answer) == expected

    async def test_it_ends_with_its_day(self) -> None:
        """The next day's goes on; what is left of this one is sealed first."""
        assert isinstance(await came_to(Sealed(1), NOON + DAY_MS), Done)
        assert await came_to(Sealed(500, has_more=True), NOON + DAY_MS) == Later(0, "500 rows")


class TestLetter:
    @pytest.fixture
    async def vault(self, fresh_sqlite: str, tmp_path: Path) -> AsyncIterator[Vault]:
        store = Store(fresh_sqlite)
        yield Vault(store, tmp_path / "heads.jsonl")
        await store.close()

    def step(self, vault: Vault, mail: Mail) -> SealMailStep:
        catalogue = dialogue.catalogue_of(Config())
        return SealMailStep(Mailer(mail), vault.sealer, lambda: catalogue, lambda: NOON, "audit@example.com")

    async def test_it_has_the_line_that_the_file_has(self, vault: Vault) -> None:
        """So that it can be proved by, once the file is gone too."""
        await vault.deposit("amina", 500)
        await vault.seal()
        assert vault.heads_file is not None
        office = PostOffice()

        async with opened(office) as settings:
            outcome = await self.step(vault, settings).attempt(work(seal_mail.KIND))

        (letter,) = office.letters
        assert isinstance(outcome, Done)
        assert letter["To"] == "audit@example.com"
        content = letter.get_payload(decode=True)
        assert isinstance(content, bytes)
        assert vault.heads_file.read_text().strip() in content.decode()

    async def test_nothing_sealed_is_no_letter(self, vault: Vault, unused_tcp_port: int) -> None:
        """And a server that is away is waited for."""
        step = self.step(vault, Mail(host="127.0.0.1", port=unused_tcp_port, tls="none"))
        nothing = await step.attempt(work(seal_mail.KIND))
        await vault.seal()

        assert nothing == Done(reason="nothing is sealed yet")
        assert isinstance(await step.attempt(work(seal_mail.KIND)), Retry)
