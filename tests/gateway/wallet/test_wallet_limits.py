"""Limits by tier: the least of what one transaction, the day and the wallet allow; and what is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.books.ledger import Books
from gateway.config import Wallet, WalletTier
from gateway.wallet.limits import Kind, Limits, allowed

TIER = WalletTier(deposit=700, withdraw=500, send=300, in_a_day=1_000, out_a_day=900, most=2_000)
CENTS = st.integers(0, 3_000_00)


class TestAllowed:
    @pytest.mark.parametrize(
        ("kind", "used", "held", "most", "bound"),
        [
            ("deposit", 0, 0, 700_00, "transaction"),
            ("deposit", 400_00, 0, 600_00, "day"),
            ("deposit", 0, 1_400_50, 599_00, "room"),
            ("deposit", 0, 2_500_00, 0, "room"),
            ("withdraw", 0, 2_000_00, 500_00, "transaction"),
            ("withdraw", 450_00, 0, 450_00, "day"),
            ("send", 0, 0, 300_00, "transaction"),
            ("send", 1_000_00, 0, 0, "day"),
        ],
    )
    def test_the_narrowest_bound_counts(self, kind: Kind, used: int, held: int, most: int, bound: str) -> None:
        """Whole shillings, never below nothing."""
        known = allowed(TIER, kind, used, held, 10)

        assert (known.least_cents, known.most_cents, known.bound) == (10_00, most, bound)

    @given(st.sampled_from(["deposit", "withdraw", "send"]), CENTS, CENTS)
    def test_what_is_allowed_never_breaks_a_limit(self, kind: Kind, used: int, held: int) -> None:
        """However much was used and held before."""
        known = allowed(TIER, kind, used, held, 10)

        a_day = (TIER.in_a_day if kind == "deposit" else TIER.out_a_day) * 100
        assert known.most_cents % 100 == 0
        assert 0 <= known.most_cents <= getattr(TIER, kind) * 100
        assert known.most_cents == 0 or used + known.most_cents <= a_day
        if kind == "deposit":
            assert known.most_cents == 0 or held + known.most_cents <= TIER.most * 100


class TestSettings:
    def test_a_tier_that_nobody_has_described_is_the_lowest(self) -> None:
        """More is never given by mistake."""
        limits = Limits(Wallet(tiers={1: TIER, 2: TIER.model_copy(update={"send": 999})}), Books())

        assert limits.tier(9).send == 300
        assert limits.tier(2).send == 999

    @pytest.mark.parametrize(
        ("kind", "cents", "fee"),
        [("withdraw", 100_00, 10_00), ("withdraw", 100_01, 30_00), ("withdraw", 5_000_00, 30_00),
         ("send", 100_00, 0), ("deposit", 100_00, 0)],
    )  # fmt: skip
    def test_fees_go_by_bands(self, kind: str, cents: int, fee: int) -> None:
        """An end belongs to its band; above the last one its fee holds."""
        limits = Limits(Wallet(withdraw_fees={100: 10, 1_000: 30}, send_fees={}), Books())

        assert limits.fee_cents(kind, cents) == fee
