"""A link to a centre: texts leave, what goes wrong is told truthfully, and a lost session is bound again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.config import SmppLink
from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms
from gateway.smpp import carrier as carrier_module
from gateway.smpp.carrier import SmppCarrier
from gateway.smpp.link import Link
from gateway.smpp.wire import OK, Deliver, Submit, Submitted
from simulator.standins.faults import Fault
from simulator.standins.smsc import API, Reached, Smsc
from tests.servers import wait_until

PHONE = "+254711000001"
LONG = "Nyota: " + "Hela yako imefika salama. " * 10


@asynccontextmanager
async def bound(account: SmppLink) -> AsyncIterator[tuple[Link, list[Deliver]]]:
    """The link, and what it hears for as long as the block lasts."""
    link, heard = Link("mno", account), list[Deliver]()

    async def take(message: Deliver) -> int:
        heard.append(message)
        return OK

    task = asyncio.create_task(link.run(take))
    await wait_until(lambda: link.is_bound)
    yield link, heard
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def fault(centre: Smsc, kind: str) -> None:
    centre.faults.put(Fault(API, kind, 1.0, 1, 0.0))


class TestTexts:
    @pytest.mark.parametrize("long", ["header", "sar", "payload"])
    @pytest.mark.parametrize("text", ["Habari {Amina}", LONG, "Karibu 😀 " * 20])
    async def test_a_text_reaches_the_phone_whole(self, centre: Smsc, account: SmppLink, long: str, text: str) -> None:
        """However it is cut on its way."""
        its = account.model_copy(update={"long": long})
        async with bound(its) as (link, _):
            await SmppCarrier(link, its).send_sms(OutgoingSms(PHONE, text.replace("{", "(").replace("}", ")")))

        expected = text.replace("{", "(").replace("}", ")")
        assert [(each.phone, each.sender, each.text) for each in centre.reached] == [
            (PHONE[1:], "NYOTA", expected),
        ]

    async def test_its_report_names_it(self, centre: Smsc, account: SmppLink) -> None:
        """The id that was answered is the one in the report."""
        async with bound(account) as (link, heard):
            sent = await SmppCarrier(link, account).send_sms(OutgoingSms(PHONE, "Habari"))
            await wait_until(lambda: heard)

        assert heard[0].is_receipt
        assert sent.provider_id.encode() in heard[0].payload


class TestTrouble:
    @pytest.mark.parametrize(
        ("kind", "error"), [("busy", Throttled), ("http-500", Unavailable), ("timeout", Uncertain)]
    )
    async def test_each_answer_is_what_it_says(
        self, centre: Smsc, account: SmppLink, kind: str, error: type[Exception]
    ) -> None:
        """Only where none came, the text may have left."""
        fault(centre, kind)
        async with bound(account) as (link, _):
            with pytest.raises(error):
                await SmppCarrier(link, account).send_sms(OutgoingSms(PHONE, "Habari"))

        assert bool(centre.reached) == (error is Uncertain)

    async def test_while_nobody_is_there_nothing_leaves(self, account: SmppLink) -> None:
        """Another carrier may take it."""
        with pytest.raises(Unavailable):
            await SmppCarrier(Link("mno", account), account).send_sms(OutgoingSms(PHONE, "Habari"))

    async def test_a_lost_session_is_bound_again(self, centre: Smsc, account: SmppLink) -> None:
        """And carries on."""
        async with bound(account) as (link, _):
            await centre.drop()
            await wait_until(lambda: not link.is_bound)
            await wait_until(lambda: link.is_bound)
            await SmppCarrier(link, account).send_sms(OutgoingSms(PHONE, "Habari"))

        assert centre.reached == [Reached(PHONE[1:], "NYOTA", "Habari", 1)]

    @pytest.mark.parametrize(
        ("status", "error", "code"),
        [(0x0B, Rejected, "0xb"), (0x0A, Rejected, "sender"), (0x0E, Rejected, "0xe"), (0x14, Throttled, None)],
    )
    async def test_each_status_has_its_meaning(
        self, account: SmppLink, status: int, error: type[Exception], code: str | None
    ) -> None:
        """A sender that is refused says nothing about the message: another carrier may take it."""
        with pytest.raises(error) as caught:
            await SmppCarrier(Scripted(account, [status]), account).send_sms(OutgoingSms(PHONE, "Habari"))

        assert getattr(caught.value, "code", None) == code

    @pytest.mark.parametrize("statuses", [[0, 0x0E], [0, 0x58, 0x58, 0x58]], ids=["refused", "put off for good"])
    async def test_once_a_part_has_left_a_refusal_is_doubt(
        self, account: SmppLink, statuses: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The phone may show half of it."""
        monkeypatch.setattr(carrier_module, "AGAIN_AFTER", (0, 0))
        with pytest.raises(Uncertain):
            await SmppCarrier(Scripted(account, statuses), account).send_sms(OutgoingSms(PHONE, LONG))

    async def test_a_later_part_that_is_put_off_is_offered_again(
        self, account: SmppLink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Under the same reference: the whole text would come twice else. The first is for another day, or carrier."""
        monkeypatch.setattr(carrier_module, "AGAIN_AFTER", (0, 0))
        link = Scripted(account, [0, 0x58, 0x14, 0])

        await SmppCarrier(link, account).send_sms(OutgoingSms(PHONE, LONG))
        with pytest.raises(Throttled):
            await SmppCarrier(Scripted(account, [0x58]), account).send_sms(OutgoingSms(PHONE, LONG))

        assert [each.payload[:6].hex() for each in link.offered[1:]] == 3 * [link.offered[1].payload[:6].hex()]
        assert link.offered[0].payload[3] == link.offered[1].payload[3]


class Scripted(Link):
    """Answers as it is told."""

    def __init__(self, account: SmppLink, statuses: list[int]) -> None:
        super().__init__("mno", account)
        self._statuses = statuses
        self.offered = list[Submit]()

    async def submit(self, message: Submit) -> Submitted:
        self.offered.append(message)
        return Submitted(self._statuses.pop(0), "A1")
