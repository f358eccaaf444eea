"""From where an answer leaves, and in which plainer form when it cannot leave so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from gateway.errors import NyotaError, Rejected, Throttled, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, ReplyFrom, SentSms
from gateway.sending.carriers import Carriers, Handed, Slow
from gateway.sending.forms import forms

PHONE, OTHER = "+254711000001", "+254711000002"
CODE = ReplyFrom("a", "20383")
LINKED = ReplyFrom("a", "20384", "L1", "NEWS")
REFUSALS = ["402", "InvalidSenderId", "InvalidLinkId", "sender"]


def answer(reply: ReplyFrom | None = CODE, *, to: str = PHONE, sender: str = "") -> OutgoingSms:
    return OutgoingSms(to, "hello", sender, reply)


@dataclass
class Pretend:
    """Takes whatever has not one of these senders."""

    name: str
    refuses: Mapping[str, NyotaError] = field(default_factory=dict)
    error: NyotaError | None = None
    sent: list[OutgoingSms] = field(default_factory=list)

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        if self.error:
            raise self.error
        if message.link_id and "link" in self.refuses:
            raise self.refuses["link"]
        if message.sender in self.refuses:
            raise self.refuses[message.sender]
        self.sent.append(message)
        return SentSms(f"{self.name}-{len(self.sent)}", "")

    @property
    def senders(self) -> list[tuple[str, str]]:
        return [(message.sender, message.link_id) for message in self.sent]


@dataclass
class Bulky(Pretend):
    """Takes many at once, too."""

    requests: list[tuple[str, int]] = field(default_factory=list)

    async def send_many(
        self, text: str, msisdns: Sequence[str], sender: str = ""
    ) -> Mapping[str, SentSms | NyotaError]:
        self.requests.append((sender, len(msisdns)))
        if sender in self.refuses:
            raise self.refuses[sender]
        return {number: SentSms(f"{self.name}-{number}", "") for number in msisdns}


def carriers(*each: Pretend, order: Sequence[str] = (), **rates: float) -> Carriers:
    known = {carrier.name: carrier for carrier in each}
    return Carriers(known, order or list(known), lambda: 0, rates=rates)


class TestForms:
    def test_the_best_comes_first(self) -> None:
        """Charged, from the code, plain; none of them says anything that its carrier has not to know."""
        charged, from_code, plain = forms(answer(LINKED, sender="DAMZA"), "a")

        assert charged == OutgoingSms(PHONE, "hello", "20384", None, "L1", "NEWS")
        assert from_code == OutgoingSms(PHONE, "hello", "20384")
        assert plain == OutgoingSms(PHONE, "hello", "DAMZA")

    @pytest.mark.parametrize(("reply", "carrier"), [(None, "a"), (CODE, "b"), (LINKED, "b")])
    def test_elsewhere_it_is_any_message(self, reply: ReplyFrom | None, carrier: str) -> None:
        """A code is one carrier's, and what is no answer has none."""
        assert forms(answer(reply, sender="DAMZA"), carrier) == (OutgoingSms(PHONE, "hello", "DAMZA"),)


class TestAlone:
    async def test_an_answer_leaves_from_its_code_through_who_has_it(self) -> None:
        """Though others come first in the order, and though it is in no order at all."""
        first, having = Pretend("b"), Pretend("a")

        handed = await carriers(first, having, order=["b"]).hand_over(answer(LINKED))

        assert isinstance(handed, Handed)
        assert handed.carrier == "a"
        assert having.senders == [("20384", "L1")]

    @pytest.mark.parametrize("error", [Unavailable("away"), Throttled("too fast"), Rejected("credit", "credit")])
    async def test_where_its_carrier_is_away_others_send_it_with_their_own_sender(self, error: NyotaError) -> None:
        """Or with the partner's."""
        other = Pretend("b")

        await carriers(Pretend("a", error=error), other).hand_over(answer(sender="DAMZA"))

        assert other.senders == [("DAMZA", "")]

    async def test_a_carrier_that_does_badly_is_spared_for_answers_too(self) -> None:
        """Others come first until it is tried again; then with their sender."""
        having, other = Pretend("a", error=Unavailable("away")), Pretend("b")
        sending = carriers(having, other)

        for _ in range(4):
            await sending.hand_over(answer())
        having.error = None
        await sending.hand_over(answer())

        assert having.sent == []
        assert other.senders == [("", "")] * 5

    async def test_one_that_is_only_busy_is_waited_for(self) -> None:
        """What is answered from elsewhere cannot be answered again."""
        sending = carriers(Pretend("a"), Pretend("b"), a=1.0)
        await sending.hand_over(answer())

        assert isinstance(await sending.hand_over(answer()), Slow)
        assert isinstance(await sending.hand_over(answer(None)), Handed)

    @pytest.mark.parametrize("code", REFUSALS)
    async def test_a_form_that_is_refused_is_followed_by_a_plainer_one(self, code: str) -> None:
        """At the same carrier, which is none the worse for it; whoever runs this reads it in the log."""
        having = Pretend("a", {"link": Rejected("link", code), "20384": Rejected("code", code)})
        sending = carriers(having, Pretend("b"))

        with capture_logs() as logs:
            handed = await sending.hand_over(answer(LINKED, sender="DAMZA"))

        assert isinstance(handed, Handed)
        assert handed.carrier == "a"
        assert having.senders == [("DAMZA", "")]
        assert sending.scores()["a"] == 1.0
        assert [(each["event"], each["code"]) for each in logs] == [("form_refused", code)] * 2

    async def test_a_bad_link_leaves_the_code_as_it_is(self) -> None:
        """Only the charge is gone."""
        having = Pretend("a", {"link": Rejected("link", "InvalidLinkId")})

        await carriers(having).hand_over(answer(LINKED))

        assert having.senders == [("20384", "")]

    @pytest.mark.parametrize("error", [Uncertain("no answer"), Rejected("blacklisted", "406")])
    async def test_what_may_have_gone_out_or_is_final_is_tried_in_no_other_form(self, error: NyotaError) -> None:
        """Nobody gets it twice."""
        having, other = Pretend("a", {"20383": error}), Pretend("b")

        with pytest.raises(type(error)):
            await carriers(having, other).hand_over(answer())

        assert having.sent == other.sent == []


class TestTogether:
    async def test_answers_from_one_code_share_a_request(self) -> None:
        """And none with what leaves otherwise."""
        having = Bulky("a")
        messages = [answer(), answer(to=OTHER), answer(None, to="+254711000003")]

        await carriers(having).hand_over_all(messages, until=1)

        assert sorted(having.requests) == [("", 1), ("20383", 2)]

    async def test_what_is_charged_goes_by_itself(self) -> None:
        """A link is one person's."""
        having = Bulky("a")
        messages = [answer(LINKED), answer(replace(LINKED, link_id="L2"), to=OTHER)]

        fates = await carriers(having).hand_over_all(messages, until=1)

        assert having.requests == []
        assert sorted(having.senders) == [("20384", "L1"), ("20384", "L2")]
        assert all(isinstance(fate, Handed) for fate in fates)

    async def test_a_code_that_is_refused_to_many_costs_nobody_the_answer(self) -> None:
        """Each leaves plain, by itself."""
        having = Bulky("a", {"20383": Rejected("nobody was accepted", "InvalidSenderId")})

        fates = await carriers(having).hand_over_all([answer(), answer(to=OTHER)], until=1)

        assert [isinstance(fate, Handed) for fate in fates] == [True, True]
        assert having.senders == [("", "")] * 2
