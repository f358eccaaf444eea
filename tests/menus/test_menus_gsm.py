import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.gsm import BASIC, EXTENSION, cut, is_gsm, septets, to_gsm

CODEC = gsm0338.Codec()
ESCAPE = "\x1b"
"""Not a character to be written but the sign before one of the extension table."""
GSM_TEXT = st.text(alphabet=BASIC + EXTENSION, max_size=200)


def independent_septets(text: str) -> int | None:
    """What the package gsm0338 says; None when it cannot be written."""
    try:
        octets, _ = CODEC.encode(text)
    except UnicodeEncodeError:
        return None
    return len(octets)


class TestSeptets:
    @given(GSM_TEXT)
    def test_they_are_what_an_independent_table_says(self, text: str) -> None:
        """Any text of the alphabet takes as much room as the package gsm0338 measures."""
        assert septets(text) == independent_septets(text)

    @given(st.text(max_size=60).filter(lambda text: ESCAPE not in text))
    def test_a_text_is_gsm_exactly_where_an_independent_table_can_write_it(self, text: str) -> None:
        """Our alphabet has no character more and none fewer."""
        assert is_gsm(text) == (independent_septets(text) is not None)

    @pytest.mark.parametrize(("text", "room"), [("Habari", 6), ("KSh 1,000.00", 12), ("{}", 4), ("€", 2), ("Ç", 1)])
    def test_known_texts_take_the_known_room(self, text: str, room: int) -> None:
        """Characters of the extension table cost two."""
        assert septets(text) == room

    def test_a_character_no_phone_has_is_refused(self) -> None:
        """Counting never guesses."""
        with pytest.raises(KeyError):
            septets("ũ")


class TestToGsm:
    @given(st.text(max_size=200))
    def test_any_text_can_be_shown(self, text: str) -> None:
        """Whatever comes in, every phone can show what goes out."""
        assert is_gsm(to_gsm(text))

    @given(GSM_TEXT)
    def test_what_can_be_shown_stays_as_it_is(self, text: str) -> None:
        """Only foreign characters are replaced."""
        assert to_gsm(text) == text

    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("Wanjirũ Mũthoni", "Wanjiru Muthoni"),
            ("Ng’ang’a", "Ng'ang'a"),
            ("1 000 – 2", "1 000 - 2"),
            ("façade", "facade"),
            ("hi 🙂", "hi ?"),
            ("à", "à"),
        ],
    )
    def test_look_alikes_are_written_plainly(self, typed: str, shown: str) -> None:
        """Kikuyu vowels, typographic signs and small c with cedilla lose their ornament, not their letter."""
        assert to_gsm(typed) == shown


class TestCut:
    @given(GSM_TEXT, st.integers(0, 200))
    def test_it_is_a_beginning_that_fits(self, text: str, room: int) -> None:
        """Never longer than the room, and never split inside an escaped character."""
        head = cut(text, room)

        assert text.startswith(head)
        assert septets(head) <= room
