"""Years of business in minutes: the gateway itself in virtual time, with a rail, carriers and people from one seed.

    nyota simulate --days 365 --seed 7

Nothing waits: the clock stands still while something is done and then jumps to the next thing. Outages last for
days, callbacks come the day after, gateways are killed around their commits, and the judge of the campaign compares
what phones were told, what the rail moved, what the books say and what was sent. Whatever breaks a promise is shrunk
to the fewest calls that still break it and written down as dialogues.

This is the one part of the simulator that runs the gateway inside of itself: time can be had for nothing in one
process only.
"""

from simulator.virtual.course import run

__all__ = ["run"]
