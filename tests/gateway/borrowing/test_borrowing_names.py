import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.borrowing.names import is_same_person

WORDS = st.lists(
    st.sampled_from(("amina", "wanjiru", "kamau", "otieno", "baraka")), min_size=1, max_size=3, unique=True
)


class TestSamePerson:
    @pytest.mark.parametrize(
        "theirs",
        [
            "AMINA WANJIRU",
            "WANJIRU AMINA",
            "AMINA KAMAU WANJIRU",
            "Amina",
            "amina wanjiru kamau",
            "AMINA W*****",
            "",
        ],
    )
    def test_the_same_words_in_any_order_are_the_same_person(self, theirs: str) -> None:
        """M-PESA has capitals, middle names and masked ones, or says nothing."""
        assert is_same_person("Amina Wanjiru", theirs)

    @pytest.mark.parametrize("theirs", ["BARAKA OTIENO", "AMINA OTIENO", "WANJIRU KAMAU", "***** ******"])
    def test_one_word_in_common_is_not_enough(self, theirs: str) -> None:
        """Families share names."""
        assert not is_same_person("Amina Wanjiru", theirs)

    @given(WORDS, WORDS)
    def test_it_does_not_matter_who_asks(self, one: list[str], other: list[str]) -> None:
        """Of names that can be read whole."""
        assert is_same_person(" ".join(one), " ".join(other)) == is_same_person(" ".join(other), " ".join(one))
