"""Reading holds as little of a long statement as of a short one."""

import gc
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from gateway.statements.files import opened
from gateway.statements.line import Line
from tests.gateway.statements import million

ALIVE_MAX = 200


def alive() -> int:
    """Lines and parts of a workbook that somebody holds."""
    return sum(isinstance(each, Line | Element) for each in gc.get_objects())


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_twenty_thousand_rows_are_read_without_being_held(tmp_path: Path, form: str) -> None:
    """Memory in bytes, of a million and with the database: `python -m tests.gateway.statements.million`."""
    path = tmp_path / f"statement.{form}"
    million.written(path, 20_000)
    statement = opened(path)
    before, most = alive(), 0

    for number, row in enumerate(statement):
        assert isinstance(row, Line)
        if number % 4_000 == 3_999:
            most = max(most, alive() - before)

    assert statement.completed == 20_000
    assert statement.findings() == []
    assert most < ALIVE_MAX
