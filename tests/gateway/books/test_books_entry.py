"""Entries before they are written: what makes one, what it does, how it is known again."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.books import accounts as chart
from gateway.books.accounts import CHART, COLLECTION, loan_principal, nature_of, wallet
from gateway.books.entry import Change, Entry, Journal, Line, change_of
from gateway.books.errors import Unbalanced, UnknownAccount
from gateway.books.tables import PENDING, POSTED, VOIDED

TRANSFER = Entry("op", "post", "rent", (Line(wallet("a"), 500), Line(wallet("b"), -500)))


class TestEntry:
    @pytest.mark.parametrize(
        "amounts",
        [(), (0, 0), (500,), (500, -499), (500, -500, 0), (0.5, -0.5), (True, -1)],
        ids=["none", "zeros", "one line", "unequal", "a zero", "fractions", "a truth value"],
    )
    def test_lines_that_are_no_entry_are_refused(self, amounts: tuple[int, ...]) -> None:
        """Two or more whole amounts that sum to zero, none of them zero."""
        lines = tuple(Line(wallet(str(place)), amount) for place, amount in enumerate(amounts))

        with pytest.raises(Unbalanced):
            Entry("op", "post", "", lines)

    @pytest.mark.parametrize(
        "key", ["", "cash", "wallet", "wallet:", ":a", "suspense:a", "suspense:", "wallet:" + "a" * 80]
    )
    def test_a_key_outside_the_chart_is_refused(self, key: str) -> None:
        """Neither a new name, nor a person's account without the person, nor the house's with one."""
        with pytest.raises(UnknownAccount):
            Entry("op", "post", "", (Line(key, 500), Line(wallet("b"), -500)))

    def test_its_mirror_undoes_it(self) -> None:
        """Line by line, under another step of the same operation."""
        mirror = TRANSFER.reversed("reverse", "sent to the wrong person")

        assert mirror.operation_id == "op"
        assert mirror.step == "reverse"
        assert mirror.lines == (Line(wallet("a"), -500), Line(wallet("b"), 500))


class TestIdentity:
    def test_the_same_step_is_the_same_journal(self) -> None:
        """Whatever it says, because what it says is compared by its hash."""
        assert replace(TRANSFER, memo="food").journal_id == TRANSFER.journal_id
        assert replace(TRANSFER, step="again").journal_id != TRANSFER.journal_id
        assert replace(TRANSFER, operation_id="other").journal_id != TRANSFER.journal_id

    def test_the_order_of_lines_says_nothing(self) -> None:
        """Turned round it is the same content."""
        turned = replace(TRANSFER, lines=TRANSFER.lines[::-1])

        assert Journal(turned, POSTED, 1).content_hash == Journal(TRANSFER, POSTED, 1).content_hash

    @pytest.mark.parametrize(
        "other",
        [
            Journal(replace(TRANSFER, operation_id="other"), POSTED, 1),
            Journal(replace(TRANSFER, step="other"), POSTED, 1),
            Journal(replace(TRANSFER, memo="other"), POSTED, 1),
            Journal(replace(TRANSFER, lines=(Line(wallet("a"), 5), Line(wallet("b"), -5))), POSTED, 1),
            Journal(replace(TRANSFER, lines=(Line(wallet("a"), 500), Line(wallet("c"), -500))), POSTED, 1),
            Journal(TRANSFER, PENDING, 1),
            Journal(TRANSFER, POSTED, 2),
            Journal(TRANSFER, POSTED, 1, "hold"),
        ],
        ids=["operation", "step", "memo", "amount", "account", "phase", "moment", "hold"],
    )
    def test_everything_else_does(self, other: Journal) -> None:
        """Each thing that a journal says changes its hash."""
        assert other.content_hash != Journal(TRANSFER, POSTED, 1).content_hash


class TestChange:
    @pytest.mark.parametrize(
        ("phase", "hold_id", "giver", "taker"),
        [
            (POSTED, None, Change(-500, 0), Change(500, 0)),
            (PENDING, None, Change(0, 500), Change(0, 0)),
            (POSTED, "hold", Change(-500, -500), Change(500, 0)),
            (VOIDED, "hold", Change(0, -500), Change(0, 0)),
        ],
    )
    def test_only_what_is_given_is_held(self, phase: str, hold_id: str | None, giver: Change, taker: Change) -> None:
        """A wallet is a liability: its debit gives."""
        journal = Journal(TRANSFER, phase, 1, hold_id)

        assert change_of(journal, wallet("a"), -1) == giver
        assert change_of(journal, wallet("b"), -1) == taker

    @given(st.lists(st.integers(-(10**9), 10**9).filter(bool), min_size=1, max_size=6))
    def test_a_hold_and_its_end_come_to_the_same_as_posting_at_once(self, amounts: list[int]) -> None:
        """And a hold with its voiding to nothing, however many lines an account has."""
        lines = tuple(Line(wallet("a"), amount) for amount in amounts)
        rest = (Line(wallet("b"), 1), Line(wallet("b"), -sum(amounts) - 1))
        entry = Entry("op", "post", "", tuple(line for line in lines + rest if line.amount_cents))

        def changed(phase: str, hold_id: str | None = None) -> Change:
            return change_of(Journal(entry, phase, 1, hold_id), wallet("a"), -1)

        assert plus(changed(PENDING), changed(POSTED, "hold")) == changed(POSTED)
        assert plus(changed(PENDING), changed(VOIDED, "hold")) == Change()


class TestChart:
    def test_debits_raise_what_we_own_and_spend(self) -> None:
        """Credits raise what we owe, earn and were given."""
        signs = {nature.kind: nature.sign for nature in CHART.values()}

        assert signs == {"asset": 1, "expense": 1, "liability": -1, "income": -1, "equity": -1}

    @pytest.mark.parametrize(
        "key_of",
        [
            chart.wallet,
            chart.savings,
            chart.shares,
            chart.partner,
            chart.loan_principal,
            chart.loan_interest,
            chart.loan_fees,
        ],
    )
    def test_every_key_we_make_is_in_it(self, key_of: Callable[[str], str]) -> None:
        """As an account that somebody owns, told apart by owner."""
        assert chart.nature_of(key_of("a")).is_owned
        assert key_of("a") != key_of("b")

    def test_nobody_may_overdraw_their_own(self) -> None:
        """Only accounts of the house, which are split into shards, can be below zero."""
        assert not nature_of(wallet("a")).may_overdraw
        assert not nature_of(loan_principal("l")).may_overdraw
        assert nature_of(COLLECTION).may_overdraw
        assert nature_of(COLLECTION).shards > 1
        assert nature_of(wallet("a")).shards == 1


def plus(one: Change, other: Change) -> Change:
    return Change(one.posted_cents + other.posted_cents, one.held_cents + other.held_cents)
