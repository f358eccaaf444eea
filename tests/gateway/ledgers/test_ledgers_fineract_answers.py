"""Every answer of Fineract means one thing: done, waiting, nothing happened, may have happened, or no for good."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import NyotaError, Rejected, Unavailable, Uncertain
from gateway.ledgers import fineract_answers as answers
from gateway.ledgers.contract import Busy, Posted, Refusals, Waiting
from gateway.ledgers.wire import Reply, cents


def reply(status: int, body: Any = None, *, is_cached: bool = False) -> Reply:
    headers: Mapping[str, str] = {"x-served-from-cache": "true"} if is_cached else {}
    return Reply(status, headers, body)


def refusal(code: str, top: str = "validation.msg.domain.rule.violation") -> dict[str, Any]:
    return {"userMessageGlobalisationCode": top, "errors": [{"userMessageGlobalisationCode": code}]}


DUPLICATE = refusal("error.msg.loan.with.externalId.already.used")
RULE = refusal("error.msg.loan.transaction.cannot.be.a.future.date")
LOCKED = {"userMessageGlobalisationCode": "error.msg.loan.locked"}
RUNNING = {"userMessageGlobalisationCode": "error.msg.command.processing.under.processing"}


class TestACommand:
    def test_that_was_carried_out_has_an_id(self) -> None:
        """The core's own; a repeat says that it is one."""
        body = {"loanId": 77, "resourceId": 912}

        assert answers.posted(reply(200, body)) == Posted("912")
        assert answers.posted(reply(200, body, is_cached=True)) == Posted("912", is_repeat=True)
        assert answers.posted(reply(200, body), "loanId") == Posted("77")

    @pytest.mark.parametrize("body", [{"commandId": 5}, {"resourceId": 9, "rollbackTransaction": True}, {}])
    def test_without_an_id_waits_for_a_second_person(self, body: Mapping[str, Any]) -> None:
        """HTTP 200 and nothing done."""
        with pytest.raises(Waiting):
            answers.posted(reply(200, dict(body)))

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            (reply(401, refusal("error.msg.not.authenticated")), Unavailable),
            (reply(405), Unavailable),
            (reply(503), Unavailable),
            (reply(425), Busy),
            (reply(409, RUNNING), Busy),
            (reply(500), Uncertain),
            (reply(502), Uncertain),
            (reply(504), Uncertain),
            (reply(200, None), Uncertain),
            (reply(302), Uncertain),
        ],
    )
    def test_that_came_to_nothing_or_nobody_knows_is_no_refusal(self, given: Reply, error: type[NyotaError]) -> None:
        """It is tried again, or asked about."""
        with pytest.raises(error):
            answers.posted(given)

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            (reply(400, refusal("validation.msg.loan.principal.invalid")), "validation.msg.loan.principal.invalid"),
            (reply(403, RULE), "error.msg.loan.transaction.cannot.be.a.future.date"),
            (reply(403, refusal("", top="error.msg.not.authorized")), "error.msg.not.authorized"),
            (reply(403, DUPLICATE), Refusals.DUPLICATE),
            (reply(403, refusal("error.msg.client.duplicate.mobileNo")), Refusals.DUPLICATE),
            (reply(404, refusal("error.msg.loan.id.invalid")), Refusals.UNKNOWN),
            (reply(409, LOCKED), Refusals.STORED),
            (reply(500, is_cached=True), Refusals.STORED),
            (reply(403, RULE, is_cached=True), Refusals.STORED),
            (reply(400, "not an object"), "400"),
            (reply(400, {"errors": "nonsense"}), "400"),
        ],
    )
    def test_that_is_refused_says_why_by_a_code(self, given: Reply, code: str) -> None:
        """The first detail's where there is one; ours where all cores share the meaning."""
        with pytest.raises(Rejected) as refused:
            answers.posted(given)

        assert refused.value.code == code


class TestAReading:
    def test_of_what_is_not_there_is_none(self) -> None:
        """No error: it may not have been made yet."""
        assert answers.read(reply(404)) is None

    @pytest.mark.parametrize("given", [reply(401), reply(403), reply(200, None), reply(302)])
    def test_that_says_nothing_is_an_outage(self, given: Reply) -> None:
        """Reading does nothing, so it is read again."""
        with pytest.raises(Unavailable):
            answers.read(given)


class TestValues:
    @pytest.mark.parametrize(
        ("given", "expected"), [(Decimal("9000.000000"), 900_000), (3100, 310_000), ("0.10", 10), (None, 0)]
    )
    def test_amounts_are_exact(self, given: object, expected: int) -> None:
        """Decimals of any length, as long as they are whole cents."""
        assert cents(given) == expected

    @pytest.mark.parametrize("given", [Decimal("1.005"), "x", [], Decimal("NaN")])
    def test_an_amount_that_is_none_is_not_guessed(self, given: object) -> None:
        """Nothing is rounded away."""
        with pytest.raises(Uncertain):
            cents(given)

    def test_dates_are_arrays(self) -> None:
        """Year, month, day."""
        assert answers.day([2026, 3, 2]) == date(2026, 3, 2)

    @pytest.mark.parametrize("given", [None, "2026-03-02", [2026, 13, 1], [2026, 3], [2026, 3, "2"]])
    def test_a_date_that_is_none_is_not_guessed(self, given: object) -> None:
        """Another version may write them otherwise."""
        with pytest.raises(Uncertain):
            answers.day(given)

    def test_a_search_finds_whole_numbers_only_and_each_person_once(self) -> None:
        """It answers whatever contains the digits."""
        rows: list[dict[str, Any]] = [
            {"entityId": 1, "entityMobileNo": "254711000001"},
            {"entityId": 2, "entityMobileNo": "2547110000012"},
            {"entityId": 1, "entityMobileNo": "0711000001"},
            {"entityId": 3},
        ]

        assert answers.found_clients(rows, "+254711000001") == ["1"]

    def test_a_loan_in_a_state_we_do_not_know_is_not_guessed(self) -> None:
        """A newer server may have more of them."""
        with pytest.raises(Uncertain):
            answers.loan({"id": 1, "status": {"id": 999}}, {})
