"""The judge: holds four ledgers against each other and names every difference. Pure; knows no process and no file."""

from collections.abc import Mapping, Sequence

from simulator.campaign import bookkeeping, hops, notices, settlement, words
from simulator.campaign.facts import Difference, Facts

PROOFS = (settlement.proofs, hops.proofs, notices.proofs, bookkeeping.proofs)


def judge(facts: Facts) -> Sequence[Difference]:
    """Every broken promise, each named once; empty when all sides agree."""
    found = (difference for proofs in PROOFS for difference in proofs(facts))
    return tuple(dict.fromkeys(found))


def counts(facts: Facts) -> Mapping[str, int]:
    """How much there was to judge, and what is allowed but worth knowing."""
    answered = [heard for heard in facts.heard if heard.is_answered]
    return {
        "hops": len(facts.heard),
        "answered": len(answered),
        "apologies": sum(words.is_apology(heard.body) for heard in answered),
        "kills": max(0, len(facts.lives) - 1),
        "customers": len({heard.phone for heard in facts.heard}),
        "promised": len({reference for heard in answered for reference in words.references(heard.body)}),
        "operations": sum(operation.kind != "sms.send" for operation in facts.operations),
        "movements": len(facts.moved),
        "messages": len(facts.sms),
        "doubledMessages": notices.doubles(facts.sms),
    }
