"""What makes a pay-out look like one that was made before."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.payouts.rules import Doubt, Earlier, Request, Rules, doubt_about

HOUR_MS = 3_600_000
NOW = 1_000 * HOUR_MS
RULES = Rules(HOUR_MS, 24 * HOUR_MS)

earlier_ones = st.lists(
    st.builds(
        Earlier,
        reference=st.sampled_from(["WD1", "WD2", "LN1", "LN2"]),
        kind=st.sampled_from(["wallet.withdraw", "loan.disburse"]),
        at=st.integers(NOW - 30 * HOUR_MS, NOW),
    ),
    max_size=6,
    unique_by=lambda each: each.reference,
)


def about(*earlier: Earlier, is_own: bool = True, again: str = "", rules: Rules = RULES) -> Doubt | None:
    found = doubt_about(Request("wallet.withdraw", NOW, is_own, again), earlier, rules)
    return found[0] if found else None


def withdrawal(ms_ago: int, reference: str = "WD1") -> Earlier:
    return Earlier(reference, "wallet.withdraw", NOW - ms_ago)


class TestOwn:
    """Asked for on the customer's own phone."""

    def test_within_the_hour_it_is_doubtful(self) -> None:
        """To the millisecond."""
        assert about(withdrawal(HOUR_MS - 1)) == "again"
        assert about(withdrawal(HOUR_MS)) is None

    def test_another_kind_is_another_matter(self) -> None:
        """A loan does not speak against a withdrawal."""
        assert about(Earlier("LN1", "loan.disburse", NOW)) is None

    def test_a_yes_covers_the_one_that_was_shown_and_those_before(self) -> None:
        """And not one that came later, nor one that does not exist."""
        older, newer = withdrawal(20_000, "WD1"), withdrawal(10_000, "WD2")

        assert about(older, newer, again="WD2") is None
        assert about(older, newer, again="WD1") == "again"
        assert about(older, again="WD9") == "again"


class TestByOthers:
    """Asked for by staff, the core or a program."""

    def test_every_kind_speaks_against_it_for_a_day(self) -> None:
        """Within the hour twice as much."""
        loan = Earlier("LN1", "loan.disburse", NOW - HOUR_MS + 1)

        assert about(loan, is_own=False) == "again"
        assert about(withdrawal(HOUR_MS), is_own=False) == "look"
        assert about(withdrawal(24 * HOUR_MS), is_own=False) is None

    def test_nobody_else_can_say_that_it_is_meant(self) -> None:
        """Whatever their request says."""
        assert about(withdrawal(1, "WD1"), is_own=False, again="WD1") == "again"

    @given(earlier_ones, st.text(max_size=3))
    def test_theirs_is_never_less_doubtful_than_the_customers(self, earlier: list[Earlier], again: str) -> None:
        """Of the same, at the same time."""
        own, others = (about(*earlier, is_own=is_own, again=again) for is_own in (True, False))

        assert own is None or others == "again"


class TestRules:
    def test_each_can_be_switched_off(self) -> None:
        """By no time at all: then not even one counts that was asked for later and let through before."""
        assert about(withdrawal(1), withdrawal(-1), rules=Rules(0, 0), is_own=False) is None
        assert about(withdrawal(1), rules=Rules(0, 24 * HOUR_MS), is_own=False) == "look"

    @given(earlier_ones, st.booleans())
    def test_the_order_does_not_matter(self, earlier: list[Earlier], is_own: bool) -> None:
        """Whichever way the database lists them."""
        assert about(*earlier, is_own=is_own) == about(*reversed(earlier), is_own=is_own)

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 3 * HOUR_MS), st.sampled_from(["wallet.withdraw", "loan.disburse"]), st.booleans(),
                st.booleans(),
            ),
            max_size=8,
        )
    )  # fmt: skip
    def test_no_two_alike_go_out_within_the_hour_unless_they_are_meant(
        self, requests: list[tuple[int, str, bool, bool]]
    ) -> None:
        """Whoever asks, in whatever order: each is let through only where nothing speaks against it."""
        passed: list[tuple[Earlier, Request]] = []
        for number, (ms_ago, kind, is_own, says_yes) in enumerate(sorted(requests, reverse=True)):
            at, earlier = NOW - ms_ago, [each for each, _ in passed]
            alike = [each for each in earlier if each.kind == kind]
            again = max(alike, key=lambda each: each.at).reference if says_yes and alike else ""
            request = Request(kind, at, is_own, again)
            if doubt_about(request, earlier, RULES) is None:
                passed.append((Earlier(f"PO{number}", kind, at), request))

        for count, (later, request) in enumerate(passed):
            for before, _ in passed[:count]:
                is_close = later.at - before.at < RULES.again_ms
                is_meant = request.is_own and (bool(request.again) or before.kind != later.kind)
                assert not is_close or is_meant
