"""A shell for the pure engine, small enough to read: people, their money and PINs in memory, made by hand."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from flows.engine import Engine, Verdict
from flows.known import Balances, Borrowing, Customer, Due, Loan, Organisation, Product, Quote, Request
from flows.turn import Facts, Missing, Need, Operation, Session, Turn
from menus.values import Clock

NOW = datetime(2026, 8, 5, 10, 42, tzinfo=timezone(timedelta(hours=3)))
TODAY = NOW.date()
TRIES_MAX = 3
FACTS_ROUNDS_MAX = 10

AMINA, BARAKA, NOBODY = "+254711000001", "+254711000002", "+254711000003"

ORGANISATION = Organisation(
    "Nyota", "0711000009", "600999", "Mama Njeri Shop, Githurai 44\nKibera Agent 17, Olympic", "2026-08"
)
QUICK = Product("quick", "Quick", 500_00, 5_000_00, 30)


def quick_quote(cents: int, on: date = TODAY) -> Quote:
    """8 percent for 30 days, and 1 percent taken from the payout."""
    fee, interest = cents // 100, cents * 8 // 100
    due = on + timedelta(days=30)
    return Quote("Quick", cents, cents - fee, fee, interest, cents + interest, due, 111, 50_00)


def quick_loan(reference: str, cents: int, *, days_late: int = 0) -> Loan:
    quote = quick_quote(cents, TODAY - timedelta(days=days_late + 30 if days_late else 0))
    penalty = quote.penalty_cents if days_late else 0
    owed = quote.total_cents + penalty
    return Loan(
        reference=reference,
        product="Quick",
        owed_cents=owed,
        total_cents=owed,
        next_cents=owed,
        next_due=quote.due,
        days_late=days_late,
        penalty_cents=penalty,
        payoff_cents=owed,
        schedule=(Due(quote.due, owed, is_paid=False),),
        terms=quote,
    )


@dataclass(slots=True)
class Person:
    """Somebody on the members' list, or a member once `pin` is set."""

    msisdn: str
    name: str
    national_id: str
    pin: str = ""
    language: str = "en"
    wallet_cents: int = 0
    savings_cents: int = 0
    limit_cents: int = 2_000_00
    loans: tuple[Loan, ...] = ()
    requests: tuple[Request, ...] = ()
    products: tuple[Product, ...] = (QUICK,)
    as_at: datetime | None = None
    wrong_tries: int = 0

    @property
    def id(self) -> str:
        return f"person:{self.msisdn}"

    @property
    def used_cents(self) -> int:
        return sum(loan.terms.principal_cents for loan in self.loans if loan.terms)


def amina() -> Person:
    return Person(
        AMINA,
        "Amina Wanjiru",
        "23456789",
        "4826",
        wallet_cents=5_000_00,
        savings_cents=1_200_00,
        limit_cents=5_000_00,
        loans=(quick_loan("LN7K2QD", 2_000_00),),
    )


def baraka() -> Person:
    return Person(BARAKA, "Baraka Otieno", "24567891", "7391", "sw", wallet_cents=12_000_00)


@dataclass(slots=True)
class Town:
    """Answers what a turn needs to know, judges PINs, and does at once what operations ask for."""

    engine: Engine
    people: dict[str, Person] = field(default_factory=lambda: {person.msisdn: person for person in (amina(), baraka())})
    accepted: list[Operation] = field(default_factory=list)
    drafts: dict[str, str] = field(default_factory=dict)
    needed: list[Need] = field(default_factory=list)

    def turn(self, session: Session, answers: tuple[str, ...], msisdn: str, previous: Session | None) -> Turn:
        """Take one turn as a gateway does: verdict first, then facts as they are asked for."""
        values: dict[Need, object] = {Need("previous"): previous}
        if self.engine.takes_secret(session, answers):
            values[Need("verdict")] = self.verdict(session, answers[0], msisdn)
            answers = ("*",)
        facts = Facts(NOW, values)
        for _ in range(FACTS_ROUNDS_MAX):
            turn = self.engine.advance(session, answers, facts)
            if isinstance(turn, Turn):
                self._accept(turn.operations, msisdn, session)
                return turn
            facts = facts.with_values(self._gathered(turn, msisdn))
        raise AssertionError("the turn kept asking for facts")

    def fact(self, need: Need, msisdn: str) -> Any:
        known: Mapping[str, Callable[..., Any]] = {
            "customer": self._customer,
            "balances": self._balances,
            "borrowing": self._borrowing,
            "loans": lambda phone: self.people[phone].loans,
            "quote": lambda _, key, cents: quick_quote(cents),
            "mpesa_charge": lambda _, cents: 0 if cents <= 1_000_00 else 20_00,
            "organisation": lambda _: ORGANISATION,
            "answer_by": lambda _: NOW + timedelta(hours=24),
            "id_taken": self._id_taken,
            "id_matches": lambda phone, number: self.people[phone].national_id == number,
        }
        return known[need.name](msisdn, *need.args)

    def verdict(self, session: Session, typed: str, msisdn: str) -> Verdict:
        if not re.fullmatch(r"\d{4,6}", typed, re.ASCII):
            return Verdict("pin_format")
        kind = self.engine.step(session).secret
        if kind == "new":
            self.drafts[session.id] = typed
            return Verdict("weak" if len(set(typed)) == 1 or typed == "1234" else "ok")
        if kind == "again":
            return Verdict("ok" if self.drafts.get(session.id) == typed else "mismatch")
        return self._checked(self.people[msisdn], typed)

    def _checked(self, person: Person, typed: str) -> Verdict:
        left = TRIES_MAX - person.wrong_tries - (typed != person.pin)
        if person.wrong_tries >= TRIES_MAX or left == 0:
            person.wrong_tries = TRIES_MAX
            return Verdict("locked", {"until": Clock(NOW + timedelta(minutes=30))}, is_final=True)
        if typed == person.pin:
            return Verdict("ok")
        person.wrong_tries += 1
        return Verdict("pin_last") if left == 1 else Verdict("pin", {"tries": left})

    def _gathered(self, missing: Missing, msisdn: str) -> dict[Need, object]:
        self.needed += missing.needs
        return {need: self.fact(need, msisdn) for need in missing.needs}

    def _customer(self, msisdn: str) -> Customer | None:
        person = self.people.get(msisdn)
        if person is None:
            return None
        return Customer(person.id, person.name, person.language, bool(person.pin), msisdn, requests=person.requests)

    def _balances(self, msisdn: str) -> Balances:
        person = self.people[msisdn]
        return Balances(
            person.wallet_cents,
            person.savings_cents,
            sum(loan.owed_cents for loan in person.loans),
            person.loans[0].next_cents if person.loans else 0,
            person.loans[0].next_due if person.loans else None,
            person.as_at,
        )

    def _borrowing(self, msisdn: str) -> Borrowing:
        person = self.people[msisdn]
        available = person.limit_cents - person.used_cents
        late = next((loan for loan in person.loans if loan.days_late), None)
        products = tuple(product for product in person.products if product.min_cents <= available)
        return Borrowing(person.limit_cents, person.used_cents, products, late, person.requests)

    def _id_taken(self, msisdn: str, number: str) -> bool:
        return any(person.national_id == number for phone, person in self.people.items() if phone != msisdn)

    def _accept(self, operations: tuple[Operation, ...], msisdn: str, session: Session) -> None:
        for operation in operations:
            assert operation.id not in {taken.id for taken in self.accepted}, "an operation was taken twice"
            self.accepted.append(operation)
            self._apply(operation, msisdn, session)

    def _apply(self, operation: Operation, msisdn: str, session: Session) -> None:
        intent = operation.intent
        person = self.people.get(msisdn)
        if operation.kind == "customer.register":
            new = Person(msisdn, intent["name"], intent["id"], language=intent["language"])
            self.people[msisdn] = replace(person or new, pin=self.drafts[session.id], name=intent["name"])
        elif operation.kind == "pin.change" and person:
            person.pin = self.drafts[session.id]
        elif operation.kind == "language.set" and person:
            person.language = intent["language"]
        elif operation.kind == "loan.disburse" and person:
            net = intent["quote"]["net_cents"]
            person.requests += (Request(operation.reference, operation.kind, net, is_certain=True),)
        elif operation.kind.startswith("repay.") and person:
            request = Request(
                operation.reference, operation.kind, intent["amount_cents"], is_certain=True, about=intent["loan"]
            )
            person.requests += (request,)
