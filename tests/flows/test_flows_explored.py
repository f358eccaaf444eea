"""Every screen there is, come to as people come to it, in both languages."""

import io
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from flows.known import Allowed, Asked, LineRequest, LinkedLine, Prompted, Request, Scheduled, Unclaimed
from menus.gsm import is_gsm, septets
from tests.flows.affairs import CODE, JANE, Affairs
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, BARAKA, NOBODY, NOW, QUICK, Person, Town, amina, baraka, jane, quick_loan

TYPED = ("2000", "34567890", "Neema Otieno", "UA12BC34DE", "4826", "7786", "1111", "20", "0711000002")
TYPED_AT = {
    "peer": ("5", "30"),
    "borrow": (NOBODY,),
    "forgot": (CODE,),
    "officer": ("0711000001", "0711000011", "0711000012", "0711000013", "0711000066", "24567891"),
    "phonechange": ("0711000066", CODE),
    "linked": (NOBODY, CODE),
    "schedule": (NOBODY,),
    "statement": ("amina@post.example", CODE),
}
"""What is typed besides in some flows."""

pytestmark = pytest.mark.timeout(300)  # whoever asks first walks every screen
SCREENS_MAX = 600

Begin = Callable[[str], Phone]


def somebody(language: str, **changes: Any) -> Phone:
    person = replace(amina(), language=language, **changes)
    return Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383#")


def secured(language: str, **changes: Any) -> Phone:
    """Where a loan needs savings and somebody who stands in."""
    people = {
        AMINA: replace(
            amina(), language=language, products=(replace(QUICK, secured_percent=50, guarantors=1),),
            **changes,
        ),
        BARAKA: baraka(),
    }  # fmt: skip
    return Phone(AMINA, Town(ENGINE, people)).dial("*383#")


def newcomer(language: str) -> Phone:
    return Phone(NOBODY).dial("*383#").press("1" if language == "en" else "2")


def listed(language: str) -> Phone:
    people = {NOBODY: Person(NOBODY, "Zawadi Achieng", "34567890", language=language)}
    return Phone(NOBODY, Town(ENGINE, people)).dial("*383#").press("1" if language == "en" else "2")


def waiting(kind: str) -> Begin:
    request = Request("PYB2C3D", kind, 1_980_00, is_certain=True, about="LN7K2QD")
    return lambda language: somebody(language, requests=(request,))


def dropped(language: str) -> Phone:
    return somebody(language).press("2", "1", "2000").drop().dial("*383#")


def with_a_friend_in_debt(language: str) -> Phone:
    people = {
        AMINA: replace(amina(), language=language),
        BARAKA: replace(baraka(), loans=(quick_loan("LN5G8CX", 2_000_00),)),
    }
    return Phone(AMINA, Town(ENGINE, people)).dial("*383#")


def sends_to_anybody(language: str) -> Phone:
    """With something sent that nobody has claimed."""
    unclaimed = (Unclaimed("SNB2C3D", NOBODY, 500_00),)
    people = {AMINA: replace(amina(), language=language, unclaimed=unclaimed)}
    return Phone(AMINA, Town(ENGINE, people, claim_by=NOW + timedelta(days=7))).dial("*383#")


def sent_before(language: str) -> Phone:
    """The same sum to the same person, a moment ago."""
    people = {AMINA: replace(amina(), language=language), BARAKA: baraka()}
    phone = Phone(AMINA, Town(ENGINE, people)).dial("*383#")
    return phone.press("6", "3", "0711000002", "2000", "4826").dial("*383#")


def paid_before(*asked_for: str) -> Begin:
    """A pay-out of the same amount, a moment ago, and nothing under way; about to accept it once more."""

    def begin(language: str) -> Phone:
        phone = somebody(language).press(*asked_for, "4826")
        phone.town.people[AMINA].requests = ()
        return phone.dial("*383#").press(*asked_for)

    return begin


def asked(kind: str, **changes: Any) -> Begin:
    """A member, and an officer too, of whom something is asked; Baraka is somebody to ask back, or to let in again."""
    details: dict[str, dict[str, Any]] = {
        "peer": {"net_cents": 2_000_00, "fee_cents": 0, "total_cents": 2_100_00, "due": "2026-09-05"},
        "guarantee": {"loan_cents": 20_000_00},
        "officer": {"product": "Growth", "term": 6, "limit": 20_000_00, "late": 0},
    }
    request = Asked("A1", "RQ5M3TZ", kind, "Baraka Otieno", 1_000_00, "open", details[kind], f"person:{BARAKA}")

    def begin(language: str) -> Phone:
        person = replace(amina(), language=language, asked=(replace(request, **changes),))
        return Phone(AMINA, Town(ENGINE, {AMINA: person, BARAKA: baraka()})).dial("*383#")

    return begin


OTHER_PHONE = LinkedLine("LK4B7KN", "+254711000077")


def linked(*lines: LinkedLine) -> Begin:
    """These pay for Amina."""

    def begin(language: str) -> Phone:
        person = replace(amina(), language=language, affairs=Affairs(linked=lines))
        return Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383*8*8*3#")

    return begin


def scheduled(*some: Scheduled, most: int) -> Begin:
    """This is paid by itself, and there may be so many."""

    def begin(language: str) -> Phone:
        its = Affairs(scheduled=some, schedules_most=most)
        people = {AMINA: replace(amina(), language=language, affairs=its), BARAKA: baraka()}
        return Phone(AMINA, Town(ENGINE, people)).dial("*383*6*6#")

    return begin


def with_one_blocked(language: str) -> Phone:
    person = replace(amina(), language=language, blocked=(f"person:{BARAKA}",))
    return Phone(AMINA, Town(ENGINE, {AMINA: person, BARAKA: baraka()})).dial("*383#")


def answered_meanwhile(language: str) -> Phone:
    """While the request was on the screen."""
    phone = asked("peer")(language).press("5", "1")
    person = phone.town.people[AMINA]
    person.asked = (replace(person.asked[0], state="declined"),)
    return phone


LOST = LineRequest("asked", "LLB2C3D", "Amina Wanjiru", AMINA, "+254711000066", "Tom Odhiambo", "789")


def officer(language: str, **affairs: Any) -> Phone:
    """Behind the staff's line of the menu, with a customer in each state."""
    locked, paying, paused = "+254711000011", "+254711000012", "+254711000013"
    its = Affairs(role="officer", **affairs)
    people = {
        JANE: replace(jane(), language=language, pin="4826", affairs=its),
        AMINA: amina(),
        BARAKA: baraka(),
        locked: replace(amina(), msisdn=locked, national_id="1", affairs=Affairs(is_locked=True)),
        paying: replace(amina(), msisdn=paying, national_id="2", affairs=Affairs(paying=("LN7K2QD",))),
        paused: replace(amina(), msisdn=paused, national_id="3", affairs=Affairs(is_paused=True)),
    }
    return Phone(JANE, Town(ENGINE, people)).dial("*383#").press("10")


BEGINNINGS: dict[str, Begin] = {
    "newcomer": newcomer,
    "stranger with a known ID": lambda language: newcomer(language).press("1", "1"),
    "listed": listed,
    "member": somebody,
    "capped": lambda language: somebody(
        language, loans=(replace(quick_loan("LN7K2QD", 2_000_00, days_late=800), is_capped=True),)
    ),
    "promised": lambda language: somebody(
        language, loans=(replace(quick_loan("LN7K2QD", 2_000_00, days_late=4), promised=NOW.date()),)
    ),
    "late": lambda language: somebody(language, loans=(quick_loan("LN7K2QD", 2_000_00, days_late=4),)),
    "full": lambda language: somebody(language, limit_cents=2_000_00),
    "without a loan": lambda language: somebody(language, loans=(), products=(), may_ask=False),
    "secures what is borrowed": lambda language: secured(language).press("2", "1"),
    "borrows by the month": lambda language: somebody(language).press("2", "2", "2000"),
    "agreed to a year": lambda language: somebody(language).press("2", "2", "2000", "1", "1", "3", "1"),
    "loan under way": waiting("loan.disburse"),
    "payment under way": waiting("repay.stk"),
    "with a friend in debt": with_a_friend_in_debt,
    "auto-repay is on": lambda language: somebody(language, auto_repay_percent=20),
    "asked other phones before": lambda language: somebody(language, other_phones_left=0),
    "officer": officer,
    "officer with much to do": lambda language: officer(
        language, prompted=(Prompted("PPB2C3D", "Amina Wanjiru", 500_00, "paid"),), lines_waiting=(LOST,)
    ),
    "officer after a long day": lambda language: officer(language, look_ups=0),
    "officer and a locked PIN": lambda language: officer(language).press("4826", "1", "0711000011"),
    "officer and a payment under way": lambda language: officer(language).press("4826", "1", "0711000012"),
    "officer and a paused account": lambda language: officer(language).press("4826", "1", "0711000013"),
    "offers are on, and can prove who they are": lambda language: somebody(
        language, national_id="34567890", affairs=Affairs(offers=True, last_cents=2_000_00)
    ),
    "with e-mail": lambda language: somebody(
        language, affairs=Affairs(has_mail=True, email="a***@post.example", is_verified=True)
    ),
    "receipts by mail": lambda language: somebody(
        language,
        affairs=Affairs(
            has_mail=True,
            email="a***@post.example",
            is_verified=True,
            mail_receipts=True,
            links_left=0,
            mail_reminders=True,
        ),
    ),
    "enough codes": lambda language: somebody(language, affairs=Affairs(has_mail=True, codes_left=0, forgot_left=0)),
    "empty account": lambda language: somebody(language, loans=(), wallet_cents=0, savings_cents=0),
    "PIN was reset": lambda language: somebody(language, pin="", affairs=Affairs(chooses_pin=True)),
    "joined by SMS": lambda language: somebody(language, pin="", affairs=Affairs(chooses_pin=True, is_first_pin=True)),
    "asked for a loan": asked("peer"),
    "asked for more than there is": asked("peer", hindrance="short"),
    "asked for too much today": asked("peer", hindrance="later"),
    "asked to guarantee": asked("guarantee"),
    "asked to guarantee too much": asked("guarantee", amount_cents=5_000_00),
    "asked as an officer": asked("officer"),
    "asked, and answered meanwhile": answered_meanwhile,
    "asked by nobody": lambda language: somebody(language, refuses_all=True),
    "with one blocked": with_one_blocked,
    "pays by itself": scheduled(
        Scheduled("SC4B7KN", "save", 500_00, "month", 31, NOW.date() + timedelta(days=26)), most=5
    ),
    "may have nothing paid by itself": scheduled(most=0),
    "has no other phone": linked(),
    "has another phone": linked(OTHER_PHONE),
    "deposits where there is another phone": lambda language: linked(OTHER_PHONE)(language).dial("*383*6*1#"),
    "sends where strangers may get it": sends_to_anybody,
    "sent the same before": sent_before,
    "withdrew the same before": paid_before("6", "2", "1000"),
    "borrowed the same before": paid_before("2", "1", "500", "1"),
    "may send nothing for some days": lambda language: somebody(language, outgoing_from=NOW + timedelta(days=3)),
    "has moved all of a day": lambda language: somebody(language, allowed=Allowed(10_00, 0, "day")),
    "saves for a goal": lambda language: somebody(language, goal_cents=6_000_00),
    "may not save here": lambda language: somebody(language, may_save=False, savings_cents=0),
    "wallet is full": lambda language: somebody(language, allowed=Allowed(10_00, 0, "room")),
    "looked up all of a day": lambda language: secured(language, lookups_left=0),
    "dropped": dropped,
}


OWN = {
    "pays by itself": "schedule",
    "may have nothing paid by itself": "schedule",
    "has no other phone": "linked",
    "has another phone": "linked",
    "deposits where there is another phone": "wallet",
}
"""Beginnings that are for one flow only."""

APART = frozenset({"schedule", "linked"})
"""Flows that only those walk."""


def answers(phone: Phone) -> Iterator[str]:
    """Everything sensible to press on this screen."""
    if phone.session.offers:
        yield from (offer.split("=", 1)[0] for offer in phone.session.offers)
    else:
        yield from TYPED
        yield from TYPED_AT.get(phone.session.flow, ())
    yield "0"
    if phone.session.has_more:
        yield "98"


def scene(phone: Phone) -> tuple[str, int, str]:
    """What makes one screen another: its place, its page, and what lies behind the PIN."""
    return phone.place, phone.session.page, phone.session.data.get("after", "")


class _Written(pickle.Pickler):
    """All of a phone and its town but the engine, which is nobody's own."""

    def persistent_id(self, each: object) -> str | None:
        return "engine" if each is ENGINE else None


class _Read(pickle.Unpickler):
    def persistent_load(self, _: object) -> object:
        return ENGINE


def twins(phone: Phone) -> Iterator[Phone]:
    """As many as are wanted, each with a town of its own; the phone stays where it is."""
    written = io.BytesIO()
    _Written(written).dump(phone)
    while True:
        yield _Read(io.BytesIO(written.getvalue())).load()


def goes_on(phone: Phone, own: str) -> bool:
    """Whether to look behind this screen."""
    flow = phone.session.flow
    return flow in {own, "view"} if own else flow not in APART


def explored(begin: Begin, own: str) -> dict[str, tuple[str, ...]]:
    """Every place that can be come to, with the answers that first led there; the shortest way first."""
    first = begin("en")
    seen = {scene(first)}
    ways: dict[str, tuple[str, ...]] = {first.place: ()}
    phones: list[tuple[Phone, tuple[str, ...]]] = [(first, ())]
    while phones:
        here, way = phones.pop(0)
        for twin, answer in zip(twins(here), list(answers(here)), strict=False):
            phone = twin.press(answer)
            if scene(phone) in seen:
                continue
            seen.add(scene(phone))
            ways.setdefault(phone.place, (*way, answer))
            assert len(seen) < SCREENS_MAX
            if phone.is_open and goes_on(phone, own):
                phones.append((phone, (*way, answer)))
    return ways


@cache
def ways() -> dict[str, tuple[str, tuple[str, ...]]]:
    """How each place is come to: from which beginning, by which answers. The same in every language."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, begin in BEGINNINGS.items():
        for place, way in explored(begin, OWN.get(name, "")).items():
            found.setdefault(place, (name, way))
    return found


@pytest.fixture(scope="module", params=["en", "sw"])
def screens(request: pytest.FixtureRequest) -> dict[str, str]:
    """All of one language: place and text."""
    found: dict[str, str] = {"register.language": Phone(NOBODY).dial("*383#").screen}
    for place, (name, way) in ways().items():
        phone = BEGINNINGS[name](request.param).press(*way)
        assert phone.place == place
        found[place] = phone.screen
    stranger = newcomer(request.param).press("1", "1")
    stranger.town.people[AMINA] = replace(amina(), national_id="34567890")
    return {**found, "register.taken": stranger.press("34567890").screen}


class TestEveryScreen:
    def test_every_step_can_be_come_to(self, screens: dict[str, str]) -> None:
        """No screen is only a promise of its table."""
        steps = {
            f"{flow.name}.{step.name}"
            for flow in ENGINE.flows.values()
            for step in flow.steps.values()
            if step.kind != "decide"
        }

        assert set(screens) == steps

    def test_every_screen_fits(self, screens: dict[str, str]) -> None:
        """In septets that every phone has."""
        assert all(is_gsm(text) and septets(text) <= 160 for text in screens.values())

    def test_no_screen_shouts_or_begs(self, screens: dict[str, str]) -> None:
        """No exclamation marks, no please, no dear customer; nothing left unfilled."""
        for text in screens.values():
            assert not {"!", "{", "}", "$"} & set(text), text
            assert not any(word in text.lower() for word in ("please", "kindly", "dear ", "tafadhali")), text

    def test_a_secret_is_never_asked_by_the_word_pin_alone(self, screens: dict[str, str]) -> None:
        """Two PINs live on one phone: the prompt says which."""
        for place, text in screens.items():
            flow, step = place.split(".")
            asked = ENGINE.flows[flow].steps[step]
            if asked.kind == "secret" and asked.secret != "code":
                assert "PIN" in text, place
                assert "Nyota" in text, place
