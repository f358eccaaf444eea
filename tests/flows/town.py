"""A shell for the pure engine, small enough to read: people, their money and PINs in memory, made by hand."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from flows.engine import Engine, Verdict
from flows.known import (
    Account,
    Allowed,
    Asked,
    AutoRepay,
    Balances,
    Borrower,
    Borrowing,
    Credit,
    Customer,
    Debtor,
    Due,
    Lender,
    Loan,
    Movement,
    Organisation,
    PaidOut,
    Payee,
    PeerTerms,
    Product,
    Quote,
    Reason,
    Request,
    Savings,
    Statement,
    Unclaimed,
)
from flows.turn import Facts, Missing, Need, Operation, Session, Turn
from gateway.facts.loans import dues, offered, quoted
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from menus.values import Clock
from tests.flows.affairs import CODE, JANE, Affairs, apply, facts_of

NOW = datetime(2026, 8, 5, 10, 42, tzinfo=timezone(timedelta(hours=3)))
TODAY = NOW.date()
TRIES_MAX = 3
FACTS_ROUNDS_MAX = 12

AMINA, BARAKA, NOBODY = "+254711000001", "+254711000002", "+254711000003"

ORGANISATION = Organisation(
    "Nyota", "0711000009", "600999", "Mama Njeri Shop, Githurai 44\nKibera Agent 17, Olympic", "2026-08"
)
CATALOGUE = parse_products(DEMO_PRODUCTS)
QUICK, GROWTH = (offered(CATALOGUE[key], has_agreed=False) for key in ("quick", "growth"))


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
        promise_days=7,
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
    pledged_cents: int = 0
    goal_cents: int = 0
    may_save: bool = True
    limit_cents: int = 2_000_00
    loans: tuple[Loan, ...] = ()
    requests: tuple[Request, ...] = ()
    products: tuple[Product, ...] = (QUICK, GROWTH)
    may_ask: bool = True
    reasons: tuple[Reason, ...] = (Reason("next", 6_000_00), Reason("on_time", 2))
    as_at: datetime | None = None
    wrong_tries: int = 0
    auto_repay_percent: int = 0
    other_phones_left: int = 3
    asked: tuple[Asked, ...] = ()
    refuses_all: bool = False
    blocked: tuple[str, ...] = ()
    asks_left: int = 3
    state: str = "active"
    outgoing_from: datetime | None = None
    lookups_left: int = 10
    allowed: Allowed = field(default_factory=lambda: Allowed(10_00, 250_000_00))
    moved: tuple[Movement, ...] = ()
    unclaimed: tuple[Unclaimed, ...] = ()

    affairs: Affairs = field(default_factory=Affairs)

    @property
    def id(self) -> str:
        return f"person:{self.msisdn}"

    @property
    def used_cents(self) -> int:
        return sum(loan.terms.principal_cents for loan in self.loans if loan.terms)


def peer_quote(cents: int, percent: int, due: str) -> Quote:
    """What is added, once; no fee."""
    added = cents * percent // 100
    return Quote("Peer", cents, cents, 0, added, cents + added, date.fromisoformat(due), 60, 0)


def asked_of_baraka() -> Asked:
    """What waits for Baraka from the first day on."""
    due = (TODAY + timedelta(days=31)).isoformat()
    detail = {"net_cents": 2_000_00, "fee_cents": 0, "total_cents": 2_100_00, "due": due}
    return Asked("peer-1", "RQ5M3TZ", "peer", "Amina Wanjiru", 2_000_00, "open", detail, f"person:{AMINA}")


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
    return Person(BARAKA, "Baraka Otieno", "24567891", "7391", "sw", wallet_cents=12_000_00, asked=(asked_of_baraka(),))


def jane() -> Person:
    return Person(JANE, "Jane Muthoni", "25678912", "6058", affairs=Affairs(role="officer"))


@dataclass(slots=True)
class Town:
    """Answers what a turn needs to know, judges PINs, and does at once what operations ask for."""

    engine: Engine
    people: dict[str, Person] = field(
        default_factory=lambda: {person.msisdn: person for person in (amina(), baraka(), jane())}
    )
    accepted: list[Operation] = field(default_factory=list)
    drafts: dict[str, str] = field(default_factory=dict)
    needed: list[Need] = field(default_factory=list)
    added_percent_max: int = 10
    claim_by: datetime | None = None

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
            "figures_asked_for": lambda _: True,
            "borrowing": self._borrowing,
            "loans": lambda phone: self.people[phone].loans,
            "quote": lambda _, key, cents, repayments: quoted(CATALOGUE[key], cents, TODAY, repayments),
            "account": lambda phone: Account(self.people[phone].auto_repay_percent, offers=False),
            "auto_repay": lambda phone: AutoRepay(self.people[phone].auto_repay_percent, 5, 50),
            "debtor": lambda _, phone: self._debtor(phone),
            "wallet_allowed": self._allowed,
            "wallet_fee": lambda _, kind, cents: 15_00 if kind == "withdraw" else 0,
            "outgoing_from": lambda phone: self.people[phone].outgoing_from,
            "lookups_left": lambda phone: self.people[phone].lookups_left,
            "payee": lambda _, phone: self._payee(phone),
            "looked_up": lambda _, reference: self._looked_up(reference),
            "sent_before": self._sent_before,
            "paid_out": self._paid_out,
            "unclaimed": lambda phone: self.people[phone].unclaimed,
            "movements": self._movements,
            "claim_by": lambda _: self.claim_by,
            "other_phones_left": lambda phone: self.people[phone].other_phones_left,
            "savings": self._savings,
            "waiting": lambda phone: len(self._open(phone)),
            "asked": self._open,
            "asked_one": self._asked_one,
            "borrower": lambda _, request: Borrower(1_200_00, 0, 2_160_00, TODAY),
            "refuses_all": lambda phone: self.people[phone].refuses_all,
            "blocked": lambda phone: tuple((who, self._named(who)) for who in self.people[phone].blocked),
            "lender": self._lender,
            "guarantor": self._lender,
            "credit": self._credit,
            "dues": lambda _, key, cents, count: dues(CATALOGUE[key], cents, TODAY, count),
            "peer_terms": lambda _: PeerTerms(200_00, 10_000_00, self.added_percent_max, 90, 3),
            "peer_quote": lambda _, *terms: peer_quote(*terms),
            "mpesa_charge": lambda _, cents: 0 if cents <= 1_000_00 else 20_00,
            "organisation": lambda _: ORGANISATION,
            "answer_by": lambda _: NOW + timedelta(hours=24),
            "id_taken": self._id_taken,
            "id_matches": lambda phone, number: self.people[phone].national_id == number,
            **facts_of(self),
        }
        return known[need.name](msisdn, *need.args)

    def verdict(self, session: Session, typed: str, msisdn: str) -> Verdict:
        kind = self.engine.step(session).secret
        if kind == "code":
            return _code_verdict(typed)
        if not re.fullmatch(r"\d{4,6}", typed, re.ASCII):
            return Verdict("pin_format")
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
        its = person.affairs
        is_member = bool(person.pin or its.chooses_pin) and not its.is_paused
        return Customer(
            person.id, person.name, person.language, is_member, msisdn, its.role, person.requests, its.is_paused,
            its.chooses_pin, its.is_first_pin,
        )  # fmt: skip

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

    def _savings(self, msisdn: str) -> Savings:
        person = self.people[msisdn]
        held = min(person.savings_cents, person.pledged_cents)
        return Savings(
            person.savings_cents, held, person.wallet_cents, 4_20, person.goal_cents, 10_00, may_save=person.may_save
        )

    def _borrowing(self, msisdn: str) -> Borrowing:
        person = self.people[msisdn]
        available = person.limit_cents - person.used_cents
        late = next((loan for loan in person.loans if loan.days_late), None)
        products = tuple(product for product in person.products if product.min_cents <= available)
        return Borrowing(person.limit_cents, person.used_cents, products, late, person.requests, may_ask=person.may_ask)

    def _credit(self, msisdn: str) -> Credit:
        """What is late, what was repaid, and the next step."""
        person = self.people[msisdn]
        late = next((loan.days_late for loan in person.loans if loan.days_late), 0)
        reasons = (Reason("late_now", late),) if late else ()
        return Credit(person.limit_cents, (*reasons, *person.reasons))

    def _debtor(self, phone: str) -> Debtor | None:
        person = self.people.get(phone)
        if person is None or not person.loans:
            return None
        first, last = person.name.split()
        return Debtor(person.id, f"{first} {last[0]}")

    def _allowed(self, msisdn: str, kind: str) -> Allowed:
        """As a person may have it; a transfer is never more than 100,000."""
        known = self.people[msisdn].allowed
        return replace(known, most_cents=min(known.most_cents, 100_000_00)) if kind == "send" else known

    def _payee(self, phone: str) -> Payee:
        person = self.people.get(phone)
        if person is None:
            return Payee(phone, "stranger")
        words = person.name.split()
        return Payee(phone, person.state, person.id, f"{words[0]} {words[-1][0]}")

    def _looked_up(self, reference: str) -> Payee:
        [found] = [each for each in self.accepted if each.reference == reference]
        return self._payee(found.intent["phone"])

    def _sent_before(self, msisdn: str, phone: str, cents: int) -> datetime | None:
        own = self.people[msisdn].id
        sent = [each for each in self.accepted if each.kind == "wallet.send" and each.customer == own]
        return NOW if any((each.intent["to"], each.intent["amount_cents"]) == (phone, cents) for each in sent) else None

    def _paid_out(self, msisdn: str, kind: str, cents: int) -> PaidOut | None:
        """The last one of a kind and amount that was accepted: here everything is paid out at once."""
        own = self.people[msisdn].id
        paid = [each for each in self.accepted if (each.kind, each.customer) == (kind, own)]
        alike = [each for each in paid if _out_cents(each.intent) == cents]
        return PaidOut(alike[-1].reference, NOW) if alike else None

    def _movements(self, msisdn: str, account: str) -> Statement:
        person = self.people[msisdn]
        balance = person.wallet_cents if account == "wallet" else person.savings_cents
        return Statement(balance, person.moved)

    def _open(self, phone: str) -> tuple[Asked, ...]:
        return tuple(asked for asked in self.people[phone].asked if asked.state == "open")

    def _asked_one(self, phone: str, request: str) -> Asked | None:
        """With what stands in the way of a yes; savings that are pledged are not free."""
        person = self.people[phone]
        found = next((asked for asked in person.asked if asked.id == request), None)
        if found is None:
            return None
        free = {"peer": person.wallet_cents, "guarantee": person.savings_cents - person.pledged_cents}
        is_short = free.get(found.kind, found.amount_cents) < found.amount_cents
        return replace(found, hindrance=found.hindrance or ("short" if is_short else ""))

    def _named(self, person_id: str) -> str:
        first, last = next(person.name for person in self.people.values() if person.id == person_id).split()
        return f"{first} {last[0]}"

    def _lender(self, msisdn: str, phone: str) -> Lender | None:
        person, me = self.people.get(phone), self.people[msisdn]
        if person is None or not person.pin or person.refuses_all or me.id in person.blocked or not me.asks_left:
            return None
        return Lender(person.id, self._named(person.id))

    def _answer(self, person: Person, operation: Operation) -> None:
        intent = operation.intent
        state = "approved" if operation.kind == "approval.approve" else "declined"
        answered = next(asked for asked in person.asked if asked.id == intent["request"])
        person.asked = tuple(replace(asked, state=state) if asked is answered else asked for asked in person.asked)
        if intent.get("how") == "block":
            person.blocked += (answered.requester,)
        person.refuses_all |= intent.get("how") == "never"

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
        elif person:
            apply(self, operation.kind, intent, operation.reference, person)
            self._settle(operation, person, session)
            self._move_money(operation, person)

    def _settle(self, operation: Operation, person: Person, session: Session) -> None:
        """What changes a person rather than money."""
        intent = operation.intent
        match operation.kind:
            case "number.lookup":
                person.lookups_left -= 1
            case "pin.choose":
                person.pin, person.affairs.chooses_pin = self.drafts[session.id], False
            case "pin.recover":
                person.pin, person.outgoing_from = self.drafts[session.id], NOW + timedelta(days=3)
            case "pin.change":
                person.pin = self.drafts[session.id]
            case "language.set":
                person.language = intent["language"]
            case "loan.promise":
                day = date.fromisoformat(intent["pay_on"])
                person.loans = tuple(
                    replace(loan, promised=day) if loan.reference == intent["loan"] else loan for loan in person.loans
                )
            case "auto_repay.set":
                person.auto_repay_percent = intent["percent"]
            case "savings.goal":
                person.goal_cents = intent["target_cents"]
            case "peers.refuse" | "peers.allow" | "peers.unblock":
                person.refuses_all = operation.kind == "peers.refuse"
                person.blocked = tuple(each for each in person.blocked if each != intent.get("person"))

    def _move_money(self, operation: Operation, person: Person) -> None:
        intent, domain = operation.intent, operation.kind.partition(".")[0]
        if operation.kind in {"savings.save", "savings.move"}:
            moved = intent["amount_cents"] if operation.kind == "savings.save" else -intent["amount_cents"]
            person.wallet_cents -= moved
            person.savings_cents += moved
        elif domain == "wallet":
            self._move(operation, person)
        elif domain == "approval":
            self._answer(person, operation)
        elif operation.kind in {"peer.ask", "loan.disburse"} or domain == "repay":
            person.requests += (self._request(operation, person),)

    def _request(self, operation: Operation, person: Person) -> Request:
        """What is under way from now on."""
        intent = operation.intent
        if operation.kind == "peer.ask":
            person.asks_left -= 1
            net, about = intent["quote"]["net_cents"], f"{person.id}:{intent['lender']}"
            return Request(operation.reference, operation.kind, net, True, about, intent["person"])
        if operation.kind == "loan.disburse":
            return Request(operation.reference, operation.kind, intent["quote"]["net_cents"], is_certain=True)
        cents, about = intent["amount_cents"], intent.get("loan", "")
        return Request(operation.reference, operation.kind, cents, is_certain=True, about=about)

    def _move(self, operation: Operation, person: Person) -> None:
        """Wallets move at once here; M-PESA always says yes."""
        intent = operation.intent
        cents = intent.get("amount_cents", 0)
        if operation.kind == "wallet.deposit":
            self._note(person, cents, "mpesa")
        elif operation.kind == "wallet.withdraw":
            self._note(person, -cents, "mpesa")
            self._note(person, -intent["fee_cents"], "fee")
        elif operation.kind == "wallet.send" and intent["person"]:
            receiver = self.people[intent["to"]]
            self._note(person, -cents, "person", receiver.name)
            self._note(receiver, cents, "person", person.name)
        elif operation.kind == "wallet.send":
            self._note(person, -cents, "phone", intent["to"])
            person.unclaimed += (Unclaimed(operation.reference, intent["to"], cents),)

    def _note(self, person: Person, cents: int, label: str, about: str = "") -> None:
        person.wallet_cents += cents
        person.moved = (Movement(TODAY, cents, label, about), *person.moved)


def _out_cents(intent: Mapping[str, Any]) -> int:
    """What a pay-out sends."""
    return int(intent["quote"]["net_cents"] if "quote" in intent else intent["amount_cents"])


def _code_verdict(typed: str) -> Verdict:
    """Of a town's codes one is right, one is over, and every other one is wrong."""
    if not re.fullmatch(r"\d{6}", typed, re.ASCII):
        return Verdict("otp_format")
    if typed == "000000":
        return Verdict("otp_over", is_final=True)
    return Verdict("ok") if typed == CODE else Verdict("otp", {"tries": 2})
