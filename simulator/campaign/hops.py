"""Proofs about what the phone got: always an answer, in time, well formed, and the same one for the same hop."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from simulator.campaign import words
from simulator.campaign.facts import Difference, Facts, Heard

ANSWER_SECONDS_MAX = 5.0
PREFIXES = ("CON ", "END ")

Hop = tuple[str, str, int]


def proofs(facts: Facts) -> Iterable[Difference]:
    for heard in facts.heard:
        yield from _answered(heard, facts)
    for hop, tries in _by_hop(facts.heard).items():
        yield from _repeated(hop, tries, facts)
    for screen in facts.unknown_screens:
        yield Difference("a screen nobody expects", "driver", screen)


def _answered(heard: Heard, facts: Facts) -> Iterable[Difference]:
    about = _name((heard.phone, heard.session, heard.hop))
    if heard.is_answered:
        if heard.status != 200 or not heard.body.startswith(PREFIXES):
            yield Difference("an answer is a screen", about, f"status {heard.status}, {heard.body[:60]!r}")
        if heard.seconds > ANSWER_SECONDS_MAX:
            yield Difference("an answer comes in time", about, f"after {heard.seconds:.1f} s")
    elif not heard.given_up and any(life.covers(heard) for life in facts.lives):
        yield Difference("the phone always gets an answer", about, f"{heard.error} while the gateway was up")


def _repeated(hop: Hop, tries: Sequence[Heard], facts: Facts) -> Iterable[Difference]:
    """Tries of one hop read the same, unless a kill in between took a screen that was not on disk."""
    bodies = {heard.body for heard in tries}
    if len(bodies) < 2:
        return
    was_killed = any(
        min(heard.sent_at for heard in tries) < life.down_at <= max(heard.ended_at for heard in tries)
        for life in facts.lives
    )
    if not was_killed or any(words.is_firm(body) for body in bodies):
        said = " | ".join(sorted(body[:70].replace("\n", " / ") for body in bodies))
        yield Difference("a repeated hop gets the same screen", _name(hop), said)


def _by_hop(heard: Iterable[Heard]) -> dict[Hop, list[Heard]]:
    """The answers of each hop, apologies left out: they promise nothing, and say so."""
    hops: dict[Hop, list[Heard]] = defaultdict(list)
    for one in heard:
        if one.status == 200 and not words.is_apology(one.body):
            hops[one.phone, one.session, one.hop].append(one)
    return hops


def _name(hop: Hop) -> str:
    phone, session, number = hop
    return f"{phone} {session[-8:]} hop {number}"
