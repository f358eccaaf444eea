"""`nyota books check` and `accept` on a machine that `nyota up` runs on."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.__main__ import cli
from gateway.store.engine import Store
from tests.gateway.audit.vault import KEY, Vault
from tests.gateway.books.till import transfer


@pytest.fixture
async def vault(fresh_sqlite: str, tmp_path: Path) -> Vault:
    """Its key and its heads are where `nyota up` keeps them."""
    (tmp_path / "audit-key").write_text(KEY)
    (tmp_path / "config.yaml").write_text("logs: {level: error}\n")
    vault = Vault(store := Store(fresh_sqlite), tmp_path / "audit-heads.jsonl")
    await vault.deposit("amina", 5_000)
    await vault.post(transfer("op", "amina", "baraka", 1_250))
    await vault.seal()
    await store.close()
    return vault


def nyota(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["books", *words, "--data", str(folder), "--config", str(folder / "config.yaml")])


class TestCheck:
    def test_sound_books_are_said_to_be_sealed(self, vault: Vault, tmp_path: Path) -> None:
        """Through which seal."""
        done = nyota(tmp_path, "check")

        assert (done.exit_code, done.output) == (0, "The books balance; sealed through 3.\n")

    def test_without_a_key_it_says_what_is_not_proved(self, vault: Vault, tmp_path: Path) -> None:
        """The sums are; that nobody has changed the past is not."""
        (tmp_path / "audit-key").unlink()

        done = nyota(tmp_path, "check")

        assert done.exit_code == 0
        assert "nothing is sealed" in done.output

    def test_a_copy_of_what_was_told_outside_can_be_named(self, vault: Vault, tmp_path: Path) -> None:
        """One whose seal is not in this chain is evidence."""
        copy = tmp_path / "copy.jsonl"
        copy.write_text('{"seal": 9, "mark": "x", "at": "", "through": {"postings": 12}}\n')

        done = nyota(tmp_path, "check", "--heads", str(copy))

        assert done.exit_code == 1
        assert "seals 4" in done.output.splitlines()[0]
        assert nyota(tmp_path, "check", "--since", "2026-08-05").exit_code == 0


class TestMeddled:
    @pytest.fixture
    async def meddled(self, vault: Vault) -> None:
        """Somebody doubles a transfer, and its balances with it."""
        await vault.meddle("UPDATE postings SET amount_cents = amount_cents * 2 WHERE id > 2")
        await vault.store.close()

    def test_the_first_line_names_the_first_bad_row(self, meddled: None, tmp_path: Path) -> None:
        """And it exits 1."""
        done = nyota(tmp_path, "check")

        assert done.exit_code == 1
        assert "altered: postings 3: " in done.output.splitlines()[0]

    def test_accepting_is_on_the_record_and_mends_nothing(self, meddled: None, tmp_path: Path) -> None:
        """The chain goes on, the bad row stays named."""
        accepted = nyota(tmp_path, "accept", "--by", "wanjiru", "--why", "restored")

        assert (accepted.exit_code, accepted.output) == (0, "accepted by seal 4\n")
        assert '"by": "wanjiru"' in (tmp_path / "audit-heads.jsonl").read_text()
        assert "altered: postings 3: " in nyota(tmp_path, "check").output.splitlines()[0]
