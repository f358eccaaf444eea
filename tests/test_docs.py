"""The documents keep to what runs."""

from pathlib import Path

from gateway.checks import flow_diagrams
from gateway.config import Config, Ledger, load
from gateway.ledgers.loading import settings_of

ROOT = Path(__file__).parent.parent


class TestDocuments:
    """What can be drawn or read from code is compared with code."""

    def test_the_diagrams_of_the_flows_are_current(self) -> None:
        """`nyota check --diagrams docs/flows.md` would change nothing."""
        assert (ROOT / "docs" / "flows.md").read_text(encoding="utf-8") == flow_diagrams()

    def test_the_configuration_shows_the_defaults(self) -> None:
        """Whoever reads config.yaml reads what holds without it."""
        shipped = load(ROOT / "config.yaml")
        ours = Ledger(**shipped.ledger.model_dump(include=set(Ledger.model_fields)))

        assert shipped.model_copy(update={"ledger": ours}) == Config()

    def test_so_do_the_blocks_that_cores_read(self) -> None:
        """Those two that are shipped."""
        blocks = settings_of(load(ROOT / "config.yaml").ledger)

        assert sorted(blocks) == ["fineract", "http"]
        assert all(settings == type(settings)() for settings in blocks.values())
