"""Screens and messages are understood as their readers understand them."""

import pytest

from simulator.campaign import words


class TestScreens:
    @pytest.mark.parametrize(
        ("body", "reference", "cents"),
        [
            ("END Request LN7K2QD received. Ksh 1,980 will go to your M-PESA 0711***001.", "LN7K2QD", 1_980_00),
            ("END Ksh 2,215.50 for loan LN5G8: request PY4T8 received. SMS to follow.", "PY4T8", 2_215_50),
            (
                "END M-PESA will now ask for your M-PESA PIN. First check: NYOTA, Ksh 2,215. Ref PY4T8. If nothing",
                "PY4T8",
                2_215_00,
            ),
        ],
    )
    def test_what_was_received_is_read_with_its_amount(self, body: str, reference: str, cents: int) -> None:
        """A promise is a reference and an amount, and stands on disk."""
        assert words.accepted(body) == words.Accepted(reference, cents)
        assert words.references(body) == (reference,)
        assert words.is_firm(body)

    @pytest.mark.parametrize(
        "body",
        [
            "CON Request LN7K2, Ksh 1,980 to your M-PESA, is on its way. You need not ask again.\n1 Main menu",
            "CON Request LN7K2, Ksh 1,980, is not confirmed yet. Do not repeat it. We will SMS you.\n1 Main menu",
        ],
    )
    def test_what_is_under_way_is_a_reference_too(self, body: str) -> None:
        """It was received once, so it must be there; but the screen itself may change."""
        assert words.references(body) == ("LN7K2",)
        assert not words.is_firm(body)

    def test_a_welcome_is_firm(self) -> None:
        """Whoever was welcomed has joined."""
        assert words.is_firm("END Welcome, Amina. Your Nyota account is open, wallet Ksh 0.")

    def test_a_menu_promises_nothing(self) -> None:
        """Most screens do not."""
        body = "CON Nyota: Amina\n1 Balance\n2 Borrow"

        assert words.references(body) == ()
        assert not words.is_firm(body)
        assert not words.is_apology(body)


class TestNotices:
    @pytest.mark.parametrize(
        ("text", "tone", "reference"),
        [
            ("LN7K2 Confirmed. Ksh 1,980 sent to your M-PESA 0711***001", "success", "LN7K2"),
            ("PY4T8 Confirmed. Ksh 2,215 received for loan LN5G8", "success", "PY4T8"),
            ("Loan LN7K2 cancelled: your M-PESA could not receive Ksh 1,980", "failure", "LN7K2"),
            ("PY4T8: Ksh 2,215 not paid, M-PESA balance too low.", "failure", "PY4T8"),
            ("PY4T8: M-PESA could not reach your phone for Ksh 2,215; no payment seen so far.", "failure", "PY4T8"),
            ("PY4T8: loan LN5G8 is paid already. Nothing was taken from your wallet.", "failure", "PY4T8"),
            ("PY4T8: your Ksh 2,215 is not confirmed yet. Do not pay again.", "neutral", ""),
            ("LN7K2: M-PESA has not confirmed your Ksh 1,980 yet.", "neutral", ""),
            ("Welcome to Nyota, Amina.", "neutral", ""),
        ],
    )
    def test_the_tone_of_a_message(self, text: str, tone: str, reference: str) -> None:
        """Yes, no, or not now."""
        assert words.notice(text) == (tone, reference)
