"""The one place where an exact amount becomes whole cents."""

import math
from fractions import Fraction
from typing import Literal

Rounding = Literal["half_even", "half_up", "floor", "ceiling"]


def rounded(value: Fraction, mode: Rounding) -> int:
    """The whole number nearest to `value` by `mode`; half_up takes a half away from zero."""
    if mode == "half_even":
        return round(value)
    if mode == "floor":
        return math.floor(value)
    if mode == "ceiling":
        return math.ceil(value)
    away = math.floor(abs(value) + Fraction(1, 2))
    return away if value >= 0 else -away


def rounded_to_multiple(value: Fraction, multiple: int, mode: Rounding) -> int:
    """The multiple of `multiple` nearest to `value` by `mode`."""
    return rounded(value / multiple, mode) * multiple
