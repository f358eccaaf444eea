"""What holds for every flow, whatever is typed: it never raises, says the same twice, fits every phone, keeps its
session small, and moves money at most once and only after a yes.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.known import Due, Product
from flows.text import parts
from flows.turn import Session
from menus.gsm import is_gsm, septets
from tests.flows.phone import ENGINE, Phone, engine
from tests.flows.town import AMINA, BARAKA, NOBODY, Person, Town, amina, quick_loan

ASKED = {
    "loan.disburse": "borrow.pin",
    "repay.wallet": "repay.wallet",
    "repay.stk": "repay.stk",
    "wallet.deposit": "wallet.stk",
    "wallet.withdraw": "wallet.withdrawpin",
    "wallet.send": "send.pin",
}
"""What moves money, and the screen whose yes it takes."""
SESSION_BYTES = 760
"""With the reply beside it and its frame, what is stored stays under 1 KiB."""
SCREEN_SEPTETS = 160

HONEST = st.sampled_from(
    [
        *"123456789",
        "0",
        "00",
        "98",
        "#",
        "4826",
        "7391",
        "7788",
        "500",
        "2000",
        "34567890",
        "Neema Otieno",
        "UA12BC34DE",
    ]
)
JUNK = st.one_of(
    st.text(max_size=12),
    st.text("0123456789*#", max_size=20),
    st.sampled_from(
        ["", "*", "**", "1**2", "*1*500", "7*a*b*****", "٢", "２", "🙂", "\ud800", "9" * 10_000, "1*" * 5_000]
    ),
)
TYPED = st.one_of(HONEST, HONEST, HONEST, JUNK)
TALK = st.lists(TYPED, max_size=25)
DIALLED = st.one_of(
    st.just("*383#"), st.lists(HONEST, min_size=1, max_size=8).map(lambda digits: f"*383*{'*'.join(digits)}#")
)
PHONES = st.sampled_from([AMINA, BARAKA, NOBODY])

bounded = settings(max_examples=250)


def the_longest(language: str = "sw") -> Person:
    """Somebody whose names, amounts and lists are as long as they come."""
    cents = 999_999_99
    loan = quick_loan("LN7K2QD", 999_999_00, days_late=999)
    rows = tuple(Due(date(2027, 12, 31) + timedelta(days=number), cents, number < 2) for number in range(60))
    loan = replace(
        loan, product="Quickquick", owed_cents=cents, total_cents=cents, next_cents=cents, payoff_cents=cents - 1,
        schedule=rows,
    )  # fmt: skip
    return Person(
        AMINA,
        "Maximillianusbartholomew Wanjirũ-Ng’ang’a wa Njoroge Kĩmani",
        "23456789",
        "4826",
        language,
        wallet_cents=cents,
        savings_cents=cents,
        limit_cents=cents * 3,
        loans=tuple(replace(loan, reference=f"LN{number:05}") for number in range(30)),
        products=tuple(Product(f"p{number}", f"Product{number:03}", 1_00, cents, 999) for number in range(12)),
    )


def talk(phone: Phone, dialled: str, typed: list[str], check: Callable[[Phone], None]) -> None:
    """One session, checked at every screen."""
    phone.dial(dialled)
    check(phone)
    for answer in typed:
        if not phone.is_open:
            break
        phone.press(answer)
        check(phone)


def fits(phone: Phone) -> None:
    assert is_gsm(phone.screen), phone.screen
    assert septets(phone.screen) <= SCREEN_SEPTETS, phone.screen
    assert phone.screen
    assert len(msgspec.msgpack.encode(phone.session)) <= SESSION_BYTES, phone.session


class TestWhateverIsTyped:
    @bounded
    @given(PHONES, DIALLED, TALK)
    def test_every_screen_fits_and_every_session_is_small(self, msisdn: str, dialled: str, typed: list[str]) -> None:
        """And nothing raises."""
        talk(Phone(msisdn), dialled, typed, fits)

    @bounded
    @given(st.sampled_from(["en", "sw"]), DIALLED, TALK)
    def test_also_with_the_longest_names_amounts_and_lists(self, language: str, dialled: str, typed: list[str]) -> None:
        """In every language."""
        town = Town(engine(view_pin=False), {AMINA: the_longest(language)})

        talk(Phone(AMINA, town), dialled, typed, fits)

    @bounded
    @given(PHONES, DIALLED, TALK)
    def test_the_same_said_twice_leads_to_the_same(self, msisdn: str, dialled: str, typed: list[str]) -> None:
        """Session, screen and operations."""
        heard: list[list[object]] = []
        for _ in range(2):
            town, said, session = Town(ENGINE), list[object](), Session("s" * 16)
            turn = town.turn(session, parts(dialled.strip("*#").partition("*")[2]), msisdn, None)
            for answer in typed:
                said.append(turn)
                if turn.screen.is_final:
                    break
                turn = town.turn(turn.session, parts(answer), msisdn, None)
            heard.append([*said, turn])

        assert heard[0] == heard[1]

    @bounded
    @given(PHONES, DIALLED, TALK)
    def test_money_moves_at_most_once_and_only_after_a_yes(self, msisdn: str, dialled: str, typed: list[str]) -> None:
        """A pay-out or wallet payment after the right PIN, a prompt after its confirmation; then the session ends."""
        phone = Phone(msisdn)
        before = ""

        def check(phone: Phone) -> None:
            nonlocal before
            moved = [operation for operation in phone.operations if operation.kind in ASKED]
            assert len(moved) <= 1
            if moved:
                assert before == ASKED[moved[0].kind]
                assert not phone.is_open
                assert phone.person.wrong_tries < 3
            before = phone.place

        talk(phone, dialled, typed, check)

    @bounded
    @given(PHONES, DIALLED, TALK, TALK)
    def test_a_redial_after_a_drop_breaks_nothing(
        self, msisdn: str, dialled: str, typed: list[str], again: list[str]
    ) -> None:
        """Wherever the session was left."""
        phone = Phone(msisdn)

        talk(phone, dialled, typed, fits)
        talk(phone.drop(), "*383#", ["1", *again], fits)

    @bounded
    @given(DIALLED, TALK)
    def test_loans_that_come_and_go_break_nothing(self, dialled: str, typed: list[str]) -> None:
        """What the session refers to may be gone at any turn."""
        phone = Phone(AMINA, Town(engine(view_pin=False)))
        lists = [phone.person.loans, (), tuple(quick_loan(f"LN{number}", 1_000_00) for number in range(15))]

        def shuffle(phone: Phone) -> None:
            fits(phone)
            phone.person.loans = lists[phone.session.turn % len(lists)]

        talk(phone, dialled, typed, shuffle)


class TestPinsStayOutside:
    @bounded
    @given(DIALLED, TALK)
    def test_no_pin_is_ever_in_a_session(self, dialled: str, typed: list[str]) -> None:
        """Not even a new one, between its two entries."""
        people = {AMINA: replace(amina(), pin="973514")}
        phone = Phone(AMINA, Town(ENGINE, people))

        def check(phone: Phone) -> None:
            if ENGINE.is_secret(phone.session):
                packed = msgspec.msgpack.encode(phone.press("973514").session)
                assert b"973514" not in packed

        talk(phone, dialled, [answer for answer in typed if "973514" not in answer], check)
