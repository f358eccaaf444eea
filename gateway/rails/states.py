"""The states of a request to a rail, as operators see them, and every way from one to another. Pure.

The drawing in `docs/mpesa.md` is made from `MOVES`; a test holds it against what `gateway.rails.requests` does.
"""

from typing import Literal

from gateway.rails.requests import RailRequest

Shown = Literal["PENDING", "COMPLETED", "FAILED", "CANCELLED", "EXPIRED"]

SHOWN: dict[str, Shown] = {
    "pending": "PENDING",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}

MOVES: tuple[tuple[Shown, Shown, str], ...] = (
    ("PENDING", "COMPLETED", "callback, confirmation, query, list or statement: the money has moved"),
    ("PENDING", "CANCELLED", "the payer said no, or did not answer (1032, 1019)"),
    ("PENDING", "FAILED", "refused, and nothing moved"),
    ("PENDING", "EXPIRED", "nobody can answer any more, and no payment was seen"),
    ("CANCELLED", "COMPLETED", "paid after all: booked, and a case"),
    ("FAILED", "COMPLETED", "paid after all: booked, and a case"),
    ("EXPIRED", "COMPLETED", "paid after all: booked, and a case"),
)
"""From, to, and what makes it so. Nothing leads away from COMPLETED: money that moved is never unsaid."""


def shown_state(request: RailRequest) -> Shown:
    return SHOWN[request.state]


def drawing() -> str:
    """The diagram, in Mermaid's language."""
    lines = ["stateDiagram-v2", "    [*] --> PENDING: written down before anything is sent"]
    lines += [f"    {before} --> {after}: {why.replace(':', ',')}" for before, after, why in MOVES]
    return "\n".join([*lines, "    COMPLETED --> [*]"])
