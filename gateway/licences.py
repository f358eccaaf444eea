"""What each kind of organisation may do without a further licence. What the law asks changes: a table, not code.

Others ask `licence(kind)` before they offer a thing; what is not allowed is not offered, and what people have already
stays theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["sacco", "bank", "credit_only", "chama"]


@dataclass(frozen=True, slots=True)
class Licence:
    """`takes_savings`: people may put money aside here. `peer_interest`: a loan between people may cost something."""

    takes_savings: bool
    peer_interest: bool


LICENCES: Mapping[Kind, Licence] = MappingProxyType(
    {
        "sacco": Licence(takes_savings=True, peer_interest=True),
        "bank": Licence(takes_savings=True, peer_interest=True),
        "credit_only": Licence(takes_savings=False, peer_interest=False),
        "chama": Licence(takes_savings=True, peer_interest=False),  # its own members' savings
    }
)


def licence(kind: Kind) -> Licence:
    return LICENCES[kind]
