"""Messages read as commands: both languages, slips, any order, amounts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.texting.command import Command, Incomplete, Unknown, meant, read
from menus.catalogue import load

KEYWORDS = load().keywords
WORDS = sorted(KEYWORDS.words)


def understood(text: str) -> str:
    """The keyword and what came with it, in one line."""
    found = read(text, KEYWORDS)
    assert isinstance(found, Command), found
    return " ".join([found.keyword, *(f"{name}={value}" for name, value in sorted(found.given.items()))])


class TestReading:
    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("BAL", "balance"),
            ("salio", "balance"),
            ("Balance please", "balance"),
            ("mikopo yangu", "loans"),
            ("LOAN 5000", "borrow amount=5000 product=quick"),
            ("5k loan", "borrow amount=5000 product=quick"),
            ("mkopo ksh1,500", "borrow amount=1500 product=quick"),
            ("kopa 1 500/=", "borrow amount=1500 product=quick"),
            ("LOAN 10000 growth 3 months", "borrow amount=10000 count=3 product=growth"),
            ("PAY 500", "repay amount=500 reference=1 source=mpesa"),
            ("lipa 500 ln7k2qd pochi", "repay amount=500 reference=LN7K2QD source=wallet"),
            ("pay my loan 500", "repay amount=500 reference=1 source=mpesa"),
            ("SEND 200 0712345678", "send amount=200 phone=+254712345678"),
            ("0712 345 678 tuma 200 bob", "send amount=200 phone=+254712345678"),
            ("+254712345678 send ksh 200", "send amount=200 phone=+254712345678"),
            ("WITHDRAW 500", "withdraw amount=500"),
            ("approve RQ5M3TZ", "approve reference=RQ5M3TZ"),
            ("kataa", "decline reference=1"),
            ("LANG SW", "language language=sw"),
            ("lugha kiingereza", "language language=en"),
            ("HELP", "help"),
            ("msaada mkopo", "help word=borrow"),
            ("JOIN Amina Wanjiru 25678912", "join id=25678912 name=Amina Wanjiru"),
            ("JIUNGE 25678912 Amina Wanjiru", "join id=25678912 name=Amina Wanjiru"),
            ("jiunge jina langu ni Amina Wanjiru, ID: 25 678 912", "join id=25678912 name=Amina Wanjiru"),
            ("please join Fatuma wa Juma 256-789", "join id=256789 name=Fatuma wa Juma"),
            ("Amina 25678912 Wanjiru JOIN", "join id=25678912 name=Amina Wanjiru"),
            ("JOIN Nyota Ng'ang'a 1234567", "join id=1234567 name=Nyota Ng'ang'a"),
            ("stop sending me messages", "stop"),
            ("Acha", "stop"),
        ],
    )
    def test_people_write_as_they_like(self, text: str, meaning: str) -> None:
        """Capitals, order, fillers, languages."""
        assert understood(text) == meaning

    @pytest.mark.parametrize(
        ("slip", "keyword"),
        [("balnce", "balance"), ("baalnce", "balance"), ("loon", "borrow"), ("statment", "statement"),
         ("salioo", "balance"), ("mkpo", "borrow"), ("witdraw", "withdraw")],
    )  # fmt: skip
    def test_small_slips_are_forgiven(self, slip: str, keyword: str) -> None:
        """A letter wrong, left out, added or swapped; two in a long word."""
        found = meant(slip, KEYWORDS)

        assert found is not None
        assert found[0] == keyword

    @pytest.mark.parametrize(
        "text", ["bla", "stp", "pya 500", "hello", "", "habari yako", "482913", "😀😀", "the loan"]
    )
    def test_what_is_not_clear_is_not_guessed(self, text: str) -> None:
        """Short words are taken as they are."""
        assert isinstance(read(text, KEYWORDS), Unknown | Incomplete)

    @pytest.mark.parametrize(
        "text",
        ["LOAN", "PAY", "SEND 200", "SEND 0712345678", "SEND 200 0712345678 0722345678", "LOAN 5000 4826", "LOAN five",
         "LANG", "SEND 200 0712345678 to my friend Joe", "PAY 500 600"],
    )  # fmt: skip
    def test_nothing_is_done_with_half_a_request(self, text: str) -> None:
        """Too little, too much, or words that nobody can place: an example is sent instead."""
        assert isinstance(read(text, KEYWORDS), Incomplete)

    @pytest.mark.parametrize(
        "text",
        ["JOIN", "JOIN Amina Wanjiru", "JOIN 25678912", "JOIN Amina 25678912", "JOIN Amina Wanjiru 25678912 1990",
         "JOIN Amina Wanjiru 0712345678", "JOIN 256 Amina Wanjiru 78912", "JOIN Amina Wanjiru ID25678912"],
    )  # fmt: skip
    def test_nobody_is_made_of_half_a_name(self, text: str) -> None:
        """A name and a number or neither: it is explained how to join."""
        assert understood(text) == "join"

    def test_joining_is_not_read_into_a_sentence(self) -> None:
        """Its first words are not a name."""
        assert isinstance(read("how do I join", KEYWORDS), Unknown)

    def test_stop_counts_at_the_beginning_of_any_message(self) -> None:
        """Even of one that is far too long to be read."""
        assert understood("STOP " + "it " * 3000) == "stop"

    def test_a_slip_with_more_behind_it_is_no_request(self) -> None:
        """`Loon 5000 yesterday` may mean anything."""
        assert isinstance(read("loon 5000 yesterday", KEYWORDS), Unknown)


class TestProperties:
    @given(st.text())
    def test_it_never_raises(self, text: str) -> None:
        """Whatever is sent."""
        read(text, KEYWORDS)

    @given(
        st.lists(st.one_of(st.sampled_from([*WORDS, "500", "0712345678", "LN7K2QD", "quick"]), st.text()), max_size=8)
    )
    def test_a_command_has_all_it_needs(self, words: list[str]) -> None:
        """Whatever stands around its words."""
        found = read(" ".join(words), KEYWORDS)

        if isinstance(found, Command):
            keyword = KEYWORDS.by_name[found.keyword]
            assert all(found.given[need] for need in keyword.needs)
            assert set(found.given) <= set(keyword.slots)

    @given(st.binary(max_size=400))
    def test_junk_is_unknown(self, junk: bytes) -> None:
        """Bytes that are no words of ours do nothing."""
        text = junk.decode("latin-1")
        if not {word.casefold() for word in text.split()} & set(WORDS):
            found = read(text, KEYWORDS)
            assert not isinstance(found, Command) or KEYWORDS.by_name[found.keyword].tells or found.given

    @given(st.permutations(["SEND", "200", "0712345678", "please"]))
    def test_the_order_does_not_matter(self, words: list[str]) -> None:
        """The same four words in any order."""
        assert understood(" ".join(words)) == "send amount=200 phone=+254712345678"
