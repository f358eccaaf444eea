"""A hook of a core: which loan may have changed. It is signed by nobody and may come before what it tells of.

    X-Fineract-Entity: LOAN    X-Fineract-Action: REPAYMENT
    {"entityName": "LOAN", "actionName": "REPAYMENT", "response": {"loanId": 77, "resourceId": 912}, ...}

Without a `response` nothing happened.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PURPOSE_CHARACTERS_MAX = 30
ID_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Hint:
    """`loan_id` is the core's; empty when the hook is about no loan, or nothing happened."""

    purpose: str
    loan_id: str


def hint(headers: Mapping[str, str], body: str) -> Hint:
    """Reads whatever it can: a hook that cannot be read is a hint about nothing."""
    fields = _object(body)
    entity = headers.get("X-Fineract-Entity") or str(fields.get("entityName", ""))
    action = headers.get("X-Fineract-Action") or str(fields.get("actionName", ""))
    response = fields.get("response")
    loan = response.get("loanId") if isinstance(response, dict) else None
    is_plain = isinstance(loan, int | str) and not isinstance(loan, bool)
    return Hint(
        f"{entity} {action}".strip()[:PURPOSE_CHARACTERS_MAX], str(loan)[:ID_CHARACTERS_MAX] if is_plain else ""
    )


def _object(body: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
