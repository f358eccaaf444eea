"""The letter to finance: one day's figures, in either language; and what becomes of it when the server is away."""

from datetime import date

import pytest

from gateway import dialogue
from gateway.config import Config, Mail
from gateway.mail import Mailer
from gateway.operations.outcome import Done, Refused, Retry
from gateway.operations.playbook import Work
from gateway.playbooks.reconcile import Told
from gateway.playbooks.reconcile_mail import FinanceMailStep, values_of
from gateway.reconciling import days
from gateway.reconciling.comparing import Compared, Sums
from gateway.store.engine import Store
from tests.gateway.postoffice import PostOffice, opened

DAY = date(2026, 8, 5)
COLLECTED = Compared(
    shortcode="600999", is_covered=True, theirs_in=Sums(2, 450_00), theirs_out=Sums(), charges=Sums(1, 5_00),
    moved=Sums(), ours_in=Sums(1, 250_00), ours_out=Sums(), closing_cents=445_00, books_cents=250_00, new=1, healed=0,
    pending=1, resolved=0, ignored=0,
)  # fmt: skip


def work(day: date = DAY) -> Work:
    return Work(
        1, "op", "MLXXXXX", "reconcile.mail", "", {"day": day.isoformat()}, "queued", "send", 0, 0, {}, 0, None, 1
    )


def step(store: Store, mail: Mail) -> FinanceMailStep:
    catalogue = dialogue.catalogue_of(Config())
    told = Told("finance@example.com", "", "en")
    return FinanceMailStep(Mailer(mail), store, lambda: catalogue, lambda: 1_785_000_000_000, told)


@pytest.mark.parametrize("language", ["en", "sw"])
def test_the_letter_has_both_sides_and_what_lies_between(language: str) -> None:
    """Figures, whether the day is covered, balances and their difference."""
    values = values_of(DAY, [COLLECTED], date(2026, 8, 6))

    subject, body = dialogue.catalogue_of(Config()).mail(language, "reconciled", values)

    assert "1" in subject
    for figure in ("Ksh 450", "Ksh 250", "KES 5.00", "600999 +", "KES 445.00", "(KES 195.00)"):
        assert figure in body


async def test_it_is_written_of_the_newest_result(fresh_sqlite: str) -> None:
    """To the address of the configuration; a day that was not compared has no letter."""
    store = Store(fresh_sqlite)
    async with store.begin() as connection:
        await days.kept(connection, DAY, [COLLECTED], 0)
    office = PostOffice()

    async with opened(office) as settings:
        came_to = await step(store, settings).attempt(work())
        without = await step(store, settings).attempt(work(date(2026, 8, 4)))

    assert isinstance(came_to, Done)
    assert isinstance(without, Refused)
    assert [letter["To"] for letter in office.letters] == ["finance@example.com"]
    await store.close()


async def test_a_server_that_is_away_is_waited_for(fresh_sqlite: str, unused_tcp_port: int) -> None:
    """Nothing was handed over: it is tried again."""
    store = Store(fresh_sqlite)
    async with store.begin() as connection:
        await days.kept(connection, DAY, [COLLECTED], 0)

    came_to = await step(store, Mail(host="127.0.0.1", port=unused_tcp_port, tls="none")).attempt(work())

    assert isinstance(came_to, Retry)
    assert came_to.is_outage
    await store.close()
