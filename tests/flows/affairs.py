"""What a town knows of somebody's account besides money, and what officers see there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from flows.known import (
    Account,
    Allowed,
    Consent,
    Forgot,
    LineRequest,
    LinkedLine,
    Member,
    Prompted,
    Scheduled,
    StaffLeft,
)

if TYPE_CHECKING:
    from tests.flows.town import Person, Town

CODE = "482913"
WITH_PIN = frozenset({"savings.save", "savings.move", "wallet.withdraw", "wallet.send", "repay.wallet"})
JANE = "+254711000009"
SCHEDULE_ALLOWED = {
    "save": Allowed(10_00, 500_000_00),
    "send": Allowed(10_00, 100_000_00),
    "repay": Allowed(50_00, 500_000_00),
}
ZAWADI = "+254711000055"


@dataclass(slots=True)
class Affairs:
    """How somebody's account stands, and, for an officer, what they have to do."""

    role: str = "customer"
    is_paused: bool = False
    chooses_pin: bool = False
    is_first_pin: bool = False
    is_locked: bool = False
    offers: bool = False
    has_mail: bool = False
    email: str = ""
    is_verified: bool = False
    awaits_code: bool = False
    pending_line: str = ""
    codes_left: int = 5
    has_links: bool = True
    links_left: int = 3
    mail_receipts: bool = False
    mail_reminders: bool = False
    closing: str = ""
    consents: tuple[Consent, ...] = (
        Consent("terms", "2026-08", date(2026, 8, 1)),
        Consent("data", "2026-08", date(2026, 8, 1)),
    )
    look_ups: int = 10
    prompts: int = 10
    prompts_left: int = 3
    prompted: tuple[Prompted, ...] = ()
    lines_waiting: tuple[LineRequest, ...] = ()
    paying: tuple[str, ...] = ()
    forgot_pending: bool = False
    forgot_left: int = 3
    linked: tuple[LinkedLine, ...] = ()
    pending_linked: str = ""
    scheduled: tuple[Scheduled, ...] = ()
    schedules_most: int = 5
    last_cents: int = 0
    """What was last moved with the PIN."""


def facts_of(town: "Town") -> Mapping[str, Callable[..., Any]]:
    """By name, as the gateway answers them."""

    def of(phone: str) -> Affairs:
        return town.people[phone].affairs

    def account(phone: str) -> Account:
        its = of(phone)
        percent = town.people[phone].auto_repay_percent
        return Account(
            percent, its.offers, its.has_mail, its.email, its.is_verified, its.awaits_code, its.has_links,
            its.mail_receipts, its.mail_reminders,
        )  # fmt: skip

    def hindrance(phone: str) -> str:
        person = town.people[phone]
        if of(phone).closing:
            return of(phone).closing
        return "loan" if person.loans else "money" if person.wallet_cents or person.savings_cents else ""

    def by_id(_: str, number: str) -> Member | None:
        owner = next((person for person in town.people.values() if person.national_id == number), None)
        return member(owner) if owner else None

    def matches(phone: str, number: str, cents: int) -> bool:
        return town.people[phone].national_id == number and cents == of(phone).last_cents

    return {
        "account": account,
        "consents": lambda phone: of(phone).consents,
        "closing": hindrance,
        "forgot": lambda phone: Forgot(of(phone).forgot_pending, of(phone).forgot_left),
        "forgot_matches": matches,
        "codes_left": lambda phone, _: of(phone).codes_left,
        "links_left": lambda phone: of(phone).links_left,
        "line_free": lambda _, phone: phone not in town.people,
        "pending_line": lambda phone: of(phone).pending_line,
        "member": lambda _, phone: member(town.people[phone]) if phone in town.people else None,
        "member_of_id": by_id,
        "is_id_of": lambda _, phone, number: town.people[phone].national_id == number,
        "staff_left": lambda phone: StaffLeft(of(phone).look_ups, of(phone).prompts),
        "prompted": lambda phone: of(phone).prompted,
        "lines_waiting": lambda phone: of(phone).lines_waiting,
        "linked": lambda phone: of(phone).linked,
        "linked_left": lambda phone: 2 - len(of(phone).linked),
        "line_linkable": lambda phone, line: line not in town.people and line not in _payers(town),
        "pending_linked": lambda phone: of(phone).pending_linked,
        "scheduled": lambda phone: of(phone).scheduled,
        "schedules_left": lambda phone: of(phone).schedules_most - len(of(phone).scheduled),
        "schedule_allowed": lambda _, kind: SCHEDULE_ALLOWED[kind],
    }


def member(person: "Person") -> Member:
    """Somebody as an officer sees them."""
    its = person.affairs
    return Member(
        id=person.id, name=person.name, phone=person.msisdn, tier=2, role=its.role, is_paused=its.is_paused,
        is_locked=its.is_locked, has_pin=bool(person.pin), has_email=its.is_verified, loans=person.loans,
        paying=its.paying, takes_deposits=True, prompts_left=its.prompts_left,
    )  # fmt: skip


def apply(town: "Town", kind: str, intent: Mapping[str, Any], reference: str, person: "Person") -> None:
    """What an operation about accounts does at once."""
    its = person.affairs
    its.links_left -= kind == "statement.link"
    its.mail_receipts = intent["on"] if kind == "receipts.mail" else its.mail_receipts
    its.mail_reminders = intent["on"] if kind == "reminders.mail" else its.mail_reminders
    its.last_cents = intent["amount_cents"] if kind in WITH_PIN else its.last_cents
    its.forgot_left -= kind == "pin.miss"
    its.scheduled += _scheduled(town, kind, intent, reference)
    its.pending_linked = intent["phone"] if kind == "line.ask" else its.pending_linked * (kind != "line.link")
    its.linked += (LinkedLine(reference, intent["phone"]),) if kind == "line.link" else ()
    its.linked = tuple(one for one in its.linked if one.reference != intent.get("line"))
    its.scheduled = tuple(one for one in its.scheduled if one.reference != intent.get("schedule"))
    its.forgot_pending = kind == "pin.code" or (its.forgot_pending and kind != "pin.recover")
    person.wrong_tries *= kind != "pin.recover"
    target = next((one for one in town.people.values() if one.id == intent.get("customer")), None)
    match kind:
        case "offers.set":
            its.offers = intent["on"]
        case "line.codes":
            its.pending_line = intent["phone"]
        case "line.change":
            town.people.pop(person.msisdn)
            person.msisdn, its.pending_line = intent["phone"], ""
            town.people[person.msisdn] = person
        case "email.set":
            its.email, its.awaits_code, its.is_verified = "a***@post.example", True, False
        case "email.verify":
            its.is_verified, its.awaits_code = True, False
        case "account.close":
            town.people.pop(person.msisdn)
        case "staff.deactivate" if target:
            target.affairs.is_paused = True
        case "staff.activate" if target:
            target.affairs.is_paused = False
        case "staff.reset_pin" if target:
            target.pin, target.affairs.chooses_pin = "", True
        case "staff.unlock" if target:
            target.wrong_tries, target.affairs.is_locked = 0, False
        case "staff.prompt" if target:
            asked = Prompted("PP" + reference[2:], target.name, intent["amount_cents"], "waiting")
            its.prompted = (asked, *its.prompted)
        case _:
            pass


def _payers(town: "Town") -> set[str]:
    """Every line that pays for somebody."""
    return {line.phone for person in town.people.values() for line in person.affairs.linked}


def _scheduled(town: "Town", kind: str, intent: Mapping[str, Any], reference: str) -> tuple[Scheduled, ...]:
    """What an operation schedules, if it does."""
    if kind != "schedule.create":
        return ()
    payee = town.people[intent["to"]].name.split() if "to" in intent else []
    person, first = f"{payee[0]} {payee[-1][0]}" if payee else "", date.fromisoformat(intent["first"])
    amount, every, day = intent["amount_cents"], intent["every"], intent["day"]
    return (Scheduled(reference, intent["kind"], amount, every, day, first, person, intent.get("loan", "")),)
