"""Figures are printed for people and for scripts, the same ones."""

import json
import sqlite3
from pathlib import Path

import pytest

from simulator.load.figures import Figures, Spread
from simulator.load.members import AMINA, FILE, LIMIT_CENTS, added

FIGURES = Figures(
    bare=Spread.of([14_000.0, 15_000.0, 13_000.0]),
    gateway=Spread.of([8_000.0, 9_000.0, 7_000.0]),
    ratio=Spread.of([0.5714, 0.6, 0.5385]),
    bare_cpu_us=Spread.of([60.0]),
    gateway_cpu_us=Spread.of([110.0]),
    cpu_ratio=Spread.of([0.5454]),
    rounds=3,
    offered_per_second=4_000.0,
    p50_ms=1.234,
    p99_ms=4.567,
    max_ms=9.999,
    live_sessions=1000,
    pin_checks_per_second=80.04,
    is_pinned=True,
)


class TestFigures:
    def test_a_script_reads_medians_and_spread(self) -> None:
        """JSON, in camelCase."""
        mapping = json.loads(json.dumps(FIGURES.mapping()))

        assert mapping["ratio"] == {"median": 0.571, "least": 0.538, "most": 0.6}
        assert mapping["bareHopsPerSecond"]["median"] == 14_000
        assert mapping["cpuRatio"]["median"] == 0.545
        assert mapping["latency"]["p99Ms"] == 4.57
        assert mapping["pinChecksPerSecond"] == 80.0

    def test_a_person_reads_what_is_wanted_beside_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The table names the goals."""
        FIGURES.show()

        shown = capsys.readouterr().out
        assert "0.57 (0.54 - 0.60)" in shown
        assert ">= 0.50" in shown
        assert "4.57 ms" in shown


class TestMembers:
    def test_they_are_copies_of_amina_on_lines_of_their_own(self, tmp_path: Path) -> None:
        """The same PIN hash, another line, identity and row each."""
        with sqlite3.connect(tmp_path / FILE) as database:
            database.execute("CREATE TABLE customers (id, msisdn, name, national_id, limit_cents, pin_hash)")
            database.execute("INSERT INTO customers VALUES ('a', ?, 'Amina', '1', 1, 'hash')", (AMINA,))
        database.close()

        phones = added(tmp_path, 5)

        database = sqlite3.connect(tmp_path / FILE)
        rows = database.execute("SELECT * FROM customers WHERE msisdn != ?", (AMINA,)).fetchall()
        database.close()
        assert sorted(row[1] for row in rows) == sorted(phones)
        assert len({row[0] for row in rows}) == len({row[3] for row in rows}) == 5
        assert {(row[2], row[4], row[5]) for row in rows} == {("Amina", LIMIT_CENTS, "hash")}
