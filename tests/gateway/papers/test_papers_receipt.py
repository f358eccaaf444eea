"""Every event that moves money is told: by SMS in every language, and by name on a receipt."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import gateway
from gateway.papers.receipt import EVENTS
from menus import catalogue
from menus.messages import MESSAGES
from tests.gateway.papers.sheets import voice

ROOT = Path(gateway.__file__).parent
TOLD: Mapping[str, tuple[str, ...]] = {
    "deposit": ("wallet.deposited", "auto.receipt", "auto.receipt_many"),
    "paid in at the paybill": ("paybill.received", "paybill.held", "repay.paid"),
    "withdrawal, with its fee": ("wallet.withdrawn",),
    "a withdrawal that came back": ("wallet.refused",),
    "sent, with its fee": ("send.sent", "send.kept"),
    "received": ("send.received", "send.received_auto", "send.received_auto_many", "send.claimed"),
    "sent and come back": ("send.returned", "send.taken_back"),
    "moved by staff": ("send.moved_out", "send.moved_in"),
    "loan paid out, with its fee": ("borrow.paid", "borrow.paid_duty", "borrow.paid_months", "borrow.paid_uneven"),
    "a loan that was not paid out": ("borrow.unpaid", "borrow.refused"),
    "repaid by M-PESA": ("repay.paid", "repay.cleared", "repay.extra"),
    "repaid from the wallet": ("repay.wallet", "repay.cleared_wallet"),
    "repaid by another person": (
        "repay.thanks", "repay.gave", "repay.gave_wallet", "repay.by_other", "repay.by_other_extra",
        "repay.by_other_wallet",
    ),
    "lent and repaid between people": ("peer.lent", "peer.got", "peer.repaid", "peer.cleared"),
    "savings in and out": ("savings.saved", "savings.moved"),
    "interest on savings": ("savings.interest",),
}  # fmt: skip


class TestEvents:
    @pytest.mark.parametrize("event", TOLD)
    def test_it_has_an_sms_in_every_language_and_somebody_sends_it(self, event: str) -> None:
        """Named in the code that moves the money."""
        sources = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
        for template in TOLD[event]:
            single = re.sub(r"_(many|duty|months|uneven)$", "", template)
            assert template in MESSAGES
            assert all(template in language.messages for language in catalogue.load().languages.values())
            assert f'"{template}"' in sources or f'"{single}"' in sources, template

    @pytest.mark.parametrize("kind", EVENTS)
    def test_its_operation_has_a_name_on_receipts(self, kind: str) -> None:
        """In both languages; and it is a kind that there is."""
        sources = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))

        assert voice("en")(f"event.{EVENTS[kind]}") != voice("sw")(f"event.{EVENTS[kind]}")
        assert sources.count(f'"{kind}"') > 1
