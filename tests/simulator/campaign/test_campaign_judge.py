"""The judge sees each kind of difference when it is planted, and nothing where all sides agree."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulator.campaign.facts import (
    Balance,
    Customer,
    Facts,
    Heard,
    Journal,
    Life,
    Loan,
    Moved,
    Operation,
    Sms,
)
from simulator.campaign.judge import counts, judge

PHONE, OTHER = "+254712000000", "+254712000001"
QUOTE = {"net_cents": 1_980_00, "total_cents": 2_160_00}
LENT = "END Request LN7K2 received. Ksh 1,980 will go to your M-PESA 0712***000. SMS to follow."
PROMPTED = (
    "END M-PESA will now ask for your M-PESA PIN. First check: NYOTA, Ksh 2,460. Ref PY4T8. If nothing comes, wait."
)
FROM_WALLET = "END Ksh 100 for loan LN8M3: request PY5U9 received. SMS to follow."
MENU = "CON Nyota: Amina\n1 Balance\n2 Borrow"
MEMBER = Customer("c1", PHONE)
WEEK_MS = 7 * 86_400_000


def heard(body: str = MENU, **fields: Any) -> Heard:
    return replace(Heard(PHONE, "ATUid_1", 0, 10.0, 10.1, 200, body), **fields)


def operation(reference: str, kind: str, intent: dict[str, object], state: str = "done") -> Operation:
    return Operation(f"id-{reference}", reference, kind, "c1", state, "post", False, "", intent)


def posted(of: str, step: str, *lines: tuple[str, int]) -> Journal:
    return Journal(f"{of}-{step}", f"id-{of}", step, "posted", lines)


LOAN = operation("LN7K2", "loan.disburse", {"product": "quick", "quote": QUOTE})
SECOND = operation("LN8M3", "loan.disburse", {"product": "quick", "quote": QUOTE})
PAYMENT = operation("PY4T8", "repay.stk", {"loan": "LN7K2", "amount_cents": 2_460_00})
WALLET = operation("PY5U9", "repay.wallet", {"loan": "LN8M3", "amount_cents": 100_00})
REFUSED = operation("PY6V1", "repay.stk", {"loan": "LN8M3", "amount_cents": 500_00}, "rejected")
"""One loan paid off by M-PESA with 300 too much; a second loan that took 100 of it; a prompt that was cancelled."""


def payout(receipt: str, reference: str, at: float) -> Moved:
    return Moved(receipt, "b2c", PHONE, 1_980_00, reference, "600998", at)


def lent_journals(reference: str) -> tuple[Journal, ...]:
    loan = f"id-{reference}"
    return (
        Journal(
            f"{loan}-reserve", loan, "reserve", "pending", (("transit.payout", 1_980_00), ("mpesa.payout", -1_980_00))
        ),
        posted(reference, "paid", ("transit.payout", 1_980_00), ("mpesa.payout", -1_980_00)),
        posted(
            reference,
            "loan",
            (f"loan.principal:{loan}", 2_000_00),
            ("transit.payout", -1_980_00),
            ("income.fees", -20_00),
            (f"loan.interest:{loan}", 160_00),
            ("interest.deferred", -160_00),
        ),
    )


GOOD = Facts(
    heard=(
        heard(),
        heard(LENT, hop=5, sent_at=20.0, ended_at=20.2),
        heard(LENT, hop=5, sent_at=21.0, ended_at=21.2),
        heard(PROMPTED, session="ATUid_2", hop=6, sent_at=40.0, ended_at=40.2),
        heard(FROM_WALLET, session="ATUid_3", hop=6, sent_at=60.0, ended_at=60.2),
    ),
    lives=(Life(0.0, 30.0), Life(32.0, 100.0)),
    moved=(
        payout("R1", "rail-1", 23.0),
        Moved("R2", "stk", PHONE, 2_460_00, "PY4T8", "600999", 42.0),
        payout("R3", "rail-2", 50.0),
    ),
    sms=(
        Sms(PHONE, "LN7K2 Confirmed. Ksh 1,980 sent to your M-PESA", 24.0),
        Sms(
            PHONE, "PY4T8 Confirmed. Loan LN7K2 is fully paid. Ksh 300 was extra and is now in your Nyota wallet", 43.0
        ),
        Sms(PHONE, "LN8M3 Confirmed. Ksh 1,980 sent to your M-PESA", 51.0),
        Sms(PHONE, "PY5U9 Confirmed. Ksh 100 from your wallet for loan LN8M3", 61.0),
        Sms(PHONE, "PY6V1: Ksh 500 not paid. The M-PESA request was cancelled", 70.0),
    ),
    customers=(MEMBER,),
    operations=(LOAN, SECOND, PAYMENT, WALLET, REFUSED),
    requests={"rail-1": "id-LN7K2", "rail-2": "id-LN8M3", "rail-3": "id-PY4T8"},
    journals=(
        *lent_journals("LN7K2"),
        *lent_journals("LN8M3"),
        posted(
            "PY4T8",
            "post",
            ("mpesa.collection", 2_460_00),
            ("loan.principal:id-LN7K2", -2_000_00),
            ("loan.interest:id-LN7K2", -160_00),
            ("wallet:c1", -300_00),
        ),
        posted("PY5U9", "post", ("wallet:c1", 100_00), ("loan.principal:id-LN8M3", -100_00)),
    ),
    loans=(
        Loan("id-LN7K2", "LN7K2", "c1", "closed", 2_160_00),
        Loan("id-LN8M3", "LN8M3", "c1", "active", 2_160_00),
    ),
    balances=(
        Balance("loan.principal:id-LN7K2", 0, 0),
        Balance("loan.interest:id-LN7K2", 0, 0),
        Balance("loan.principal:id-LN8M3", 1_900_00, 0),
        Balance("loan.interest:id-LN8M3", 160_00, 0),
        Balance("wallet:c1", 200_00, 0),
    ),
)

Plant = Callable[[Facts], Facts]


def without_sms(text: str) -> Plant:
    return lambda facts: replace(facts, sms=tuple(sms for sms in facts.sms if not sms.text.startswith(text)))


def with_sms(text: str, at: float, phone: str = PHONE) -> Plant:
    return lambda facts: replace(facts, sms=(*facts.sms, Sms(phone, text, at)))


def with_heard(*more: Heard) -> Plant:
    return lambda facts: replace(facts, heard=(*facts.heard, *more))


def with_moved(*more: Moved) -> Plant:
    return lambda facts: replace(facts, moved=(*facts.moved, *more))


def without_moved(receipt: str) -> Plant:
    return lambda facts: replace(facts, moved=tuple(one for one in facts.moved if one.receipt != receipt))


def with_journal(journal: Journal) -> Plant:
    return lambda facts: replace(facts, journals=(*facts.journals, journal))


def without_journal(identity: str) -> Plant:
    return lambda facts: replace(facts, journals=tuple(one for one in facts.journals if one.id != identity))


def changed(reference: str, **fields: Any) -> Plant:
    def plant(facts: Facts) -> Facts:
        return replace(
            facts,
            operations=tuple(replace(one, **fields) if one.reference == reference else one for one in facts.operations),
        )

    return plant


def without_operation(reference: str) -> Plant:
    return lambda facts: replace(facts, operations=tuple(one for one in facts.operations if one.reference != reference))


def loan_in(state: str) -> Plant:
    return lambda facts: replace(facts, loans=(replace(facts.loans[0], state=state), *facts.loans[1:]))


def balance_of(account: str, posted_cents: int, held_cents: int = 0) -> Plant:
    def plant(facts: Facts) -> Facts:
        others = tuple(one for one in facts.balances if one.account != account)
        return replace(facts, balances=(*others, Balance(account, posted_cents, held_cents)))

    return plant


PLANTED: tuple[tuple[str, str, Plant], ...] = (
    ("what we said we received is never lost", "LN7K2", without_operation("LN7K2")),
    (
        "what we said we received is never lost",
        "PY9Z9",
        with_heard(heard("CON Payment PY9Z9, Ksh 500 for loan LN8M3, is on its way.", session="ATUid_9")),
    ),
    ("a request is its customer's own", "LN7K2", with_heard(heard(LENT, phone=OTHER, session="ATUid_9"))),
    (
        "a request is kept as it was said",
        "LN7K2",
        with_heard(heard(LENT.replace("1,980", "1,880"), session="ATUid_9")),
    ),
    ("nothing is given up", "PY6V1", changed("PY6V1", state="dead", is_open=True)),
    ("no person is needed", "PY6V1", changed("PY6V1", state="parked", is_open=True)),
    ("everything is settled in the end", "PY6V1", changed("PY6V1", state="uncertain", is_open=True)),
    ("everything is settled in the end", "PY6V1", changed("PY6V1", state="queued", is_open=True, put_off_ms=WEEK_MS)),
    ("every movement is explained", "R9", with_moved(payout("R9", "rail-9", 44.0))),
    ("every movement is explained", "R9", with_moved(Moved("R9", "stk", PHONE, 1_00, "LN7K2", "600999", 44.0))),
    ("money moves at most once", "LN7K2", with_moved(payout("R9", "rail-1", 44.0))),
    ("money moves at most once", "PY4T8", with_moved(Moved("R9", "stk", PHONE, 2_460_00, "PY4T8", "600999", 44.0))),
    (
        "what moves is what was agreed",
        "PY6V1",
        with_moved(Moved("R9", "stk", PHONE, 501_00, "PY6V1", "600999", 44.0)),
    ),
    (
        "money moves on the customer's own line",
        "PY6V1",
        with_moved(Moved("R9", "stk", OTHER, 500_00, "PY6V1", "600999", 44.0)),
    ),
    ("the state says whether money moved", "LN7K2", without_moved("R1")),
    ("the state says whether money moved", "LN7K2", changed("LN7K2", state="rejected")),
    ("the state says whether money moved", "PY4T8", changed("PY4T8", state="rejected")),
    ("every movement is booked once", "PY4T8", without_journal("PY4T8-post")),
    (
        "every movement is booked once",
        "LN7K2",
        with_journal(posted("LN7K2", "again", ("transit.payout", 1_980_00), ("mpesa.payout", -1_980_00))),
    ),
    (
        "every movement is booked once",
        "PY6V1",
        with_journal(posted("PY6V1", "post", ("mpesa.collection", 500_00), ("wallet:c1", -500_00))),
    ),
    ("the state says whether the wallet paid", "PY5U9", without_journal("PY5U9-post")),
    ("the state says whether the wallet paid", "PY5U9", changed("PY5U9", state="rejected")),
    ("a loan runs if its money arrived", "LN7K2", without_moved("R1")),
    ("a loan runs if its money arrived", "LN7K2", loan_in("cancelled")),
    ("a loan is closed when nothing is owed", "LN7K2", loan_in("active")),
    ("a loan is closed when nothing is owed", "LN7K2", balance_of("loan.interest:id-LN7K2", 1)),
    ("an answer is a screen", f"{PHONE} ATUid_9 hop 0", with_heard(heard("oops", session="ATUid_9", status=500))),
    ("an answer is a screen", f"{PHONE} ATUid_9 hop 0", with_heard(heard("Hello", session="ATUid_9"))),
    ("an answer comes in time", f"{PHONE} ATUid_9 hop 0", with_heard(heard(session="ATUid_9", ended_at=15.2))),
    (
        "the phone always gets an answer",
        f"{PHONE} ATUid_9 hop 0",
        with_heard(heard("", session="ATUid_9", status=0, error="ServerDisconnectedError")),
    ),
    (
        "a repeated hop gets the same screen",
        f"{PHONE} ATUid_1 hop 0",
        with_heard(heard(MENU.replace("Amina", "Baraka"), sent_at=11.0, ended_at=11.1)),
    ),
    (
        "a repeated hop gets the same screen",
        f"{PHONE} ATUid_1 hop 5",
        with_heard(heard(MENU, hop=5, sent_at=33.0, ended_at=33.1)),
    ),
    ("a screen nobody expects", "driver", lambda facts: replace(facts, unknown_screens=("END Hm.",))),
    ("a message goes to its customer", "LN7K2", with_sms("LN7K2 Confirmed. Ksh 1,980 sent", 25.0, OTHER)),
    ("Confirmed means that money moved", "LN7K2", with_sms("LN7K2 Confirmed. Ksh 1,980 sent", 22.0)),
    ("Confirmed means that money moved", "PY6V1", with_sms("PY6V1 Confirmed. Ksh 500 received", 80.0)),
    ("nobody who paid is told otherwise", "PY4T8", with_sms("PY4T8: Ksh 2,460 not paid. M-PESA was busy", 44.0)),
    ("nobody who paid is told otherwise", "LN7K2", with_sms("Loan LN7K2 cancelled: we could not pay", 44.0)),
    ("everybody is told how it ended", "LN7K2", without_sms("LN7K2 Confirmed")),
    ("everybody is told how it ended", "PY5U9", without_sms("PY5U9 Confirmed")),
    ("everybody is told how it ended", "PY6V1", without_sms("PY6V1: ")),
    ("a journal sums to zero", "X-post", with_journal(posted("X", "post", ("bank", 1), ("opening", -2)))),
    ("books and rail agree to the cent", "mpesa.payout", without_moved("R1")),
    ("books and rail agree to the cent", "mpesa.collection", without_moved("R2")),
    ("books and rail agree to the cent", "transit.payout", without_journal("LN7K2-loan")),
    ("nothing is held for ever", "mpesa.payout", balance_of("mpesa.payout", -3_960_00, 1_980_00)),
    ("a wallet is explained by its dialogues", PHONE, balance_of("wallet:c1", 300_00)),
    (
        "the books prove themselves",
        "nyota books check",
        lambda facts: replace(facts, books_findings=("unbalanced: j1",)),
    ),
)


class TestJudge:
    def test_it_finds_nothing_where_all_sides_agree(self) -> None:
        """Four ledgers that tell the same story have no difference."""
        assert judge(GOOD) == ()

    @pytest.mark.parametrize(("promise", "about", "plant"), PLANTED)
    def test_it_sees_a_planted_difference(self, promise: str, about: str, plant: Plant) -> None:
        """Every kind of broken promise is named, with what it is about."""
        found = judge(plant(GOOD))

        assert (promise, about) in {(difference.promise, difference.about) for difference in found}

    def test_it_names_each_difference_once(self) -> None:
        """A promise broken in the same way on two screens is one difference."""
        found = judge(without_operation("LN7K2")(GOOD))

        assert len(found) == len(set(found))


class TestAllowances:
    def test_whoever_waits_for_an_hour_of_the_day_is_not_unfinished(self) -> None:
        """Nobody is told or paid at night, nor on a Sunday that meets a holiday."""
        assert judge(changed("PY6V1", state="queued", is_open=True, put_off_ms=WEEK_MS // 3)(GOOD)) == ()

    def test_no_answer_is_demanded_of_a_gateway_that_is_down(self) -> None:
        """A connection refused between two lives, or cut by the kill, is what the campaign does itself."""
        refused = heard("", session="ATUid_9", status=0, error="ClientConnectorError", sent_at=31.0, ended_at=31.1)
        cut = replace(refused, sent_at=29.9, ended_at=30.1)

        assert judge(with_heard(refused, cut)(GOOD)) == ()

    def test_no_answer_is_missed_that_the_driver_did_not_wait_for(self) -> None:
        """A try that the driver broke off proves nothing."""
        broken_off = heard("", session="ATUid_9", status=0, error="TimeoutError", given_up=True)

        assert judge(with_heard(broken_off)(GOOD)) == ()

    def test_a_kill_may_take_a_screen_that_was_not_on_disk(self) -> None:
        """After a kill a hop without operation may start again from another screen."""
        again = heard("CON Choose language", sent_at=33.0, ended_at=33.1)

        assert judge(with_heard(again)(GOOD)) == ()

    def test_an_apology_promises_nothing(self) -> None:
        """ "Nyota is slow now" and then the screen is not another answer to the same hop."""
        slow = heard("END Nyota is slow now. If you entered your PIN, do not repeat it", sent_at=11.0, ended_at=11.1)

        assert judge(with_heard(slow)(GOOD)) == ()

    @pytest.mark.parametrize(("taken_back_cents", "is_right"), [(2_461_00, True), (2_460_00, False)])
    def test_what_was_counted_twice_and_taken_back_is_booked_once(self, taken_back_cents: int, is_right: bool) -> None:
        """A confirmation told another sum and went to suspense, before anybody knew which prompt it was of."""
        received = replace(PAYMENT, id="id-R2", reference="R2", kind="payment.received", intent={"receipt": "R2"})
        twice = posted("R2", "post", ("mpesa.collection", 2_461_00), ("suspense", -2_461_00))
        back = posted("PY4T8", "same", ("suspense", taken_back_cents), ("mpesa.collection", -taken_back_cents))
        facts = replace(GOOD, operations=(*GOOD.operations, received), journals=(*GOOD.journals, twice, back))

        assert ("every movement is booked once" not in {each.promise for each in judge(facts)}) == is_right

    def test_a_failure_that_is_corrected_later_is_no_untruth_that_stays(self) -> None:
        """A prompt that was given up, then seen paid: the last word is the true one."""
        too_early = with_sms("PY4T8: M-PESA could not reach your phone for Ksh 2,460", 42.5)

        assert judge(too_early(GOOD)) == ()

    def test_a_payment_may_be_booked_as_one_nobody_was_asked_for(self) -> None:
        """Where the money came in under its receipt alone, that counts as its booking."""
        received = operation("RCR2", "payment.received", {"receipt": "R2", "amount_cents": 2_460_00})
        renamed = tuple(
            replace(journal, operation_id="id-RCR2") if journal.operation_id == "id-PY4T8" else journal
            for journal in GOOD.journals
        )

        assert judge(replace(GOOD, operations=(*GOOD.operations, received), journals=renamed)) == ()


class TestCounts:
    def test_doubled_messages_are_counted(self) -> None:
        """The same text twice on one phone is allowed, and known."""
        assert (
            counts(with_sms("PY5U9 Confirmed. Ksh 100 from your wallet for loan LN8M3", 62.0)(GOOD))["doubledMessages"]
            == 1
        )
