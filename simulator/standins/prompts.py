"""The M-PESA prompts on people's phones: opened by an STK push, closed once by an answer or by time.

A prompt closes in one transaction with the money it moves and the callback it owes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Row

from simulator.standins import callbacks, money, paybill, stamps
from simulator.standins.book import Book
from simulator.standins.faults import Drawn
from simulator.standins.world import World

PAID = "0"
SHORT_OF_MONEY = "1"
PUSH_FAILED = "1025"
CANCELLED = "1032"
NO_ANSWER = "1037"
WRONG_PIN = "2001"

PROMPT_CHARACTERS_MAX = 182

DESCRIPTIONS = {
    PAID: "The service request is processed successfully.",
    SHORT_OF_MONEY: "The balance is insufficient for the transaction.",
    money.Refusal.ABOVE_MAXIMUM: "The amount is above the maximum of a transaction.",
    money.Refusal.DAILY_LIMIT: "The transaction would exceed the daily limit of the customer.",
    PUSH_FAILED: "An error occurred while sending a push request.",
    CANCELLED: "Request cancelled by user",
    NO_ANSWER: "No response from user.",
    WRONG_PIN: "The initiator information is invalid.",
}

_REFUSALS = {
    "wrong-pin": ("wrong-pin", WRONG_PIN),
    "cancel": ("cancelled", CANCELLED),
    "insufficient": ("insufficient", SHORT_OF_MONEY),
    "expire": ("expired", NO_ANSWER),
    "undeliverable": ("expired", PUSH_FAILED),
}


@dataclass(frozen=True, slots=True)
class Push:
    """What an STK push asks for, validated. `faults` is what will go wrong with its callback."""

    phone: str
    amount_cents: int
    reference: str
    description: str
    shortcode: str
    transaction_type: str
    callback_url: str
    faults: Drawn


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. `state` is open, paid, cancelled, wrong-pin, insufficient or expired."""

    id: str
    checkout_id: str
    merchant_id: str
    phone: str
    amount_cents: int
    reference: str
    shortcode: str
    transaction_type: str
    callback_url: str
    faults: Drawn
    state: str
    result_code: str | None
    receipt: str | None
    at: float


class SubscriberLockedError(Exception):
    """Another prompt is open on that phone."""


def open_prompt(world: World, push: Push, *, prompt_id: str, merchant_id: str) -> Prompt:
    """Show a prompt on a phone. Raises SubscriberLockedError while that phone shows another one.

    A text too long for the phone is accepted and fails at once, as the real service does.
    """
    with world.change() as book:
        if book.one("SELECT 1 FROM prompts WHERE phone = ? AND state = 'open'", push.phone):
            raise SubscriberLockedError
        money.person(world, push.phone)
        _insert(world, push, prompt_id, merchant_id)
        prompt = _get(book, prompt_id)
        if len(_words(world, push)) > PROMPT_CHARACTERS_MAX:
            _close(world, prompt, "undeliverable")
            prompt = _get(book, prompt_id)
    return prompt


def answer_prompt(world: World, prompt: Prompt, answer: str) -> bool:
    """Answer an open prompt: one of `settings.ANSWERS`, or `expire`. False when it was closed already."""
    with world.change() as book:
        if answer == "ignore":
            statement = "UPDATE prompts SET is_ignored = 1 WHERE id = ? AND state = 'open'"
            return book.execute(statement, prompt.id).rowcount == 1
        if book.one("SELECT 1 FROM prompts WHERE id = ? AND state = 'open'", prompt.id) is None:
            return False
        _close(world, prompt, answer)
        return True


def prompt_by_id(book: Book, prompt_id: str) -> Prompt | None:
    row = book.one("SELECT * FROM prompts WHERE id = ?", prompt_id)
    return None if row is None else _prompt(row)


def prompt_by_checkout(book: Book, checkout_id: str) -> Prompt | None:
    row = book.one("SELECT * FROM prompts WHERE checkout_id = ?", checkout_id)
    return None if row is None else _prompt(row)


def prompts_on(book: Book, phone: str | None) -> Sequence[Prompt]:
    """The prompts a phone ever got (None: all phones), oldest first."""
    if phone is None:
        return [_prompt(row) for row in book.all("SELECT * FROM prompts ORDER BY at, rowid")]
    return [_prompt(row) for row in book.all("SELECT * FROM prompts WHERE phone = ? ORDER BY at, rowid", phone)]


def is_open(book: Book, prompt_id: str) -> bool:
    return book.one("SELECT 1 FROM prompts WHERE id = ? AND state = 'open'", prompt_id) is not None


def expired(book: Book, now: float) -> Sequence[Prompt]:
    """Open prompts whose time is over."""
    rows = book.all("SELECT * FROM prompts WHERE state = 'open' AND expires_at <= ?", now)
    return [_prompt(row) for row in rows]


def unanswered(book: Book, opened_before: float) -> Sequence[Prompt]:
    """Open prompts that are at least so old and that nobody has decided to ignore."""
    rows = book.all("SELECT * FROM prompts WHERE state = 'open' AND is_ignored = 0 AND at <= ?", opened_before)
    return [_prompt(row) for row in rows]


def first_expiry(book: Book) -> float | None:
    """When the next open prompt expires."""
    at: float | None = book.value("SELECT MIN(expires_at) FROM prompts WHERE state = 'open'")
    return at


def first_unanswered(book: Book) -> float | None:
    """When the oldest prompt was opened that is neither answered nor ignored."""
    at: float | None = book.value("SELECT MIN(at) FROM prompts WHERE state = 'open' AND is_ignored = 0")
    return at


def open_count(book: Book) -> int:
    return int(book.value("SELECT COUNT(*) FROM prompts WHERE state = 'open'"))


def _close(world: World, prompt: Prompt, answer: str) -> None:
    state, code, paid = _outcome(world, prompt, answer)
    world.book.execute(
        "UPDATE prompts SET state = ?, result_code = ?, receipt = ? WHERE id = ?",
        state,
        code,
        None if paid is None else paid.receipt,
        prompt.id,
    )
    callbacks.plan(
        world,
        callbacks.Callback(
            "stk",
            prompt.checkout_id,
            prompt.callback_url,
            json.dumps(_callback_body(prompt, code, paid)),
            {**callbacks.JSON_HEADERS, "Businessshortcode": prompt.shortcode},
        ),
        after_seconds=world.settings.callback_seconds,
        drawn=prompt.faults,
    )
    if paid is not None:
        paybill.plan_confirmation(world, paid, prompt.transaction_type)


def _outcome(world: World, prompt: Prompt, answer: str) -> tuple[str, str, money.Movement | None]:
    if answer in _REFUSALS:
        state, code = _REFUSALS[answer]
        return state, code, None
    try:
        payment = money.Payment("stk", prompt.phone, prompt.amount_cents, prompt.reference, prompt.shortcode)
        paid = money.pay_in(world, payment)
    except money.RefusedError as refused:
        return "insufficient", refused.refusal.value, None
    return "paid", PAID, paid


def _callback_body(prompt: Prompt, code: str, paid: money.Movement | None) -> dict[str, object]:
    callback: dict[str, object] = {
        "MerchantRequestID": prompt.merchant_id,
        "CheckoutRequestID": prompt.checkout_id,
        "ResultCode": int(code),
        "ResultDesc": DESCRIPTIONS[code],
    }
    if paid is not None:
        callback["CallbackMetadata"] = {"Item": _metadata(prompt, paid)}
    return {"Body": {"stkCallback": callback}}


def _metadata(prompt: Prompt, paid: money.Movement) -> list[dict[str, object]]:
    return [
        {"Name": "Amount", "Value": callbacks.told_cents(paid.amount_cents, prompt.faults) / 100},
        {"Name": "MpesaReceiptNumber", "Value": paid.receipt},
        {"Name": "Balance"},
        {"Name": "TransactionDate", "Value": int(stamps.compact(paid.at))},
        {"Name": "PhoneNumber", "Value": int(paid.phone)},
    ]


def _words(world: World, push: Push) -> str:
    organisation = world.settings.organisation(push.shortcode)
    amount = money.shillings(push.amount_cents)
    return f"Pay KES {amount} to {organisation} account {push.reference} {push.description}. Enter M-PESA PIN"


def _insert(world: World, push: Push, prompt_id: str, merchant_id: str) -> None:
    world.book.execute(
        "INSERT INTO prompts (id, checkout_id, merchant_id, phone, amount_cents, reference, shortcode,"
        " transaction_type, callback_url, faults, state, at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)",
        prompt_id,
        _checkout_id(world, push.phone),
        merchant_id,
        push.phone,
        push.amount_cents,
        push.reference,
        push.shortcode,
        push.transaction_type,
        push.callback_url,
        json.dumps(dict(push.faults.seconds)),
        world.now(),
        world.now() + world.settings.prompt_seconds,
    )


def _checkout_id(world: World, phone: str) -> str:
    """`ws_CO_` + DDMMYYYYHHMMSS + milliseconds + the subscriber's nine digits; never one given before."""
    at = world.now()
    while True:
        stamp = stamps.eat(at)
        checkout_id = f"ws_CO_{stamp:%d%m%Y%H%M%S}{stamp.microsecond // 1000:03d}{phone[3:]}"
        if prompt_by_checkout(world.book, checkout_id) is None:
            return checkout_id
        at += 0.001


def _get(book: Book, prompt_id: str) -> Prompt:
    prompt = prompt_by_id(book, prompt_id)
    if prompt is None:
        raise LookupError("a prompt that was just opened is gone")
    return prompt


def _prompt(row: Row) -> Prompt:
    return Prompt(
        id=row["id"],
        checkout_id=row["checkout_id"],
        merchant_id=row["merchant_id"],
        phone=row["phone"],
        amount_cents=row["amount_cents"],
        reference=row["reference"],
        shortcode=row["shortcode"],
        transaction_type=row["transaction_type"],
        callback_url=row["callback_url"],
        faults=Drawn(json.loads(row["faults"])),
        state=row["state"],
        result_code=row["result_code"],
        receipt=row["receipt"],
        at=row["at"],
    )
