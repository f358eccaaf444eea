"""Callbacks come many times and at once: see `storm`, which also does thousands."""

from pathlib import Path

from tests.gateway.rails_flow.office import Office
from tests.gateway.rails_flow.storm import storm


class TestStorm:
    async def test_every_callback_has_one_effect_however_often_it_comes(
        self, each_office: Office, tmp_path: Path
    ) -> None:
        """And every repeat is answered like the first."""
        found = await storm(each_office, tmp_path, 20, 7)

        assert found.wrong == []
        assert found.sent > 4 * 20
        assert found.early
