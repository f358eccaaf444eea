"""Before the mail server: a few at once, and none while it is away."""

from gateway.sending.turnstile import Turnstile
from tests.gateway.rails_flow.office import START, Hands


class TestTurnstile:
    def test_no_more_than_so_many_pass_together(self) -> None:
        """Whoever is through makes room, also after an error."""
        turnstile = Turnstile(Hands(), at_once=1, rest_ms=30_000)

        with turnstile.one() as first, turnstile.one() as second:
            assert (first, second) == (True, False)
        with turnstile.one() as third:
            assert third

    def test_a_server_that_does_not_answer_is_left_alone(self) -> None:
        """For the time that was set, and then tried again."""
        clock = Hands()
        turnstile = Turnstile(clock, at_once=2, rest_ms=30_000)

        turnstile.rests()
        clock.turn(29_999)
        with turnstile.one() as too_soon:
            assert not too_soon
        clock.turn(1)
        with turnstile.one() as again:
            assert again

    def test_what_has_waited_long_comes_back_less_often(self) -> None:
        """Within five minutes, and not before the server may be asked again."""
        clock = Hands()
        turnstile = Turnstile(clock, at_once=1, rest_ms=30_000)

        waits = [turnstile.wait_ms(START - age) for age in (0, 10_000, 86_400_000)]
        turnstile.rests()

        assert waits == [1_000, 5_000, 300_000]
        assert turnstile.wait_ms(START) == 30_000
