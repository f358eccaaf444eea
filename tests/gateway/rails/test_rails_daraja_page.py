"""The page of codes says what the gateway does."""

from pathlib import Path

import pytest

from gateway.rails.daraja_codes import RESULT, STK, Table
from gateway.rails.daraja_page import page

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_the_one_that_the_table_writes() -> None:
    """Written again by `python -m gateway.rails.daraja_page > docs/daraja-codes.md`."""
    assert (DOCS / "daraja-codes.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("table", [STK, RESULT])
def test_every_code_has_a_row_with_its_meaning(table: Table) -> None:
    """And no row is cut by what is written in it."""
    for code, meaning in table.items():
        row = next(line for line in page().splitlines() if line.startswith(f"| {code} | {meaning.text}"))
        assert row.count("|") == 7
        assert f"`{meaning.kind}`" in row
