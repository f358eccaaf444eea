"""Whose money is where: people's M-PESA accounts, shortcodes, and the movements between them.

Amounts are integer cents. A movement is written once, with its receipt, and never edited. Functions that
move money must be called inside a transaction, together with whatever else the movement brings about.
"""

import secrets
from dataclasses import astuple, dataclass
from decimal import Decimal
from enum import StrEnum
from sqlite3 import Row

from simulator.standins import stamps
from simulator.standins.book import Book
from simulator.standins.world import World

CURRENCY = "KES"
RECEIPT_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ABSURD_CENTS = 10**15
_RECEIPT_SPACE = 36**7
_RECEIPT_STRIDE = 48_271_000_033
"""Shares no factor with 36, so that numbers one apart become receipts far apart, and none comes twice."""


class Refusal(StrEnum):
    """Why M-PESA did not move the money: the result code of the answer."""

    INSUFFICIENT = "1"
    BELOW_MINIMUM = "2"
    ABOVE_MAXIMUM = "3"
    DAILY_LIMIT = "4"
    WALLET_FULL = "8"
    NOT_REGISTERED = "2040"


class RefusedError(Exception):
    """The money did not move."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an M-PESA account. `phone` is 12 digits; `name` is empty when nobody has told it."""

    phone: str
    name: str
    balance_cents: int
    is_registered: bool
    is_opted_out: bool

    @property
    def public_name(self) -> str:
        """`254712345600 - NAME NAME`, as results write it."""
        return f"{self.phone} - {self.name}" if self.name else self.phone


@dataclass(frozen=True, slots=True)
class Payment:
    """Money about to move between a phone and a shortcode. `receipt` is empty unless it was given before."""

    kind: str
    phone: str
    amount_cents: int
    reference: str
    shortcode: str
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that moved once between a phone and a shortcode. `at` is seconds since the epoch."""

    receipt: str
    kind: str
    phone: str
    amount_cents: int
    reference: str
    shortcode: str
    at: float


def person(world: World, phone: str) -> Person:
    """The owner of a phone. Everybody has an account from the first time they are seen."""
    world.book.execute(
        "INSERT INTO people (phone, name, balance_cents) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        phone,
        world.settings.names.get(phone, ""),
        world.settings.opening_balance_cents,
    )
    row = world.book.one("SELECT * FROM people WHERE phone = ?", phone)
    if row is None:
        raise LookupError("an account that was just opened is gone")
    return Person(
        phone=row["phone"],
        name=row["name"],
        balance_cents=row["balance_cents"],
        is_registered=bool(row["is_registered"]),
        is_opted_out=bool(row["is_opted_out"]),
    )


def utility_cents(book: Book, shortcode: str) -> int:
    """What a shortcode has to pay out of, or has collected."""
    return int(book.value("SELECT utility_cents FROM shortcodes WHERE shortcode = ?", shortcode))


def pay_in(world: World, payment: Payment) -> Movement:
    """From a phone to a shortcode. Raises RefusedError when the customer has not got it or may not."""
    phone, amount_cents = payment.phone, payment.amount_cents
    payer = person(world, phone)
    if amount_cents > world.settings.transaction_max_cents:
        raise RefusedError(Refusal.ABOVE_MAXIMUM)
    if payer.balance_cents < amount_cents:
        raise RefusedError(Refusal.INSUFFICIENT)
    if _spent_today_cents(world, phone) + amount_cents > world.settings.daily_max_cents:
        raise RefusedError(Refusal.DAILY_LIMIT)
    return _move(world, payment, into_shortcode_cents=amount_cents)


def pay_out(world: World, payment: Payment) -> Movement:
    """From a shortcode to a phone. Raises RefusedError when the float, the wallet or the limits forbid it."""
    amount_cents = payment.amount_cents
    receiver = person(world, payment.phone)
    if amount_cents < world.settings.payout_min_cents:
        raise RefusedError(Refusal.BELOW_MINIMUM)
    if amount_cents > world.settings.transaction_max_cents:
        raise RefusedError(Refusal.ABOVE_MAXIMUM)
    if not receiver.is_registered:
        raise RefusedError(Refusal.NOT_REGISTERED)
    if utility_cents(world.book, payment.shortcode) < amount_cents:
        raise RefusedError(Refusal.INSUFFICIENT)
    if receiver.balance_cents + amount_cents > world.settings.wallet_max_cents:
        raise RefusedError(Refusal.WALLET_FULL)
    return _move(world, payment, into_shortcode_cents=-amount_cents)


def give_back(world: World, original: Movement) -> Movement:
    """Reverse what a customer paid. Raises RefusedError when the shortcode has not got it any more."""
    if utility_cents(world.book, original.shortcode) < original.amount_cents:
        raise RefusedError(Refusal.INSUFFICIENT)
    payment = Payment("reversal", original.phone, original.amount_cents, original.receipt, original.shortcode)
    return _move(world, payment, into_shortcode_cents=-original.amount_cents)


def next_receipt(world: World) -> str:
    """A receipt that no movement has had and none will have, unless it is given to one."""
    number = world.book.value("UPDATE meta SET value = value + 1 WHERE name = 'receipt_number' RETURNING value")
    return receipt_at(int(number), world.now())


def movement(book: Book, receipt: str) -> Movement | None:
    row = book.one("SELECT * FROM movements WHERE receipt = ?", receipt)
    return None if row is None else _movement(row)


def reversal_of(book: Book, receipt: str) -> Movement | None:
    row = book.one("SELECT * FROM movements WHERE kind = 'reversal' AND reference = ?", receipt)
    return None if row is None else _movement(row)


def movements(book: Book) -> list[Movement]:
    """Every movement there ever was, oldest first."""
    return [_movement(row) for row in book.all("SELECT * FROM movements ORDER BY id")]


def movements_in(book: Book, shortcode: str, since: float, before: float) -> list[Movement]:
    """What customers paid to a shortcode in a time window, oldest first."""
    rows = book.all(
        "SELECT * FROM movements WHERE shortcode = ? AND at >= ? AND at < ? AND kind IN ('stk', 'c2b') ORDER BY id",
        shortcode,
        since,
        before,
    )
    return [_movement(row) for row in rows]


def totals_cents(book: Book) -> tuple[int, int]:
    """What shortcodes took in and what they gave out."""
    row = book.one(
        "SELECT COALESCE(SUM(CASE WHEN kind IN ('stk', 'c2b') THEN amount_cents END), 0) AS came_in,"
        " COALESCE(SUM(CASE WHEN kind IN ('b2c', 'reversal') THEN amount_cents END), 0) AS went_out"
        " FROM movements"
    )
    return (0, 0) if row is None else (int(row["came_in"]), int(row["went_out"]))


def open_shortcodes(world: World) -> None:
    """Give both shortcodes their account the first time this book is used."""
    opening = ((world.settings.collection, 0), (world.settings.payout, world.settings.payout_float_cents))
    with world.change() as book:
        book.execute(
            "INSERT INTO meta (name, value) VALUES ('receipt_number', ?) ON CONFLICT DO NOTHING",
            secrets.randbelow(_RECEIPT_SPACE),
        )
        for app, cents in opening:
            book.execute(
                "INSERT INTO shortcodes (shortcode, utility_cents) VALUES (?, ?) ON CONFLICT DO NOTHING",
                app.shortcode,
                cents,
            )


def shillings(cents: int) -> str:
    """`150.00`, as amounts are written everywhere outside."""
    return f"{cents // 100}.{cents % 100:02d}"


def cents_of(amount: object) -> int:
    """Cents from an amount given as `"150.00"` or 150. Raises ValueError for anything else, and below 0."""
    try:
        cents = Decimal(str(amount)) * 100
    except ArithmeticError as error:
        raise ValueError(f"{amount!r} is not an amount") from error
    if not (cents.is_finite() and 0 <= cents < _ABSURD_CENTS and cents == cents.to_integral_value()):
        raise ValueError(f"{amount!r} is not an amount")
    return int(cents)


def receipt_at(number: int, at: float) -> str:
    """The receipt with this number: three characters say the day, the other seven differ from all others."""
    day = stamps.eat(at)
    letters = RECEIPT_ALPHABET[10 + (day.year - 2006) % 26] + RECEIPT_ALPHABET[9 + day.month]
    scattered = number * _RECEIPT_STRIDE % _RECEIPT_SPACE
    tail = ""
    for _ in range(7):
        scattered, digit = divmod(scattered, 36)
        tail = RECEIPT_ALPHABET[digit] + tail
    return letters + RECEIPT_ALPHABET[day.day] + tail


def _spent_today_cents(world: World, phone: str) -> int:
    midnight = stamps.eat(world.now()).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return int(
        world.book.value(
            "SELECT COALESCE(SUM(amount_cents), 0) FROM movements"
            " WHERE phone = ? AND at >= ? AND kind IN ('stk', 'c2b')",
            phone,
            midnight,
        )
    )


def _move(world: World, payment: Payment, *, into_shortcode_cents: int) -> Movement:
    world.book.execute(
        "UPDATE people SET balance_cents = balance_cents - ? WHERE phone = ?",
        into_shortcode_cents,
        payment.phone,
    )
    world.book.execute(
        "UPDATE shortcodes SET utility_cents = utility_cents + ? WHERE shortcode = ?",
        into_shortcode_cents,
        payment.shortcode,
    )
    moved = Movement(
        receipt=payment.receipt or next_receipt(world),
        kind=payment.kind,
        phone=payment.phone,
        amount_cents=payment.amount_cents,
        reference=payment.reference,
        shortcode=payment.shortcode,
        at=world.now(),
    )
    world.book.execute(
        "INSERT INTO movements (receipt, kind, phone, amount_cents, reference, shortcode, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        *astuple(moved),
    )
    return moved


def _movement(row: Row) -> Movement:
    return Movement(
        receipt=row["receipt"],
        kind=row["kind"],
        phone=row["phone"],
        amount_cents=row["amount_cents"],
        reference=row["reference"],
        shortcode=row["shortcode"],
        at=row["at"],
    )
