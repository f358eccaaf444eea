"""A customer's lines and a desk's words, for papers made in tests."""

from datetime import datetime, timedelta

from gateway.clock import EAT, milliseconds
from gateway.papers.paper import Letterhead
from gateway.papers.statement import Line, balanced
from gateway.papers.writing import Holder, Made, Voice
from menus import catalogue

CODE = "7K2Q-M4ZX-9TDB"
MADE = Made(
    Letterhead("Nyota", "*383#", "0711000009"),
    datetime(2026, 9, 1, 8, 40, tzinfo=EAT),
    CODE,
    f"https://n.example/{CODE}",
)
AMINA = Holder("Amina Wanjiru", "+254711000001", "23456789", "en")
WORDS = catalogue.load()


def voice(language: str = "en") -> Voice:
    return Voice(WORDS, language)


def lines(count: int, opening_cents: int = 5_000_00) -> list[Line]:
    """So many movements, one an hour, of each kind in turn."""
    kinds = [
        ("mpesa", "", 1_500_00),
        ("person", "BARAKA O.", -500_50),
        ("fee", "", -15_00),
        ("loan", "LN7K2QD", -100_00),
    ]
    first = datetime(2026, 8, 1, 8, tzinfo=EAT)
    return balanced(
        opening_cents,
        [
            Line(
                milliseconds(first + timedelta(hours=place)), kind, cents, 0, about, f"DP{place:05}",
                "UA12BC34DK" if kind == "mpesa" else "",
            )
            for place, (kind, about, cents) in ((place, kinds[place % len(kinds)]) for place in range(count))
        ],
    )  # fmt: skip
