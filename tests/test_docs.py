"""The documents keep to what runs."""

from pathlib import Path

from gateway.checks import flow_diagrams
from gateway.config import Config, load

ROOT = Path(__file__).parent.parent


class TestDocuments:
    """What can be drawn or read from code is compared with code."""

    def test_the_diagrams_of_the_flows_are_current(self) -> None:
        """`nyota check --diagrams docs/flows.md` would change nothing."""
        assert (ROOT / "docs" / "flows.md").read_text(encoding="utf-8") == flow_diagrams()

    def test_the_configuration_shows_the_defaults(self) -> None:
        """Whoever reads config.yaml reads what holds without it."""
        assert load(ROOT / "config.yaml") == Config()
