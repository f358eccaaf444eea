"""What every conversation has: going back and home, pages, strikes, gates, and what is bound when shown."""

import gc
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as changed

from flows.built import flows
from flows.engine import TURNS_MAX, Engine, Verdict
from flows.menu import menu
from flows.turn import Facts, Missing, Need, Session, Turn
from tests.flows.phone import CATALOGUE, ENGINE, Phone, engine
from tests.flows.town import AMINA, BARAKA, NOBODY, NOW, Town, quick_loan


def amina_with_loans(count: int) -> Phone:
    phone = Phone(AMINA)
    phone.person.loans = tuple(quick_loan(f"LN{number:05}", 1_000_00 + number * 100) for number in range(count))
    return phone


def on_the_list(count: int) -> Phone:
    """Amina in front of her loans."""
    return amina_with_loans(count).dial("*383#").press("4", "4826")


class TestNavigation:
    def test_zero_goes_back_one_question_at_a_time(self) -> None:
        """With what was answered kept, until the menu."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000")

        places = [phone.press("0").place for _ in range(4)]

        assert places == ["borrow.amount", "borrow.product", "menu.main", "menu.main"]

    def test_double_zero_goes_home_from_everywhere(self) -> None:
        """And forgets what was begun."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000", "1")
        assert phone.place == "borrow.pin"

        phone.press("00")

        assert phone.place == "menu.main"
        assert phone.session.data == {}

    def test_home_on_the_menu_is_no_mistake(self) -> None:
        """`0` and `00` show the menu again, as often as they are pressed."""
        phone = Phone(AMINA).dial("*383#").press("00", "0", "00", "0")

        assert phone.is_open
        assert phone.lines[0] == "Nyota: Amina"

    def test_back_from_a_pin_is_back_and_not_a_wrong_pin(self) -> None:
        """No PIN was tried."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000", "1", "0")

        assert phone.place == "borrow.cost"
        assert phone.person.wrong_tries == 0

    def test_back_never_asks_a_secret_again(self) -> None:
        """Behind the PIN for looking lies the menu."""
        phone = Phone(AMINA).dial("*383#").press("1", "4826").press("0")

        assert phone.place == "menu.main"


class TestPages:
    def test_a_long_list_pages_with_98_and_hash(self) -> None:
        """Each loan is offered once; the last page offers no more."""
        phone = on_the_list(12)
        seen = phone.lines[1:-1]

        for key in ("98", "#"):
            assert "98 More" in phone.screen
            phone.press(key)
            seen += phone.lines[:-1]

        assert [line.split()[1] for line in seen] == [f"LN{number:05}" for number in range(12)]
        assert "98 More" not in phone.screen

    def test_zero_turns_back_a_page_and_then_leaves(self) -> None:
        """Back is back, also between pages."""
        phone = on_the_list(12)
        first = phone.screen

        phone.press("98", "0")
        assert phone.screen == first
        assert phone.press("0").place == "menu.main"

    def test_a_mistake_on_page_two_stays_there_with_its_reason(self) -> None:
        """The same options, the reason above them."""
        phone = on_the_list(12).press("98")
        before = phone.lines

        phone.press("77")

        assert phone.lines == ["Choose 1-12", *before]

    def test_98_on_the_last_page_is_a_mistake(self) -> None:
        """Nothing follows."""
        phone = on_the_list(2).press("98")

        assert phone.lines[0] == "Choose 1 or 2"

    def test_98_on_an_amount_is_ninety_eight_shillings(self) -> None:
        """And not the next page."""
        phone = Phone(AMINA).dial("*383#").press("3", "1", "3", "98")

        assert phone.place == "repay.from"
        assert phone.lines[0] == "Pay Ksh 98 from:"


class TestBinding:
    def test_a_number_means_what_it_meant_when_it_was_shown(self) -> None:
        """A loan paid off between two pages does not move the others."""
        phone = on_the_list(12)
        assert "2 LN00001" in phone.screen
        phone.person.loans = phone.person.loans[1:]

        phone.press("98")

        assert all(int(digits) == int(name[2:]) + 1 for digits, name, *_ in map(str.split, phone.lines[:-1]))
        assert phone.press("2").lines[0].startswith("LN00001")

    def test_a_loan_that_came_meanwhile_gets_the_next_free_number(self) -> None:
        """It pushes nobody away."""
        phone = on_the_list(3)
        phone.person.loans = (quick_loan("LN99999", 500_00), *phone.person.loans)

        phone.press("9")

        assert [line.split()[:2] for line in phone.lines[2:-1]] == [
            ["1", "LN00000"], ["2", "LN00001"], ["3", "LN00002"], ["4", "LN99999"],
        ]  # fmt: skip

    def test_what_is_gone_cannot_be_chosen(self) -> None:
        """Its number stays empty."""
        phone = on_the_list(3)
        phone.person.loans = phone.person.loans[1:]

        phone.press("9").press("1")

        assert phone.place == "loans.list"
        assert phone.lines[0] == "Choose 2 or 3"

    def test_a_loan_paid_off_since_it_was_listed_leads_home(self) -> None:
        """Nothing can be said of it any more."""
        phone = on_the_list(1)
        phone.person.loans = ()

        assert phone.press("1").place == "menu.main"

    def test_the_price_that_was_shown_is_the_price_that_is_taken(self) -> None:
        """A quote that changes after the screen changes nothing of the request."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000", "1")
        shown = phone.session.data["quote"]

        phone.press("4826")

        assert phone.operations[-1].intent["quote"] == shown

    def test_the_words_that_were_shown_are_known(self) -> None:
        """A session carries the version of the menus."""
        assert Phone(AMINA).dial("*383#").session.version == ENGINE.catalogue.version


class TestMistakes:
    def test_the_third_in_a_row_ends_kindly(self) -> None:
        """With what did not happen, and where help is."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "7", "abc", "1")

        assert not phone.is_open
        assert phone.screen == (
            "We could not understand the answer. Nothing was sent or charged. Dial *383# again, or call 0711000009."
        )

    def test_a_right_answer_between_them_forgives(self) -> None:
        """Only three in a row count."""
        phone = Phone(AMINA).dial("*383#").press("77", "77", "2", "7", "7", "1", "7", "7", "2000")

        assert phone.place == "borrow.cost"

    def test_a_mistake_keeps_everything_answered(self) -> None:
        """And says which answers would be right."""
        phone = Phone(AMINA).dial("*383#").press("3", "1", "1", "5")

        assert phone.lines[:2] == ["Choose 1, 2 or 3", "Pay Ksh 2,160 from:"]
        assert phone.press("2").place == "repay.stk"

    def test_the_menu_names_its_digits_with_their_gaps(self) -> None:
        """What is not built is not offered."""
        built = [flow for flow in flows(CATALOGUE.menu) if flow.name not in {"approve", "menu"}]
        kept = menu(CATALOGUE.menu, [flow.name for flow in built])
        phone = Phone(AMINA, Town(Engine([*built, kept], CATALOGUE)))

        assert phone.dial("*383#").press("5").lines[0] == "Choose 1-4 or 6-9"

    def test_a_screen_without_choices_names_the_ways_out(self) -> None:
        """There is nothing else to press."""
        assert Phone(AMINA).dial("*383#").press("1", "4826", "1", "1").lines[0] == "Choose 0 or 00"

    def test_an_empty_answer_asks_again(self) -> None:
        """With the question, and without its hint."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "")

        assert phone.lines == ["No answer came through.", "Quick loan: how much?", "0 Back 00 Home"]

    def test_01_and_a_dot_are_meant_well(self) -> None:
        """People write options as they number lists."""
        assert Phone(AMINA).dial("*383#").press("02").place == "borrow.product"
        assert Phone(AMINA).dial("*383#").press("2.").place == "borrow.product"


class TestDiallingAhead:
    @pytest.mark.parametrize(
        ("dialled", "place"),
        [
            ("*383*2*1*2000#", "borrow.cost"),
            ("*383*2*1*2000*1*4826#", "borrow.cost"),
            ("*383*2*1*7#", "borrow.amount"),
            ("*383*2*1*7*2000*1#", "borrow.amount"),
            ("*383*1*4826#", "view.pin"),
            ("*383*3*1*1*2*1#", "repay.stk"),
            ("*383*3*1*1*1*4826#", "repay.wallet"),
            ("*383*8*2*2#", "account.language"),
            ("*383*8*1*4826*7788*7788#", "account.old"),
            ("*383*9*2*1#", "help.callback"),
            ("*383*2*1**2000*#", "borrow.cost"),
            ("*383*#", "menu.main"),
            ("*383*99*2#", "menu.main"),
        ],
    )
    def test_it_stops_at_the_first_gate_and_drops_the_rest(self, dialled: str, place: str) -> None:
        """A secret, a confirmation, anything that changes the world, or a mistake."""
        phone = Phone(AMINA).dial(dialled)

        assert phone.place == place
        assert phone.operations == []
        assert phone.person.wrong_tries == 0

    def test_somebody_who_has_not_joined_is_offered_to_join(self) -> None:
        """The digits were meant for a menu they do not have."""
        phone = Phone(NOBODY).dial("*383*2*1*2000#")

        assert phone.place == "register.language"
        assert phone.session.language == ""

    def test_several_answers_in_one_hop_are_folded_in_a_running_session_too(self) -> None:
        """Hops were lost on the way; the gate holds."""
        phone = Phone(AMINA).dial("*383#").send("2", "1", "2000", "1", "4826")

        assert phone.place == "borrow.cost"

    def test_an_answer_at_a_gate_is_taken_but_the_next_gate_holds(self) -> None:
        """The PIN behind a confirmation is asked by itself."""
        phone = Phone(AMINA).dial("*383*2*1*2000#").send("1", "4826")

        assert phone.place == "borrow.pin"
        assert phone.operations == []

    def test_a_pin_with_something_behind_it_is_no_pin(self) -> None:
        """It is not checked, and what would be right is said."""
        phone = Phone(AMINA).dial("*383*2*1*2000#").press("1").send("4826", "1")

        assert phone.place == "borrow.pin"
        assert phone.lines[0] == "A Nyota PIN is 4 to 6 digits."
        assert phone.person.wrong_tries == 0
        assert phone.operations == []


class TestPins:
    def test_a_wrong_pin_says_how_many_tries_are_left(self) -> None:
        """And the third locks, with what did not happen."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000", "1")

        assert phone.press("1111").lines[0] == "Wrong PIN. 2 tries left."
        assert phone.press("1112").lines[0] == "Wrong PIN. 1 try left."
        assert phone.press("1113").screen == (
            "Nyota PIN locked until 11:12. Nothing was sent. Forgot it? *383# then 9, 3. "
            "You can still repay: *383# then 3."
        )
        assert not phone.is_open
        assert phone.operations == []

    def test_letters_are_no_try(self) -> None:
        """They cannot be anybody's PIN; but three of them end the call."""
        phone = Phone(AMINA).dial("*383#").press("1", "abcd", "12")
        assert phone.person.wrong_tries == 0

        phone.press("1234567")

        assert phone.screen.startswith("We could not understand the answer.")

    def test_wrong_pins_are_counted_by_the_shell_alone(self) -> None:
        """A slip before them does not make them strikes."""
        phone = Phone(AMINA).dial("*383#").press("1", "abcd", "1111", "1112")

        assert phone.lines[0] == "Wrong PIN. 1 try left."
        assert phone.press("4826").place == "balance.show"

    def test_money_is_shown_after_one_pin_a_session(self) -> None:
        """Looking asks once; paying asks again."""
        phone = Phone(AMINA).dial("*383#").press("1", "4826", "0", "4")
        assert phone.place == "loans.list"

        phone.press("1", "1", "1", "1")

        assert phone.place == "repay.wallet"

    def test_looking_without_a_pin_is_a_setting(self) -> None:
        """Where phones are not shared."""
        phone = Phone(AMINA, Town(engine(view_pin=False))).dial("*383#").press("1")

        assert phone.place == "balance.show"

    def test_a_pin_is_nowhere_in_the_session(self) -> None:
        """Neither a right nor a wrong one."""
        phone = Phone(AMINA).dial("*383#").press("1", "4826")
        assert "4826" not in str(phone.session)

        phone.press("00", "2", "1", "2000", "1", "9753")

        assert "9753" not in str(phone.session)


class TestLimits:
    def test_a_session_that_goes_on_for_ever_ends(self) -> None:
        """The number of turns is bounded."""
        phone = Phone(AMINA).dial("*383#")

        turns = 1
        while phone.is_open:
            phone.press("00")
            turns += 1

        assert turns == TURNS_MAX + 1
        assert phone.screen.startswith("This call was very long. Nothing was sent.")

    def test_going_in_circles_keeps_the_session_small(self) -> None:
        """The way back is remembered so far and no further."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000")

        for _ in range(20):
            phone.press("0", "2000")

        assert len(phone.session.trail) <= 12


class TestTurns:
    def test_the_same_turn_taken_twice_is_the_same(self) -> None:
        """Session, screen and operations: a crash or a lost race changes nothing."""
        session = Phone(AMINA).dial("*383#").press("3", "1", "1", "2").session
        town = Town(ENGINE)
        facts = Facts(NOW, {Need(name): town.fact(Need(name), AMINA) for name in ("customer", "organisation")})

        turns = [ENGINE.advance(session, ("1",), facts) for _ in range(2)]

        assert turns[0] == turns[1]
        assert isinstance(turns[0], Turn)
        assert len(turns[0].operations) == 1

    def test_another_salt_gives_another_reference_and_the_same_operation(self) -> None:
        """For the day two operations draw the same letters."""
        session = Phone(AMINA).dial("*383#").press("3", "1", "1", "2").session
        town = Town(ENGINE)
        facts = Facts(NOW, {Need(name): town.fact(Need(name), AMINA) for name in ("customer", "organisation")})

        first, second = [ENGINE.advance(session, ("1",), facts, salt=salt) for salt in (0, 1)]

        assert isinstance(first, Turn)
        assert isinstance(second, Turn)
        assert first.operations[0].id == second.operations[0].id
        assert first.operations[0].reference != second.operations[0].reference
        assert second.operations[0].reference in second.screen.text

    def test_a_fact_that_is_not_there_yet_is_asked_for_by_name(self) -> None:
        """Nothing is read for a step that needs nothing."""
        turn = ENGINE.advance(Session("s"), (), Facts(NOW))

        assert turn == Missing(frozenset({Need("customer")}))

    def test_asking_for_a_fact_leaves_nothing_to_the_collector(self) -> None:
        """Also where a guard asks for it: what is collected stops every phone for a moment."""
        session = Phone(AMINA).dial("*383#").session
        gc.collect()

        turn = ENGINE.advance(session, ("2",), Facts(NOW))

        assert turn == Missing(frozenset({Need("borrowing")}))
        assert gc.collect() == 0

    def test_choices_that_need_no_facts_get_none(self) -> None:
        """Moving about in menus reads nothing but how many requests wait, for the main one."""
        phone = Phone(AMINA).dial("*383#")
        phone.town.needed.clear()

        phone.press("9", "2", "0", "0")

        assert phone.town.needed == [Need("waiting")]

    def test_a_place_of_an_older_version_leads_home(self) -> None:
        """A rolling restart drops no session."""
        session = changed(Phone(AMINA).dial("*383#").session, flow="borrow", step="guarantor")

        turn = ENGINE.advance(session, ("1",), Facts(NOW, {Need("waiting"): 0}))

        assert isinstance(turn, Turn)
        assert turn.session.place == "menu.main"
        assert not ENGINE.takes_secret(session, ("4826",))

    def test_a_way_back_of_an_older_version_leads_home(self) -> None:
        """The same for what lies behind."""
        session = changed(Phone(AMINA).dial("*383#").press("2").session, trail=("borrow.guarantor",))

        turn = ENGINE.advance(session, ("0",), Facts(NOW, {Need("waiting"): 0}))

        assert isinstance(turn, Turn)
        assert turn.session.place == "menu.main"

    def test_the_shell_can_show_a_screen_by_itself(self) -> None:
        """What is under way, in the words of the flow."""
        phone = Phone(AMINA).dial("*383#").press("3", "1", "1", "2", "1")
        facts = Facts(NOW, {Need("customer"): phone.town.fact(Need("customer"), AMINA)})

        turn = ENGINE.shown(Phone(AMINA).dial("*383#").session, "resume.accepted", facts, {"loan": "LN7K2QD"})

        assert turn.screen.text.startswith("Payment PY")

    def test_a_screen_about_something_gone_is_the_menu(self) -> None:
        """It was settled in the same moment."""
        session = Phone(AMINA).dial("*383#").session
        facts = Facts(NOW, {Need("customer"): Town(ENGINE).fact(Need("customer"), AMINA), Need("waiting"): 0})

        assert ENGINE.shown(session, "resume.accepted", facts, {}).session.place == "menu.main"

    def test_a_first_turn_about_something_gone_is_the_menu_too(self) -> None:
        """Whoever is a member never sees the way to join."""
        customer = replace(Town(ENGINE).fact(Need("customer"), AMINA), requests=())

        facts = Facts(NOW, {Need("customer"): customer, Need("waiting"): 0})

        turn = ENGINE.shown(Session("s"), "resume.accepted", facts, {})

        assert turn.session.place == "menu.main"

    def test_times_come_with_the_facts(self) -> None:
        """Another day, another date on the screen."""
        phone = Phone(BARAKA).dial("*383#")
        facts = Facts(
            NOW + timedelta(days=365),
            {Need("borrowing"): phone.town.fact(Need("borrowing"), BARAKA), Need("outgoing_from"): None,
             Need("customer"): phone.town.fact(Need("customer"), BARAKA),
             Need("quote", ("quick", 500_00, 1)): phone.town.fact(Need("quote", ("quick", 500_00, 1)), BARAKA)},
        )  # fmt: skip

        turn = ENGINE.advance(phone.session, ("2", "1", "500"), facts)

        assert isinstance(turn, Turn)
        assert "4 Sep 2026" in turn.screen.text

    def test_a_verdict_is_a_value(self) -> None:
        """Nothing in it but its name and slots."""
        assert Verdict("pin", {"tries": 2}) == Verdict("pin", {"tries": 2}, is_final=False)
