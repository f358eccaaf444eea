"""How late the loan book is: outstanding principal by days late, and the portfolio at risk. Pure; integer cents.

Only what the organisation itself has lent and not written off counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

BANDS = ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"))
"""The most days late of each band; a day more than the last is `91+`."""

LATEST = "91+"
NAMES = (*(name for _, name in BANDS), LATEST)
AT_RISK_DAYS = (1, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One open loan. `days_late` counts from its oldest instalment with anything unpaid; 0 on the due date."""

    product: str
    principal_cents: int
    owed_cents: int
    days_late: int


@dataclass(frozen=True, slots=True)
class Amount:
    """Loans of one band: how many, their outstanding principal, and all that is owed on them."""

    loans: int = 0
    principal_cents: int = 0
    owed_cents: int = 0

    def plus(self, loan: Exposure) -> "Amount":
        return Amount(self.loans + 1, self.principal_cents + loan.principal_cents, self.owed_cents + loan.owed_cents)

    def together(self, other: "Amount") -> "Amount":
        return Amount(
            self.loans + other.loans, self.principal_cents + other.principal_cents, self.owed_cents + other.owed_cents
        )


@dataclass(frozen=True, slots=True)
class Ageing:
    """The open loans counted so far; as large for a million loans as for one."""

    bands: Mapping[str, Amount] = field(default_factory=lambda: dict.fromkeys(NAMES, Amount()))
    at_risk: Mapping[int, int] = field(default_factory=lambda: dict.fromkeys(AT_RISK_DAYS, 0))

    @property
    def principal_cents(self) -> int:
        """The gross outstanding principal."""
        return sum(amount.principal_cents for amount in self.bands.values())

    @property
    def owed_cents(self) -> int:
        return sum(amount.owed_cents for amount in self.bands.values())

    @property
    def loans(self) -> int:
        return sum(amount.loans for amount in self.bands.values())

    def plus(self, loan: Exposure) -> "Ageing":
        band = band_of(loan.days_late)
        bands = {**self.bands, band: self.bands[band].plus(loan)}
        risk = {
            days: cents + (loan.principal_cents if loan.days_late > days else 0) for days, cents in self.at_risk.items()
        }
        return Ageing(bands, risk)

    def together(self, other: "Ageing") -> "Ageing":
        """Both books as one."""
        bands = {name: band.together(other.bands[name]) for name, band in self.bands.items()}
        return Ageing(bands, {days: cents + other.at_risk[days] for days, cents in self.at_risk.items()})

    def par_basis_points(self, days: int) -> int:
        """PAR: the outstanding principal, whole loans, of loans with any instalment more than `days` days late, in
        hundredths of a percent of the gross outstanding principal, half rounded up; 0 of an empty book."""
        gross = self.principal_cents
        return (self.at_risk[days] * 20_000 + gross) // (2 * gross) if gross else 0


def band_of(days_late: int) -> str:
    return next((name for most, name in BANDS if days_late <= most), LATEST)
