"""Which request a payment is: by its receipt, else by all that it shows, and only when it is certain."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import DAY_MS
from gateway.rails.matching import SLACK_MS, Candidate, Seen, agrees, hashed, match, may_be, plain, shows

AT = 1_767_312_271_000
PHONE = "+254712345600"
SEEN = Seen("UA12BC34DE", 500_00, AT, payer=PHONE, reference="PY7K2QD")
CANDIDATE = Candidate("r1", 500_00, PHONE, AT - 60_000, "PY7K2QD")

phones = st.sampled_from(["+254712345600", "+254112345600", "+254712345601"])
receipts = st.sampled_from(["UA1", "UA2", "UA3"])
moments = st.integers(AT - 2 * DAY_MS, AT + 2 * DAY_MS)
amounts = st.sampled_from([500_00, 500_01, 500_02, 700_00])
references = st.sampled_from(["PY7K2QD", "DP2222X"])
candidates = st.lists(
    st.builds(
        Candidate, st.integers(0, 9).map(str), amounts, phones, moments, references, st.none() | receipts
    ),
    max_size=6, unique_by=lambda candidate: candidate.id,
)  # fmt: skip
payers = st.sampled_from(["", PHONE, "254712345600", "2547 ***** 600", hashed(PHONE)])
payments = st.builds(Seen, receipts, amounts, moments, payers, st.sampled_from(["", "PY7K2QD", "py7k-2qd"]))


class TestMatch:
    def test_what_agrees_in_everything_is_it(self) -> None:
        """Alone of them."""
        found = match(SEEN, [CANDIDATE, replace(CANDIDATE, id="r2", reference="DP2222X")])

        assert (found.found, found.why) == (CANDIDATE, "shown")

    def test_the_receipt_counts_before_all_else(self) -> None:
        """The rail gives it once: what else it says does not matter then."""
        named = Candidate("r2", 1, "+254700000000", 0, "other", SEEN.receipt)

        assert match(SEEN, [CANDIDATE, named]).found == named

    @pytest.mark.parametrize(
        "other",
        [
            replace(CANDIDATE, cents=500_02),
            replace(CANDIDATE, msisdn="+254712345601"),
            replace(CANDIDATE, reference="DP2222X"),
            replace(CANDIDATE, receipt="UA99"),
            replace(CANDIDATE, since=AT + SLACK_MS + 1),
            replace(CANDIDATE, since=AT - DAY_MS - 1),
        ],
    )
    def test_what_differs_in_one_thing_is_another(self, other: Candidate) -> None:
        """Nothing is matched by likeness."""
        assert match(SEEN, [other]).why == "none"

    def test_a_payment_that_shows_nothing_is_nobodys(self) -> None:
        """An amount and a time are not enough, though only one request has them."""
        found = match(replace(SEEN, payer="", reference=""), [CANDIDATE])

        assert (found.found, found.fits) == (None, (CANDIDATE,))

    @given(payments, candidates)
    def test_the_order_of_the_candidates_says_nothing(self, seen: Seen, known: list[Candidate]) -> None:
        """Nor does naming one twice."""
        results = {match(seen, order) for order in list(permutations(known))[:24]}

        assert results == {match(seen, [*known, *known])}

    @given(payments, candidates)
    def test_it_is_one_or_none(self, seen: Seen, known: list[Candidate]) -> None:
        """Of several that fit none is taken, and one that is taken was alone."""
        found = match(seen, known)

        assert (found.found is None) or found.fits == (found.found,)
        assert found.why != "several" or (found.found is None and len(found.fits) > 1)

    @given(payments, candidates)
    def test_what_is_matched_without_a_receipt_is_in_time_and_free(self, seen: Seen, known: list[Candidate]) -> None:
        """Within the day after it was asked for, without another receipt, for this amount."""
        found = match(seen, known)

        if found.why == "shown":
            assert found.found is not None and may_be(seen, found.found)
            assert found.found.since - SLACK_MS <= seen.at <= found.found.since + DAY_MS
            assert found.found.receipt is None
            assert abs(found.found.cents - seen.cents) <= 1

    @given(payments, candidates, st.integers(0, 5))
    def test_a_further_one_that_fits_makes_it_uncertain(self, seen: Seen, known: list[Candidate], index: int) -> None:
        """Never the other way round: what was nobody's does not become somebody's by a double."""
        found = match(seen, known)
        if found.why != "shown" or found.found is None:
            return

        assert match(seen, [*known, replace(found.found, id=f"twin{index}")]).why == "several"


class TestPhones:
    @pytest.mark.parametrize(
        "shown",
        [
            PHONE, "254712345600", "0712345600", "2547 ***** 600", "25471****600", "0712***600", hashed(PHONE),
            hashed(PHONE).upper(), f"{hashed(PHONE)[:34]} ***** {hashed(PHONE)[-25:]}", "2547******600 - AMINA W",
        ],
    )  # fmt: skip
    def test_every_form_of_a_phone_is_it_and_no_other(self, shown: str) -> None:
        """Plain, masked, hashed, hashed and masked."""
        assert shows(shown)
        assert agrees(shown, PHONE)
        assert not agrees(shown, "+254712345601")

    @pytest.mark.parametrize("shown", ["", "M-PESA", "600999", "*****", "a1b2"])
    def test_what_is_no_phone_contradicts_none(self, shown: str) -> None:
        """And is not evidence for one."""
        assert not shows(shown)
        assert agrees(shown, PHONE)

    @given(st.text(max_size=80))
    def test_anything_can_be_shown(self, shown: str) -> None:
        """Without an exception; what is no phone speaks against none."""
        assert shows(shown) or agrees(shown, PHONE)


class TestReferences:
    @pytest.mark.parametrize("typed", ["PY7K2QD", "py7k2qd", " py 7k2 qd ", "PY-7K2-QD", "py.7k2_qd"])
    def test_people_type_them_as_they_like(self, typed: str) -> None:
        """Spaces, dashes, small letters."""
        assert plain(typed) == "PY7K2QD"
