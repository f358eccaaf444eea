"""People's own money: wallet, savings, and their papers."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from gateway.config.people import Identity
from gateway.config.section import Cents, Section


class SavingsRate(Section):
    """Percent a year on savings, from a day on."""

    since: date
    percent: Annotated[Decimal, Field(ge=0, le=100)]


class Savings(Section):
    """What people put aside."""

    open: bool = True
    """Whether savings are taken; what is there may always be moved out."""
    least_cents: Cents = 10_00
    """The least that is moved at once."""
    rates: tuple[SavingsRate, ...] = ()
    """Yearly rates by their first day; interest goes by the daily balance and is posted when a month is over."""
    withheld_percent: int = Field(0, ge=0, le=100)
    """Tax withheld from interest."""
    interest_sms: bool = True
    """Whether an SMS tells each saver of the interest of a month."""


class WalletTier(Section):
    """What people of one tier may do, in shillings. M-PESA carries no more than 250,000 at once."""

    deposit: int = Field(ge=0, le=250_000)
    """One deposit."""
    withdraw: int = Field(ge=0, le=250_000)
    """One withdrawal."""
    send: int = Field(ge=0, le=999_999)
    """One transfer."""
    in_a_day: int = Field(ge=0)
    """All deposits of a day."""
    out_a_day: int = Field(ge=0)
    """All withdrawals and transfers of a day."""
    most: int = Field(ge=0)
    """What a wallet may hold."""


class Wallet(Section):
    """Deposits, withdrawals and transfers. Limits go by `tier`: how well we know somebody, 1 to 3."""

    least: int = Field(10, ge=1)
    """The least that can be moved, in shillings."""
    tiers: dict[int, WalletTier] = Field(
        {
            1: WalletTier(
                deposit=100_000, withdraw=70_000, send=50_000, in_a_day=150_000, out_a_day=100_000, most=150_000
            ),
            2: WalletTier(
                deposit=250_000, withdraw=250_000, send=100_000, in_a_day=500_000, out_a_day=500_000, most=500_000
            ),
            3: WalletTier(
                deposit=250_000, withdraw=250_000, send=250_000, in_a_day=900_000, out_a_day=900_000, most=900_000
            ),
        },
        min_length=1,
    )
    withdraw_fees: dict[int, int] = Field({250_000: 15})
    """What we take for a withdrawal, by the upper end of a band, in shillings."""
    send_fees: dict[int, int] = Field({250_000: 0})
    """What we take for a transfer, likewise."""
    again_minutes: int = Field(10, ge=0)
    """A transfer of the same amount to the same person within this time is asked about again."""
    send_to_strangers: bool = False
    """Whether money may be sent to a phone without an account, to be claimed by joining."""
    claim_days: int = Field(7, ge=1, le=90)
    """After this, money that nobody has claimed goes back to its sender."""
    safety_days: int = Field(3, ge=0, le=30)
    """How long no money leaves after a SIM change."""
    mini_statement: int = Field(10, ge=1, le=50)
    """Movements in a mini-statement."""
    identity: Identity = Identity()


class Schedules(Section):
    """Payments that go out of wallets by themselves, as their owners have agreed on the phone."""

    most: int = Field(5, ge=1, le=20)
    """How many somebody may have at once."""
    hour: int = Field(8, ge=0, le=23)
    """From which hour of the day they are paid, in Nairobi."""
    tries_days: int = Field(3, ge=0, le=6)
    """For so many days one that cannot be paid is tried again, once a day; then it is skipped."""
    failures_most: int = Field(3, ge=1, le=12)
    """After so many of its payments in a row that failed, a schedule stops."""


class Papers(Section):
    """Statements and receipts for customers."""

    days_most: int = Field(1_830, ge=31)
    """The longest period of one statement."""
    page: int = Field(50, ge=1, le=500)
    """Transactions on a page, where they are asked for page by page."""
    pdf_lines_most: int = Field(3_000, ge=10, le=20_000)
    """A PDF of more transactions is refused; they come as CSV, or in parts."""
    xlsx_lines_most: int = Field(20_000, ge=10, le=200_000)
    """The same for a workbook."""
    link_base: str = ""
    """What links in SMS begin with; empty: `server.public_url` and /s/."""
    link_hours: int = Field(24, ge=1, le=168)
    """How long a link is good."""
    link_opens: int = Field(3, ge=1, le=20)
    """How often the paper behind it may be fetched."""
    link_tries: int = Field(5, ge=1, le=10)
    """How many wrong digits close it."""
    links_a_day: int = Field(3, ge=0, le=20)
    """How many links somebody may ask for, a day; 0: none are offered."""
