"""`nyota sms simulate`, alone and with a gateway."""

from pathlib import Path

import pytest

from gateway.texting.command import simulated
from tests.gateway.texting.pen import AMINA
from tests.house import OPS_TOKEN, House


class TestSimulating:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("SEND 200 0712345678", ["understood: send phone +254712345678, amount 200", "  wallet.menu: send",
                                     "  send.phone: +254712345678", "  send.unknown: go", "  send.amount: 200"]),
            ("salio", ["understood: balance"]),
            ("LOAN", ["not clear: borrow"]),
            ("482913", ["a code or a PIN"]),
            ("hello", ["not understood"]),
        ],
    )  # fmt: skip
    async def test_alone_it_says_how_a_message_is_understood(self, text: str, said: list[str], tmp_path: Path) -> None:
        """And what would be answered at which screen."""
        assert await simulated(None, tmp_path, text, line=None, url=None) == said

    async def test_for_a_line_it_says_what_a_gateway_would_answer(self, house: House, tmp_path: Path) -> None:
        """In the words of its own language."""
        (tmp_path / "ops-token").write_text(OPS_TOKEN)

        said = await simulated(None, tmp_path, "WITHDRAW 500", line=AMINA, url=house.url)

        assert said[:2] == ["understood: withdraw amount 500", "kept as: WITHDRAW 500"]
        assert said[2].startswith("SMS: Withdraw Ksh 500 to your M-PESA 0711***001. Fee Ksh 15? Reply ****** by")
        assert said[3] == "nothing moves before the code comes back"
