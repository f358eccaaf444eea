"""Every slot a sentence may have, with the longest value it gets: what fits with these always fits."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from menus.values import (
    FULL_NAME_LETTERS,
    SHORT_NAME_LETTERS,
    Change,
    Clock,
    Day,
    Days,
    FirstName,
    FullName,
    Ksh,
    MaskedPhone,
    Moves,
    ShortName,
)

_AMOUNT = Ksh(999_999_99)
_WHOLE = Ksh(999_999_00)
_TURNOVER = Ksh(99_999_999_99)
_FEE = Ksh(99_999_99)
_PENALTY = Ksh(9_999_00)
_REFERENCE = "LN7K2QD"
_NEXT_YEAR = Day(date(2027, 12, 31), today=date(2026, 12, 31))
_MOMENT = Clock(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))

PRODUCT_LETTERS = 10
ANSWER_LETTERS = 80
"""Of what staff answer to a case, in one message with the rest of it."""
STYLES = frozenset({"", "bare", "day"})

WORST: Mapping[str, object] = {
    **dict.fromkeys(
        (
            "amount", "available", "charge", "each", "extra", "free", "goal", "held", "interest", "last", "limit",
            "loans", "net", "next", "of", "paid", "owed", "payoff", "saved", "savings", "total", "used", "wallet",
        ),
        _AMOUNT,
    ),
    **dict.fromkeys(("max", "min", "principal"), _WHOLE),
    **dict.fromkeys(("case", "loan", "reference", "schedule"), _REFERENCE),
    **dict.fromkeys(("answer_by", "as_at", "at", "by", "until"), _MOMENT),
    "about": "W" * 15,
    "account": "0711000001",
    "answer": "N" * ANSWER_LETTERS,
    "agent": "Mama Njeri General Shop, Githurai 44",
    "apr": 999,
    "change": Change(-999_999_99),
    "choices": "1-4, 8, 9 or 10",
    "count": 99,
    "days": Days(999),
    **dict.fromkeys(("due", "day"), _NEXT_YEAR),
    **dict.fromkeys(("fee", "duty"), _FEE),
    "email": "w***@" + "w" * 20,
    "version": "2026-08",
    "code": "482913",
    "id_end": "789",
    "link": "https://" + "w" * 56,
    **dict.fromkeys(("late", "tier"), 9),
    "moves": Moves(tuple((date(2026, 12, 31), -999_999_99) for _ in range(3))),
    "officer": ShortName(f"{'W' * SHORT_NAME_LETTERS} W"),
    "opens": _NEXT_YEAR,
    "first_name": FirstName("W" * SHORT_NAME_LETTERS),
    "full_name": FullName("W" * FULL_NAME_LETTERS),
    **dict.fromkeys(("least", "most", "percent"), 100),
    "language": "Kiswahili",
    "months": 60,
    "of_count": 9,
    "on_day": 31,
    "said": "N" * 160,
    "score": 100,
    "national_id": "23456789",
    "organisation": "N" * SHORT_NAME_LETTERS,
    "penalty": _PENALTY,
    "person": ShortName(f"{'W' * SHORT_NAME_LETTERS} W"),
    **dict.fromkeys(("new_phone", "phone"), MaskedPhone("+254711000001")),
    "product": "Q" * PRODUCT_LETTERS,
    "receipt": "UA12BC34DE",
    "sent": "UA12BC34DE",
    **dict.fromkeys(("theirs", "ours", "theirs_out", "ours_out", "float"), _TURNOVER),
    "shortcode": "6009981",
    "left": 999,
    **dict.fromkeys(("charges", "moved"), "KES 999999999.99"),
    **dict.fromkeys(("coverage", "closings"), "600999: -"),
    **dict.fromkeys(("seal", "through", "line"), "3f2a91c0:9d1e"),
    "tries": 9,
    "words": "N" * 135,
    "what": "N" * 70,
    "list": "N" * 70,
    "help": "N" * 100,
    "example": "N" * 40,
    "waiting": 99,
}  # fmt: skip
