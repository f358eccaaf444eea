"""The price of a loan as texts say it: its slots, and which words fit it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from menus.values import Day, Ksh


def quote_slots(quote: Mapping[str, Any], today: date) -> Mapping[str, object]:
    """The slots of every text that names the price of a loan."""
    return {
        "principal": Ksh(quote["principal_cents"]),
        "net": Ksh(quote["net_cents"]),
        "fee": Ksh(quote["fee_cents"]),
        "duty": Ksh(quote.get("duty_cents", 0)),
        "interest": Ksh(quote["interest_cents"]),
        "total": Ksh(quote["total_cents"]),
        "due": Day(date.fromisoformat(quote["due"]), today),
        "apr": quote["apr_percent"],
        "penalty": Ksh(quote["penalty_cents"]),
        **_instalments(quote, today),
    }


def _instalments(quote: Mapping[str, Any], today: date) -> Mapping[str, object]:
    """The slots of a loan that is repaid in several parts; none of one that is repaid at once."""
    if quote.get("repayments", 1) == 1:
        return {}
    return {
        "count": quote["repayments"] - 1 if quote["even"] else quote["repayments"],
        "each": Ksh(quote["each_cents"]),
        "last": Ksh(quote["last_cents"]),
        "day": Day(date.fromisoformat(quote["first_due"]), today),
    }


def cost_words(quote: Mapping[str, Any]) -> str:
    """Which words say what it costs: a charge of nothing is not named."""
    if quote["duty_cents"]:
        return "cost_duty"
    return "cost" if quote["fee_cents"] else "cost_no_fee"


def total_words(quote: Mapping[str, Any]) -> str:
    """Which words say what is paid back in all."""
    if quote["duty_cents"]:
        return "total_duty"
    return "total_fee" if quote["fee_cents"] else "total"


def dates_words(quote: Mapping[str, Any]) -> str:
    """Which words stand over its due dates."""
    name = "dates" if quote["even"] else "dates_uneven"
    return name if quote["penalty_cents"] else f"{name}_no_penalty"
