import re

import pytest

from flows.diagram import diagram, diagrams
from tests.flows.phone import ENGINE

NAMES = sorted(ENGINE.flows)


class TestDiagrams:
    @pytest.mark.parametrize("name", NAMES)
    def test_every_way_of_the_tables_is_drawn(self, name: str) -> None:
        """One arrow for each edge, one for the entry, one for each last screen."""
        flow = ENGINE.flows[name]

        arrows = re.findall(r"^    (\S+) --> (\S+)", diagram(flow), re.MULTILINE)

        ends = [step.name for step in flow.steps.values() if step.kind == "end"]
        assert len(arrows) == len(list(flow.edges())) + len(ends) + 1
        assert arrows[0] == ("[*]", flow.first)

    def test_secrets_and_confirmations_can_be_told_apart(self) -> None:
        """Whoever reads it sees where the gates are."""
        text = diagrams([ENGINE.flows["repay"]])["repay"]

        assert 'state "wallet (PIN)" as wallet' in text
        assert 'state "stk (confirm)" as stk' in text
        assert "state start <<choice>>" in text
        assert 'state "resume / accepted" as to_resume_accepted' in text
        assert "from --> wallet: wallet" in text

    @pytest.mark.parametrize("name", NAMES)
    def test_every_state_has_a_plain_name(self, name: str) -> None:
        """Mermaid takes letters, digits and underscores."""
        for line in diagram(ENGINE.flows[name]).splitlines()[2:]:
            assert re.fullmatch(
                r'    (?:(?:\[\*\]|\w+) --> (?:\[\*\]|\w+)(?:: \w+)?|state \w+ <<choice>>|state "[^"]+" as \w+)', line
            ), line
