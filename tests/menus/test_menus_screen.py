from hypothesis import given
from hypothesis import strategies as st

from menus.gsm import BASIC, EXTENSION, septets
from menus.screen import Content, Navigation, Option, final, paged, pages_of

LETTERS = "".join(sorted(set(BASIC + EXTENSION) - set("\n\r\f")))
LABELS = st.lists(st.text(LETTERS, min_size=1, max_size=40), max_size=25)
BODIES = st.lists(st.text(LETTERS, max_size=300), min_size=1, max_size=5).map("\n".join)
HOME = Navigation("0 Rudi 00 Mwanzo", "98 Zaidi")


def options(labels: list[str]) -> tuple[Option, ...]:
    return tuple(Option(str(number), f"v{number}", label) for number, label in enumerate(labels, start=1))


def all_pages(content: Content) -> list[str]:
    return [paged(content, page).text for page in range(len(pages_of(content)))]


class TestPages:
    @given(BODIES, LABELS)
    def test_no_page_is_longer_than_a_screen(self, body: str, labels: list[str]) -> None:
        """Whatever is said, a page takes at most 160 septets, navigation included."""
        content = Content(body, options(labels), HOME, notice="Chagua 1-25", spare=12)

        assert all(septets(page) <= 160 for page in all_pages(content))

    @given(BODIES, LABELS)
    def test_every_option_is_shown_once_whole_and_in_order(self, body: str, labels: list[str]) -> None:
        """An option that does not fit goes to the next page; none is cut or lost."""
        content = Content(body, options(labels), HOME)

        shown = [line for page in pages_of(content) for line in page]

        expected = [f"{number} {label}".strip() for number, label in enumerate(labels, start=1)]
        assert shown[len(shown) - len(labels) :] == expected

    @given(BODIES, LABELS)
    def test_a_list_has_the_same_pages_below_a_notice(self, body: str, labels: list[str]) -> None:
        """Whoever mistypes on page 2 sees page 2 again, with the reason above it."""
        quiet = Content(body, options(labels), HOME, spare=12)
        asking = Content(body, options(labels), HOME, notice="Chagua 1-25", spare=12)

        if len(pages_of(quiet)) > 1:
            assert pages_of(asking) == pages_of(quiet)
        assert all(page.startswith("Chagua 1-25\n") for page in all_pages(asking))

    def test_more_is_offered_on_every_page_but_the_last(self) -> None:
        """`98` stands in the last line while something follows."""
        content = Content("Mikopo", options(["LN7K2QD Ksh 999,999.99"] * 12), HOME)

        pages = [paged(content, page) for page in range(len(pages_of(content)))]

        assert [page.has_more for page in pages] == [True] * (len(pages) - 1) + [False]
        assert all(("98 Zaidi 0 Rudi" in page.text) == page.has_more for page in pages)

    def test_a_page_past_the_end_is_the_last_one(self) -> None:
        """A list that became shorter meanwhile still shows something, and says which page it is."""
        screen = paged(Content("Mikopo", options(["LN7K2QD"]), HOME), page=7)

        assert screen.page == 0
        assert screen.text == "Mikopo\n1 LN7K2QD\n0 Rudi 00 Mwanzo"

    def test_a_long_word_without_blanks_is_broken(self) -> None:
        """Nothing is too long to be paged."""
        content = Content("a" * 500, (), HOME)

        assert "".join(line for page in pages_of(content) for line in page) == "a" * 500

    def test_navigation_is_left_out_where_there_is_none(self) -> None:
        """A screen without ways back has no empty last line."""
        assert paged(Content("Karibu", options(["English"]))).text == "Karibu\n1 English"


class TestFinal:
    @given(st.text(max_size=400))
    def test_a_last_screen_fits(self, body: str) -> None:
        """It has no pages, so it is cut, after foreign characters were replaced."""
        screen = final(body)

        assert septets(screen.text) <= 160
        assert screen.is_final
