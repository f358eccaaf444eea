"""What whoever owns the database does to the books is found, and the first bad row is named: a sample of it."""

from pathlib import Path
from random import SystemRandom

from gateway.store.engine import Store
from tests.gateway.audit.meddle import KINDS, Report, business, experiment
from tests.gateway.audit.vault import Vault


async def tried(url: str, heads_file: Path, count: int) -> Report:
    """Another seed each time: what is not found is printed with it."""
    store = Store(url)
    vault = Vault(store, heads_file, rows_at_once=20)
    await business(vault, 12)
    assert await vault.proof() == []
    assert await vault.findings() == []
    report = await experiment(vault, count, SystemRandom().randrange(1_000_000))
    await store.close()
    return report


class TestMeddling:
    async def test_everything_is_found_and_named(self, database_url: str, tmp_path: Path) -> None:
        """Edits, deletions, insertions and tail cuts, half of them with care."""
        count = 40 if database_url.startswith("sqlite") else 12

        report = await tried(database_url, tmp_path / "heads.jsonl", count)

        assert (report.missed, report.unnamed) == ([], []), report.lines
        assert {trial.kind for trial in report.trials} <= KINDS.keys()
        assert len(report.trials) == count
