"""What M-PESA charges the payer of a paybill: a tariff in bands, configured because it keeps changing."""

from bisect import bisect_left
from collections.abc import Mapping


class Charges:
    """`bands` maps the upper end of a band to its charge, both in shillings: `{100: 0, 500: 5}`."""

    def __init__(self, bands: Mapping[int, int]) -> None:
        ordered = sorted(bands.items())
        self._ends_cents = [end * 100 for end, _ in ordered]
        self._charges_cents = [charge * 100 for _, charge in ordered]

    def payer_cents(self, amount_cents: int) -> int:
        """The charge for paying so much. An end belongs to its band; above the last one its charge holds."""
        if not self._charges_cents:
            return 0
        band = bisect_left(self._ends_cents, amount_cents)
        return self._charges_cents[min(band, len(self._charges_cents) - 1)]
