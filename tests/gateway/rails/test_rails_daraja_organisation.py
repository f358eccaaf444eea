"""What the organisation asks of M-PESA: called over HTTP, acted on by the pretend Daraja, read from callbacks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotACallback, Rejected, Unavailable, Uncertain
from gateway.rails.contract import Collect
from gateway.rails.daraja import DarajaRail
from gateway.rails.daraja_bodies import Fields
from gateway.rails.daraja_organisation_results import balances, business_result, ordered, reversal_result
from gateway.rails.organisation import Answers, Code, PayBusiness, Reverse, StandingOrder
from simulator.standins.faults import RAIL_APIS
from tests.gateway.rails.rail_town import config
from tests.gateway.rails.scripted_daraja import HANGS_UP, ScriptedDaraja
from tests.simulator.standins.standins_town import Town

PHONE = "+254711000001"
ORDER = StandingOrder(
    "Loan LN7K2QD", PHONE, 500_00, "LN7K2QD", "Loan", "monthly", date(2026, 1, 5), date(2026, 7, 5), "http://127.0.0.1"
)


def answers(town: Town) -> Answers:
    return Answers(town.gateway.url("/result"), town.gateway.url("/timeout"))


async def paid_in(town: Town, rail: DarajaRail, amount_cents: int = 600_00) -> str:
    """The receipt of a payment that a customer made."""
    await rail.collect(Collect("op-1", PHONE, amount_cents, "PY4T8", "Nyota", town.gateway.url("/stk")))
    prompt = await town.open_prompt()
    await town.control("POST", f"stk/{prompt['id']}/answer", answer="pay")
    (told,) = await town.gateway.hear("/confirmation")
    return str(told.json["TransID"])


async def heard(town: Town, path: str = "/result", count: int = 1) -> Fields:
    return Fields.of((await town.gateway.hear(path, count))[-1].json)


class TestBalance:
    async def test_each_shortcode_tells_what_it_holds(self, town: Town, rail: DarajaRail) -> None:
        """Money to pay customers with is the utility account's."""
        asked = await rail.organisation.ask_balance(config(town).payout, answers(town))
        told = balances(await heard(town))

        assert told is not None
        utility = told.account("utility account")
        assert utility is not None
        assert utility.available_cents == town.settings.payout_float_cents
        assert told.rail_id == asked.rail_id

    async def test_a_question_that_got_no_answer_was_not_asked(self) -> None:
        """It moves nothing, so it may simply be asked again."""
        async with ScriptedDaraja() as daraja:
            daraja.will("/mpesa/accountbalance/v1/query", HANGS_UP)

            with pytest.raises(Unavailable):
                await daraja.rail.organisation.ask_balance(daraja.config().payout, Answers("http://r", "http://t"))

    def test_charges_are_below_nought_and_strange_lines_are_passed_over(self) -> None:
        """Another currency, too few fields and no number are no account of ours."""
        written = (
            "Charges Paid Account|KES|-35.00|-35.00|0.00|0.00&Odd|KES|1&Dollars|USD|1.00|1.00|0.00|0.00"
            "&Broken|KES|x|y|0|0"
        )
        told = balances(Fields.of(_envelope(AccountBalance=written)))

        assert told is not None
        assert [(each.name, each.available_cents) for each in told.accounts] == [("Charges Paid Account", -3500)]

    @pytest.mark.parametrize("written", ["", "nonsense", None, 5, ["a"]])
    def test_what_cannot_be_read_is_no_balance_rather_than_nought(self, written: object) -> None:
        """An alarm about an empty float would be wrong."""
        assert balances(Fields.of(_envelope(AccountBalance=written))) is None

    @given(st.text(max_size=200))
    def test_no_text_breaks_the_reading(self, written: str) -> None:
        """It is accounts or nothing."""
        told = balances(Fields.of(_envelope(AccountBalance=written)))

        assert told is None or told.accounts

    def test_a_body_without_a_code_is_no_callback(self) -> None:
        """Whoever posts it gets a refusal."""
        with pytest.raises(NotACallback):
            balances(Fields.of({"Result": {}}))


class TestReversal:
    async def test_a_payment_goes_back_once(self, town: Town, rail: DarajaRail) -> None:
        """That it was done before is no proof of who did it, and no second receipt is made up."""
        receipt = await paid_in(town, rail)
        request = Reverse(receipt, 600_00, "Paid twice", answers(town))

        await rail.organisation.reverse(request)
        first = reversal_result(await heard(town))
        await rail.organisation.reverse(request)
        second = reversal_result(await heard(town, count=2))

        assert (first.kind, first.amount_cents) == ("done", 600_00)
        assert first.receipt not in {None, receipt}
        assert (second.kind, second.code, second.receipt) == ("uncertain", "R000001", None)

    async def test_shillings_and_cents_are_not_reversed(self, town: Town, rail: DarajaRail) -> None:
        """M-PESA carries whole shillings; nothing is sent."""
        with pytest.raises(Rejected):
            await rail.organisation.reverse(Reverse("UA12BC34DE", 150, "x", answers(town)))


class TestBusiness:
    async def test_the_bulk_shortcode_is_topped_up_from_collections(self, town: Town, rail: DarajaRail) -> None:
        """What leaves the one arrives at the other."""
        await paid_in(town, rail)
        payout = config(town).payout
        request = PayBusiness("top_up", payout.shortcode, 400_00, "TOPUP", "Float", answers(town))

        await rail.organisation.pay_business(request)
        result = business_result(await heard(town))
        await rail.organisation.ask_balance(payout, answers(town))
        told = balances(await heard(town, count=2))

        assert (result.kind, result.amount_cents) == ("done", 400_00)
        assert result.receipt
        assert told is not None
        utility = told.account("Utility Account")
        assert utility is not None
        assert utility.current_cents == town.settings.payout_float_cents + 400_00

    async def test_money_that_is_not_there_is_not_paid(self, town: Town, rail: DarajaRail) -> None:
        """Refused, by the rail's own word."""
        await rail.organisation.pay_business(PayBusiness("till", "123456", 100_00, "RENT", "Rent", answers(town)))

        assert business_result(await heard(town)).kind == "refused"

    async def test_without_an_answer_nobody_knows(self) -> None:
        """There is no id by which to ask; it must not be sent again."""
        async with ScriptedDaraja() as daraja:
            daraja.will("/mpesa/b2b/v1/paymentrequest", HANGS_UP)
            request = PayBusiness("paybill", "600100", 100_00, "RENT", "Rent", Answers("http://r", "http://t"))

            with pytest.raises(Uncertain):
                await daraja.rail.organisation.pay_business(request)


class TestCode:
    async def test_a_picture_comes_at_once(self, rail: DarajaRail) -> None:
        """A PNG."""
        picture = await rail.organisation.code(Code("Nyota", "LN7K2QD", 500_00))

        assert picture.startswith(b"\x89PNG")

    async def test_no_picture_is_no_answer(self) -> None:
        """An empty success helps nobody."""
        async with ScriptedDaraja() as daraja:
            with pytest.raises(Unavailable):
                await daraja.rail.organisation.code(Code("Nyota", "LN7K2QD", 500_00))


class TestStandingOrder:
    async def test_the_payer_agrees_and_a_name_serves_once(self, town: Town, rail: DarajaRail) -> None:
        """Success and error differ in the case of their keys; both are read."""
        order = replace(ORDER, callback_url=town.gateway.url("/order"))

        asked = await rail.organisation.order(order)
        first = ordered(await heard(town, "/order"))
        await rail.organisation.order(order)
        second = ordered(await heard(town, "/order", 2))

        assert first.is_agreed
        assert first.rail_id == asked.rail_id
        assert (second.is_agreed, second.code) == (False, "1050")

    async def test_an_order_that_ends_before_it_starts_is_not_sent(self, rail: DarajaRail) -> None:
        """It is ours to refuse."""
        with pytest.raises(Rejected):
            await rail.organisation.order(replace(ORDER, ends_on=date(2025, 1, 1)))

    def test_a_body_that_says_nothing_is_no_callback(self) -> None:
        """Neither agreed nor refused."""
        with pytest.raises(NotACallback):
            ordered(Fields.of({}))


class TestFaults:
    def test_every_new_call_can_be_made_to_fail(self) -> None:
        """The stand-in knows their names."""
        assert {"b2b", "qr", "ratiba", "reversal", "balance"} <= set(RAIL_APIS)


def _envelope(**told: object) -> Mapping[str, Any]:
    items = [{"Key": key, "Value": value} for key, value in told.items()]
    return {"Result": {"ResultCode": "0", "ResultType": "0", "ResultParameters": {"ResultParameter": items}}}
