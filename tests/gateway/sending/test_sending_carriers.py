"""Who carries a message, and what is done when one of them does not."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.config import Config
from gateway.errors import Misconfigured, NyotaError, Rejected, Throttled, Unavailable, Uncertain
from gateway.features.messages import carriers_of
from gateway.providers.contract import OutgoingSms, SentSms
from gateway.sending.carriers import Carriers, Handed, Route, Slow

MESSAGE = OutgoingSms("+254711000001", "hello")


@dataclass
class Pretend:
    """Takes everything, or raises."""

    name: str
    error: NyotaError | None = None
    sent: list[OutgoingSms] = field(default_factory=list)

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        if self.error:
            raise self.error
        self.sent.append(message)
        return SentSms(f"{self.name}-1", "")


@dataclass
class Now:
    ms: int = 0

    def __call__(self) -> int:
        return self.ms


def carriers(*each: Pretend, now: Now | None = None, routes: tuple[Route, ...] = (), **rates: float) -> Carriers:
    known = {carrier.name: carrier for carrier in each}
    return Carriers(known, list(known), now or Now(), routes=routes, rates=rates)


class TestHandOver:
    async def test_the_first_takes_it(self) -> None:
        """The others hear nothing of it."""
        first, second = Pretend("a"), Pretend("b")

        handed = await carriers(first, second).hand_over(MESSAGE)

        assert handed == Handed("a", SentSms("a-1", ""))
        assert second.sent == []

    @pytest.mark.parametrize("error", [Unavailable("away"), Throttled("too fast"), Rejected("no credit", "credit")])
    async def test_whoever_provably_took_nothing_is_followed_by_the_next(self, error: NyotaError) -> None:
        """What it says is about itself, not about the message."""
        second = Pretend("b")

        handed = await carriers(Pretend("a", error), second).hand_over(MESSAGE)

        assert isinstance(handed, Handed)
        assert handed.carrier == "b"
        assert second.sent == [MESSAGE]

    async def test_whoever_may_have_taken_it_is_the_last_that_is_tried(self) -> None:
        """Two carriers would send it twice."""
        second = Pretend("b")

        with pytest.raises(Uncertain):
            await carriers(Pretend("a", Uncertain("no answer")), second).hand_over(MESSAGE)

        assert second.sent == []

    async def test_a_refusal_of_the_message_is_final(self) -> None:
        """No phone is a better number elsewhere."""
        second = Pretend("b")

        with pytest.raises(Rejected):
            await carriers(Pretend("a", Rejected("no phone", "403")), second).hand_over(MESSAGE)

        assert second.sent == []

    @pytest.mark.parametrize("code", ["401", "405", "credentials", "credit"])
    async def test_an_account_that_is_not_in_order_loses_no_message(self, code: str) -> None:
        """Nobody took it, and nothing is wrong with it: it leaves when somebody has seen to the account."""
        with pytest.raises(Unavailable, match="not ours"):
            await carriers(Pretend("a", Rejected("not ours", code))).hand_over(MESSAGE)

    @pytest.mark.parametrize("code", ["402", "InvalidSenderId", "sender"])
    async def test_a_sender_that_one_does_not_know_may_be_registered_with_the_next(self, code: str) -> None:
        """It speaks against nobody; where nobody knows the sender, that is final."""
        first, second, message = (
            Pretend("a", Rejected("no such sender", code)),
            Pretend("b"),
            replace(MESSAGE, sender="DAMZA"),
        )
        sending = carriers(first, second)
        for _ in range(9):
            await sending.hand_over(message)
        second.error = Rejected("no such sender", code)

        with pytest.raises(Rejected):
            await sending.hand_over(message)
        assert second.sent == 9 * [message]
        assert sending.scores() == {"a": 1.0, "b": 1.0}

    @pytest.mark.parametrize("code", ["credit", "sender"])
    async def test_one_that_is_away_is_waited_for_when_the_next_cannot_take_it(self, code: str) -> None:
        """A receipt is owed: it may come late, never not at all."""
        with pytest.raises(Unavailable):
            await carriers(Pretend("a", Unavailable("away")), Pretend("b", Rejected("no", code))).hand_over(MESSAGE)

    async def test_when_nobody_is_there_that_is_said(self) -> None:
        """It provably did not go out."""
        with pytest.raises(Unavailable):
            await carriers(Pretend("a", Unavailable("away")), Pretend("b", Unavailable("away"))).hand_over(MESSAGE)

    async def test_one_that_is_full_is_passed_over_and_waited_for_when_all_are(self) -> None:
        """As fast as they take it, and no faster."""
        now = Now()
        sending = carriers(Pretend("a"), Pretend("b"), now=now, a=1.0, b=1.0)

        first, second, third = [await sending.hand_over(MESSAGE) for _ in range(3)]

        assert [each.carrier for each in (first, second) if isinstance(each, Handed)] == ["a", "b"]
        assert isinstance(third, Slow)
        now.ms += third.wait_ms
        assert isinstance(await sending.hand_over(MESSAGE), Handed)

    async def test_one_that_keeps_failing_is_tried_last_until_it_may_be_back(self) -> None:
        """Nobody waits for its time-outs meanwhile."""
        now, bad = Now(), Pretend("a", Unavailable("away"))
        sending = carriers(bad, Pretend("b"), now=now)
        for _ in range(4):
            await sending.hand_over(MESSAGE)

        assert sending.of(MESSAGE.msisdn) == ["b", "a"]
        now.ms += 30_000
        assert sending.of(MESSAGE.msisdn) == ["a", "b"]

    async def test_the_longest_prefix_says_who_carries(self) -> None:
        """Over a shorter one, and over the order of all."""
        routes = (Route("+2547", ("b",)), Route("+25471", ("c", "a")))
        sending = carriers(Pretend("a"), Pretend("b"), Pretend("c"), routes=routes)

        assert list(sending.of("+254711000001")) == ["c", "a"]
        assert list(sending.of("+254722000001")) == ["b"]
        assert list(sending.of("+254110000001")) == ["a", "b", "c"]


class TestNames:
    @pytest.mark.parametrize("name", ["log", "a"])
    def test_two_carriers_of_one_name_are_refused(self, name: str) -> None:
        """Reports and short codes would be the other's."""
        tools = SimpleNamespace(config=Config(), providers={"a": Pretend("a")}, clock=lambda: 0)

        with pytest.raises(Misconfigured, match=rf"messages\.gateways\.{name}"):
            carriers_of(cast("Any", tools), {name: Pretend(name)}, {})
