"""The table of a campaign: who is in it, what each is told, and every row that cannot be used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.campaigns.people import PARTS_MOST, Fault, Unusable, read
from gateway.campaigns.wording import Unsayable, Wording, wording
from gateway.loanbook.sheet import Sheet, Unreadable
from gateway.loanbook.sheet import read as read_sheet
from gateway.sending.parts import size_of

LANGUAGES = ("en", "sw")
HELLO = wording({"en": "Hello {name}, we open in {town}.", "sw": "Habari {name}, tunafungua {town}."}, LANGUAGES)
PLAIN = wording({"en": "Closed on Friday."}, LANGUAGES)


def sheet(text: str) -> Sheet:
    return read_sheet(text.encode(), rows_most=1000)


class TestWording:
    @pytest.mark.parametrize(
        ("texts", "said"),
        [
            ({}, "no text"),
            ({"fr": "Bonjour"}, "fr: not one of our languages"),
            ({"en": "  "}, "en: the text is empty"),
            ({"en": "Hello {0.__class__}"}, "no name of a column"),
            ({"en": "Hello {name"}, "not closed"),
            ({"en": "Hello name}"}, "not opened"),
        ],
    )
    def test_what_cannot_be_said_is_refused_by_its_reason(self, texts: dict[str, str], said: str) -> None:
        """Before anybody brings a table."""
        with pytest.raises(Unsayable, match=said):
            wording(texts, LANGUAGES)

    @given(st.text(max_size=40))
    def test_what_stands_in_a_cell_is_never_a_variable_itself(self, value: str) -> None:
        """Filled in once, and left alone."""
        said = Wording({"en": "<{name}>"}).said("en", {"name": "{town}", "town": value})

        assert size_of(said) == size_of("<{town}>")


class TestSize:
    @pytest.mark.parametrize(
        "table", ["phone,{long}\n0711000001,x\n", "{long}\nx\n", "phone,name\n0711000001,{long}\n"]
    )
    def test_a_cell_without_end_is_refused(self, table: str) -> None:
        """Each of a thousand faults would quote it."""
        with pytest.raises(Unreadable, match="a cell of more than 2000"):
            sheet(table.replace("{long}", "n" * 2001))


class TestRead:
    def test_a_mark_before_and_odd_bytes_within_change_nobody(self) -> None:
        """As spreadsheets and old systems write them."""
        table = read(sheet("\ufeffphone,name,town\r\n0711\x00000001,Ami\x00na,Thika\r\n07\x001,Baraka,Meru\r\n"), HELLO)

        assert [(person.phone, person.reason) for person in table.people] == [("+254711000001", ""), ("071", "bad")]
        assert table.people[0].text == "Hello Amina, we open in Thika."

    def test_everybody_is_told_in_their_language(self) -> None:
        """Whoever has none of ours gets the first."""
        table = read(sheet("phone,lang,name,town\n0711000001,sw,Amina,Thika\n0711000002,fr,Baraka,Meru\n"), HELLO)

        assert [person.text for person in table.people] == [
            "Habari Amina, tunafungua Thika.",
            "Hello Baraka, we open in Meru.",
        ]
        assert table.faults == ()

    @pytest.mark.parametrize("head", ["phone", "Nambari ya mteja", "", "Contact"])
    def test_phones_are_found_by_what_is_in_the_column(self, head: str) -> None:
        """Whatever it is called, and wherever it stands."""
        table = read(sheet(f"name,{head},town\nAmina,+254 711 000001,Thika\nBaraka,0711000002,Meru\n"), HELLO)

        assert [person.phone for person in table.people] == ["+254711000001", "+254711000002"]

    def test_every_bad_row_is_named_and_stays_in_the_count(self) -> None:
        """With its number as a spreadsheet counts."""
        table = read(sheet("phone,name,town\n0711000001,Amina,Thika\n12,Baraka,Meru\n0711000003,,Embu\n"), HELLO)

        assert [(person.row, person.reason) for person in table.people] == [(2, ""), (3, "bad"), (4, "bad")]
        assert table.faults == (
            Fault(3, "phone", "12", "is not a Kenyan mobile number"),
            Fault(4, "name", "", "is empty"),
        )

    def test_a_phone_that_comes_twice_is_written_to_once(self) -> None:
        """However it is written."""
        table = read(sheet("phone\n0711000001\n+254711000001\n254 711 000 001\n"), PLAIN)

        assert [person.reason for person in table.people] == ["", "repeated", "repeated"]

    def test_a_bad_row_does_not_take_the_place_of_a_good_one(self) -> None:
        """The same phone further down can still be used."""
        table = read(sheet("phone,name,town\n0711000001,,Thika\n0711000001,Amina,Thika\n"), HELLO)

        assert [person.reason for person in table.people] == ["bad", ""]

    def test_a_text_that_grows_too_long_is_a_fault_of_its_row(self) -> None:
        """A cell may be as long as a cell may be."""
        said = wording({"en": "{a}{a}{a}{a}"}, LANGUAGES)
        table = read(sheet(f"phone,a\n0711000001,{'x' * 190}\n0711000002,y\n"), said)

        assert [person.reason for person in table.people] == ["bad", ""]
        assert table.faults[0].message == f"takes 5 SMS; {PARTS_MOST} at most"

    def test_a_column_that_the_text_wants_has_to_be_there(self) -> None:
        """Said by its name."""
        with pytest.raises(Unusable, match="not there: town"):
            read(sheet("phone,name\n0711000001,Amina\n"), HELLO)

    def test_a_table_without_phones_is_none(self) -> None:
        """Half of a column at least has to look like it."""
        with pytest.raises(Unusable, match="no column holds"):
            read(sheet("phone,name\n12,Amina\n13,Baraka\n0711000001,Neema\n"), PLAIN)

    @given(st.lists(st.sampled_from(["0711000001", "0711000002", "0722000003", "", "x", "12"]), max_size=30))
    def test_nobody_drops_out_of_the_count(self, phones: list[str]) -> None:
        """Everybody is sent to or has a reason, and no phone is sent to twice."""
        rows = [(number, (phone, "x")) for number, phone in enumerate(["0733000009", "0733000009", *phones], start=2)]
        rows = [*rows, *[(number + 100, ("0744000001", "x")) for number in range(len(phones))]]

        table = read(Sheet(("phone", "note"), tuple(rows)), PLAIN)
        sent = [person.phone for person in table.people if not person.reason]

        assert len(table.people) == len(rows)
        assert len(sent) == len(set(sent))
        assert all(person.parts == size_of(person.text).parts for person in table.people if not person.reason)
