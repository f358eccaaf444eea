"""When the float will run out, if nobody tops it up. Pure.

People ask for money at the same hours every day. So each hour of the day is taken to pay out what it paid out on
average over the last whole days, and the hours to come are gone through one by one until nothing is left. Days on
which nothing went out count too. Money that comes in is left out: it goes to another shortcode.
"""

from collections.abc import Mapping

from gateway.clock import HOUR_MS, local

DAY_HOURS = 24
HOURS_MAX = 14 * DAY_HOURS
"""Nobody knows more than two weeks ahead."""


def window(now: int, days: int) -> tuple[int, int]:
    """The last whole hours that are looked at, from and until, in ms: `days` times 24 of them."""
    until = now - now % HOUR_MS
    return until - days * DAY_HOURS * HOUR_MS, until


def hours_left(available_cents: int, by_hour: Mapping[int, int], now: int, days: int) -> float | None:
    """Hours until nothing is left; None when it lasts longer than two weeks, or nothing goes out at all.

    `by_hour` is what went out, in cents by the beginning of its hour (ms), as far as it lies in the window.
    """
    if available_cents <= 0:
        return 0.0
    pace = _pace(by_hour, now, days)
    if not any(pace):
        return None
    left, passed_ms = float(available_cents), 0
    while passed_ms < HOURS_MAX * HOUR_MS:
        moment = now + passed_ms
        stretch_ms = HOUR_MS - moment % HOUR_MS
        goes = pace[local(moment).hour] * stretch_ms / HOUR_MS
        if goes >= left:
            return (passed_ms + stretch_ms * left / goes) / HOUR_MS
        left -= goes
        passed_ms += stretch_ms
    return None


def _pace(by_hour: Mapping[int, int], now: int, days: int) -> list[float]:
    """Cents by hour of the day."""
    since, until = window(now, days)
    sums = [0] * DAY_HOURS
    for begins, cents in by_hour.items():
        if since <= begins < until:
            sums[local(begins).hour] += cents
    return [cents / days for cents in sums]
