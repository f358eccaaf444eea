"""A core that was away for a day gets everything, once and in order; what it will never take holds up nobody else."""

from pathlib import Path

import pytest

from tests.gateway.ledgers.branch import branch_on
from tests.gateway.ledgers.drain import POISONED, experiment


class TestADayWithoutTheCore:
    @pytest.mark.timeout(600)
    async def test_all_is_applied_once_and_in_order_but_what_is_refused_for_good(
        self, database_url: str, tmp_path: Path
    ) -> None:
        """With answers lost, failures after the fact and keys still at work; the schedules agree on both sides."""
        async with branch_on(database_url, tmp_path) as branch:
            course = await experiment(branch, 120)

        assert course.wrong == []
        assert (course.held, len(course.poisoned)) == (120, POISONED)
