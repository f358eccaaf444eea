"""The smallest plan that still breaks the same promise: leave things out as long as it does (delta debugging).

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002, the algorithm ddmin.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Part = TypeVar("Part")
StillFails = Callable[[Sequence[Part]], Awaitable[bool]]


async def smallest(parts: Sequence[Part], still_fails: StillFails[Part], tries_max: int) -> Sequence[Part]:
    """A part of `parts` that still fails and gets no smaller by leaving out any of its chunks, or the best so far."""
    chunks, tries = 2, 0
    while len(parts) >= 2 and tries < tries_max:
        size = -(-len(parts) // chunks)
        for start in range(0, len(parts), size):
            rest = [*parts[:start], *parts[start + size :]]
            tries += 1
            if rest and await still_fails(rest):
                parts, chunks = rest, max(chunks - 1, 2)
                break
            if tries >= tries_max:
                return parts
        else:
            if size == 1:
                return parts
            chunks = min(chunks * 2, len(parts))
    return parts
