"""One seed, one plan; and a plan that people of Kenya could have made."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.campaign.plan import ANSWERS, FAULTS, LIFE_SECONDS, drawn
from simulator.numbers import e164
from simulator.standins.faults import APIS, EVERY_API, SECONDS

seeds = st.integers(0, 1_000_000)


class TestPlan:
    @given(seeds, st.integers(1, 60), st.floats(1, 600))
    def test_the_same_seed_draws_the_same_plan(self, seed: int, customers: int, seconds: float) -> None:
        """A failure can be gone after with nothing but its seed."""
        assert drawn(seed, customers, seconds) == drawn(seed, customers, seconds)

    @given(seeds, st.integers(1, 60))
    def test_nobody_shares_a_line_or_an_id(self, seed: int, customers: int) -> None:
        """Every person is somebody of their own, on a real Kenyan line, with a PIN that may be chosen."""
        people = drawn(seed, customers, 10.0).people

        assert len({person.phone for person in people}) == customers
        assert len({person.national_id for person in people}) == customers
        assert all(e164(person.phone) == person.phone for person in people)
        assert all(person.pin not in person.phone + person.national_id for person in people)

    @given(seeds, st.floats(1, 600))
    def test_gateways_die_until_time_is_up(self, seed: int, seconds: float) -> None:
        """The lives cover the campaign, and each is as long as lives may be."""
        lives = drawn(seed, 1, seconds).lives

        assert sum(life.seconds for life in lives) >= seconds
        assert all(LIFE_SECONDS[0] <= life.seconds <= LIFE_SECONDS[1] for life in lives)

    @given(seeds, st.integers(0, 50))
    def test_a_prompt_gets_the_same_answer_each_time(self, seed: int, number: int) -> None:
        """Answers go by the phone and the number of its prompt."""
        plan = drawn(seed, 1, 10.0)

        answer, seconds = plan.answer("+254712000000", number)

        assert (answer, seconds) == plan.answer("+254712000000", number)
        assert answer in ANSWERS
        assert seconds > 0

    def test_every_fault_is_one_the_outside_knows(self) -> None:
        """A misspelt fault would break nothing."""
        assert all(fault.kind in SECONDS for fault in FAULTS)
        assert all(api in (*APIS, EVERY_API) for fault in FAULTS for api in fault.apis)
