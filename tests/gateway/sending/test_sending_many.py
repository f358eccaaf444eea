"""Many messages at once: who shares a request, how fast they leave, and what each came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.errors import NyotaError, Rejected, Throttled, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, SentSms
from gateway.sending.carriers import NUMBERS_MOST, Carriers, Handed, Slow

PHONES = [f"+25471100{number:04d}" for number in range(2 * NUMBERS_MOST + 5)]


@dataclass
class Bulky:
    """Takes many at once; `fates` of some, or `error` for all."""

    name: str = "a"
    fates: dict[str, NyotaError] = field(default_factory=dict)
    error: NyotaError | None = None
    requests: list[tuple[str, list[str]]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        if self.error:
            raise self.error
        return SentSms(f"{self.name}-{message.msisdn}", "")

    async def send_many(
        self, text: str, msisdns: Sequence[str], sender: str = ""
    ) -> Mapping[str, SentSms | NyotaError]:
        self.requests.append((text, list(msisdns)))
        self.senders.append(sender)
        if self.error:
            raise self.error
        return {number: self.fates.get(number) or SentSms(f"{self.name}-{number}", "") for number in msisdns}


def carriers(*each: Bulky, **rates: float) -> Carriers:
    return Carriers({carrier.name: carrier for carrier in each}, [each_.name for each_ in each], lambda: 0, rates=rates)


def to(*phones: str, text: str = "hello") -> list[OutgoingSms]:
    return [OutgoingSms(phone, text) for phone in phones]


class TestRequests:
    async def test_the_same_text_goes_once_for_many(self) -> None:
        """A hundred numbers in a request at most, and answers in the order of the messages."""
        carrier = Bulky()

        fates = await carriers(carrier).hand_over_all(to(*PHONES), until=1)

        assert sorted(len(numbers) for _, numbers in carrier.requests) == [5, NUMBERS_MOST, NUMBERS_MOST]
        assert fates == [Handed("a", SentSms(f"a-{phone}", "")) for phone in PHONES]

    async def test_another_text_is_another_request(self) -> None:
        """Nobody gets what was meant for somebody else."""
        carrier = Bulky()

        await carriers(carrier).hand_over_all([*to(PHONES[0], text="one"), *to(PHONES[1], text="two")], until=1)

        assert sorted(carrier.requests) == [("one", [PHONES[0]]), ("two", [PHONES[1]])]

    async def test_each_sender_has_requests_of_its_own(self) -> None:
        """A request has one sender: a partner's message never leaves under another name."""
        carrier = Bulky()
        messages = [OutgoingSms(PHONES[0], "hello"), OutgoingSms(PHONES[1], "hello", "DAMZA")]

        await carriers(carrier).hand_over_all(messages, until=1)

        assert sorted(zip(carrier.senders, carrier.requests, strict=True)) == [
            ("", ("hello", [PHONES[0]])),
            ("DAMZA", ("hello", [PHONES[1]])),
        ]

    async def test_a_phone_is_never_twice_in_a_request(self) -> None:
        """Its two messages are two, though they say the same."""
        carrier = Bulky()

        fates = await carriers(carrier).hand_over_all(to(PHONES[0], PHONES[0]), until=1)

        assert [numbers for _, numbers in carrier.requests] == [[PHONES[0]], [PHONES[0]]]
        assert all(isinstance(fate, Handed) for fate in fates)

    async def test_what_has_not_begun_in_time_comes_back(self) -> None:
        """The claim on it may be over before it is."""
        carrier = Bulky()

        assert await carriers(carrier).hand_over_all(to(*PHONES[:2]), until=0) == [Slow(1), Slow(1)]
        assert carrier.requests == []


class TestFates:
    async def test_each_has_its_own(self) -> None:
        """One bad number says nothing about the others."""
        refused = Rejected("no such number", "403")

        fates = await carriers(Bulky(fates={PHONES[0]: refused})).hand_over_all(to(*PHONES[:2]), until=1)

        assert fates == [refused, Handed("a", SentSms(f"a-{PHONES[1]}", ""))]

    async def test_whom_the_first_did_not_take_goes_to_the_next(self) -> None:
        """Those it took stay with it."""
        first, second = Bulky("a", fates={PHONES[0]: Throttled("too fast")}), Bulky("b")

        fates = await carriers(first, second).hand_over_all(to(*PHONES[:2]), until=1)

        assert [fate.carrier for fate in fates if isinstance(fate, Handed)] == ["b", "a"]

    async def test_doubt_is_everybodys_and_nobody_else_is_tried(self) -> None:
        """Any of them may have gone out."""
        doubt, second = Uncertain("no answer"), Bulky("b")

        fates = await carriers(Bulky("a", error=doubt), second).hand_over_all(to(*PHONES[:2]), until=1)

        assert fates == [doubt, doubt]
        assert second.requests == []

    async def test_one_that_is_away_is_waited_for_when_the_next_knows_no_such_sender(self) -> None:
        """Nor does an account without credit lose a campaign."""
        away, second = Unavailable("away"), Bulky("b", error=Rejected("no such sender", "402"))

        waits = await carriers(Bulky("a", error=away), second).hand_over_all(to(PHONES[0]), until=1)
        [broke] = await carriers(Bulky("a", error=Rejected("no credit", "405"))).hand_over_all(to(PHONES[0]), until=1)

        assert waits == [away]
        assert isinstance(broke, Unavailable)

    async def test_nobody_there_is_an_outage_of_all(self) -> None:
        """Each comes back."""
        fates = await carriers(Bulky(error=Unavailable("away"))).hand_over_all(to(*PHONES[:2]), until=1)

        assert [type(fate) for fate in fates] == [Unavailable, Unavailable]


class TestPace:
    async def test_those_who_wait_come_back_in_turn(self) -> None:
        """Ten a second: ten leave, the others a tenth of a second after one another."""
        fates = await carriers(Bulky(), a=10).hand_over_all(to(*PHONES[:13]), until=1)

        assert sum(isinstance(fate, Handed) for fate in fates) == 10
        assert [fate.wait_ms for fate in fates if isinstance(fate, Slow)] == [100, 200, 300]
