"""Trying other people's numbers: every one counts for the day, whatever it is tried for and whoever is found."""

from flows.kit import Emit, View

KIND, PREFIX = "number.lookup", "LU"


def has_no_lookups(view: View) -> bool:
    """Whether somebody has tried as many numbers as a day allows."""
    return bool(view.fact("lookups_left") <= 0)


def looked_up(_: View) -> Emit:
    """A number was tried: names are not for collecting."""
    return Emit(KIND, PREFIX, {})
