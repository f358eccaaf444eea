"""Every screen there is, come to as people come to it, in both languages."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from flows.known import Request
from menus.gsm import is_gsm, septets
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, NOBODY, Person, Town, amina, quick_loan

TYPED = ("2000", "34567890", "Neema Otieno", "UA12BC34DE", "4826", "7786", "1111")
SCREENS_MAX = 400

Begin = Callable[[str], Phone]


def somebody(language: str, **changes: object) -> Phone:
    person = replace(amina(), language=language, **changes)  # type: ignore[arg-type]
    return Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383#")


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


BEGINNINGS: dict[str, Begin] = {
    "newcomer": newcomer,
    "stranger with a known ID": lambda language: newcomer(language).press("1", "1"),
    "listed": listed,
    "member": somebody,
    "late": lambda language: somebody(language, loans=(quick_loan("LN7K2QD", 2_000_00, days_late=4),)),
    "full": lambda language: somebody(language, limit_cents=2_000_00),
    "without a loan": lambda language: somebody(language, loans=(), products=()),
    "loan under way": waiting("loan.disburse"),
    "payment under way": waiting("repay.stk"),
    "dropped": dropped,
}


def answers(phone: Phone) -> Iterator[str]:
    """Everything sensible to press on this screen."""
    if phone.session.offers:
        yield from (offer.split("=", 1)[0] for offer in phone.session.offers)
    else:
        yield from TYPED
    yield "0"
    if phone.session.has_more:
        yield "98"


def scene(phone: Phone) -> tuple[str, int, str]:
    """What makes one screen another: its place, its page, and what lies behind the PIN."""
    return phone.place, phone.session.page, phone.session.data.get("after", "")


def explored(begin: Begin, language: str) -> dict[str, str]:
    """Every place that can be come to, with the screen it first showed; the shortest way first."""
    first = begin(language)
    seen = {scene(first): first.screen}
    ways: list[tuple[str, ...]] = [()]
    while ways:
        way = ways.pop(0)
        for answer in list(answers(begin(language).press(*way))):
            phone = begin(language).press(*way, answer)
            if scene(phone) in seen:
                continue
            seen[scene(phone)] = phone.screen
            assert len(seen) < SCREENS_MAX
            if phone.is_open:
                ways.append((*way, answer))
    return {place: screen for (place, _, _), screen in seen.items()}


@pytest.fixture(scope="module", params=["en", "sw"])
def screens(request: pytest.FixtureRequest) -> dict[str, str]:
    """All of one language: place and text."""
    found: dict[str, str] = {"register.language": Phone(NOBODY).dial("*383#").screen}
    for begin in BEGINNINGS.values():
        found |= explored(begin, request.param)
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
            if ENGINE.flows[flow].steps[step].kind == "secret":
                assert "PIN" in text, place
                assert "Nyota" in text, place
