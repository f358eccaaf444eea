"""Messages through kills, refusals, duplicates and late reports, counted where they arrive."""

from pathlib import Path

from tests.gateway.sending.storm import Storm


class TestStorm:
    async def test_nothing_is_lost_doubled_or_late(self, tmp_path: Path, fresh_postgres: str) -> None:
        """A short one; `python -m tests.gateway.sending.storm 20000` is the long one."""
        storm = Storm(tmp_path, fresh_postgres, 300, 7, kills_most=2)

        broken = await storm.run()

        assert broken == []
        assert storm.kills
