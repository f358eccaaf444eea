"""The books from a terminal."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.__main__ import cli
from gateway.books.command import balance, table_of, trial
from gateway.errors import Misconfigured
from gateway.store.engine import Store
from tests.gateway.books.till import Till, transfer

FIRST_DAY, SECOND_DAY = 1_785_920_400_000, 1_786_006_800_000  # 5 and 6 August 2026, noon


@pytest.fixture
async def data(fresh_sqlite: str, tmp_path: Path) -> Path:
    """The folder of a machine on which two days of business were done."""
    till = Till(store := Store(fresh_sqlite))
    await till.deposit("amina", 5_000, at=FIRST_DAY)
    await till.post(transfer("op", "amina", "baraka", 1_250), SECOND_DAY)
    await store.close()
    return tmp_path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("logs: {level: error}\n")
    return path


class TestBalance:
    async def test_of_any_day(self, data: Path, config: Path) -> None:
        """What it was when the day was over."""
        assert await balance(config, data, "wallet:amina", "2026-08-05") == (
            "wallet:amina at 2026-08-05T23:59:59+03:00: KES 50.00"
        )
        assert (await balance(config, data, "wallet:amina", None)).endswith("KES 37.50")

    @pytest.mark.parametrize(("key", "at"), [("wallet", None), ("wallet:amina", "yesterday")])
    async def test_what_is_no_account_or_moment_is_refused(
        self, data: Path, config: Path, key: str, at: str | None
    ) -> None:
        """In one line, naming it."""
        with pytest.raises(Misconfigured, match=at or key):
            await balance(config, data, key, at)


class TestTrial:
    async def test_of_any_day_comes_to_nothing(self, data: Path, config: Path) -> None:
        """Both sides are the same, of a day with business, of one before it, and now."""
        for on, expected in ((date(2026, 8, 4), 0), (date(2026, 8, 5), 5_000), (None, 5_000)):
            rows = await trial(config, data, on)

            assert sum(row.debit_cents for row in rows) == expected
            assert sum(row.credit_cents for row in rows) == expected

    def test_another_form_is_refused(self) -> None:
        """By name."""
        with pytest.raises(Misconfigured, match="pdf"):
            table_of([], "pdf")


class TestCommand:
    def test_as_csv(self, data: Path, config: Path) -> None:
        """For a spreadsheet, with the total last."""
        done = CliRunner().invoke(
            cli, ["books", "trial", "--format", "csv", "--data", str(data), "--config", str(config)]
        )

        assert done.exit_code == 0, done.output
        assert done.output.splitlines()[-1] == "total,,50.00,50.00"
        assert table_of([], "table").splitlines()[-1].split() == ["total", "0.00", "0.00"]
