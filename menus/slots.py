"""Every slot a sentence may have, with the longest value it gets: what fits with these always fits."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from menus.values import FULL_NAME_LETTERS, SHORT_NAME_LETTERS, Clock, Day, Days, FirstName, FullName, Ksh, MaskedPhone

_AMOUNT = Ksh(999_999_99)
_WHOLE = Ksh(999_999_00)
_FEE = Ksh(99_999_99)
_PENALTY = Ksh(9_999_00)
_REFERENCE = "LN7K2QD"
_NEXT_YEAR = Day(date(2027, 12, 31), today=date(2026, 12, 31))
_MOMENT = Clock(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))

PRODUCT_LETTERS = 10
STYLES = frozenset({"", "bare", "day"})

WORST: Mapping[str, object] = {
    **dict.fromkeys(
        (
            "amount", "available", "charge", "extra", "interest", "limit", "loans", "net", "next", "of",
            "owed", "payoff", "saved", "savings", "total", "used", "wallet",
        ),
        _AMOUNT,
    ),
    **dict.fromkeys(("max", "min", "principal"), _WHOLE),
    **dict.fromkeys(("case", "loan", "reference"), _REFERENCE),
    **dict.fromkeys(("answer_by", "as_at", "at", "by", "until"), _MOMENT),
    "account": "0711000001",
    "agent": "Mama Njeri General Shop, Githurai 44",
    "apr": 999,
    "choices": "1-4, 8, 9 or 10",
    "days": Days(999),
    "due": _NEXT_YEAR,
    "fee": _FEE,
    "first_name": FirstName("W" * SHORT_NAME_LETTERS),
    "full_name": FullName("W" * FULL_NAME_LETTERS),
    "language": "Kiswahili",
    "national_id": "23456789",
    "organisation": "N" * SHORT_NAME_LETTERS,
    "penalty": _PENALTY,
    "phone": MaskedPhone("+254711000001"),
    "product": "Q" * PRODUCT_LETTERS,
    "receipt": "UA12BC34DE",
    "tries": 9,
}  # fmt: skip
