"""The link that ends letters: whose it is, how long, and that nobody can make one."""

from collections.abc import AsyncIterator

import pytest

from gateway.papers.unsubscribing import PATH, Unsubscribing
from gateway.store.engine import Store
from tests.gateway.rails_flow.office import START, Hands

DAY_MS = 86_400_000
AMINA = "7d0d52f4-5f0c-5d0a-9c26-0b6f6c1f2a11"


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def store(fresh_sqlite: str) -> AsyncIterator[Store]:
    store = Store(fresh_sqlite)
    yield store
    await store.close()


@pytest.fixture
def unsubscribing(store: Store, clock: Hands) -> Unsubscribing:
    return Unsubscribing(store, clock, pepper="pepper", base="https://nyota.example", days=60)


def token_of(link: str) -> str:
    return link.removeprefix(f"https://nyota.example{PATH}")


class TestLinks:
    def test_one_leads_to_whom_it_was_written(self, unsubscribing: Unsubscribing) -> None:
        """Whatever their id looks like."""
        for customer in (AMINA, "+254711000001", "amina"):
            assert unsubscribing.owner(token_of(unsubscribing.link(customer, START))) == customer

    def test_it_is_good_for_its_days(self, unsubscribing: Unsubscribing, clock: Hands) -> None:
        """And not one more."""
        token = token_of(unsubscribing.link(AMINA, START))

        clock.turn(60 * DAY_MS)
        assert unsubscribing.owner(token) == AMINA
        clock.turn(DAY_MS)
        assert unsubscribing.owner(token) is None

    async def test_what_we_did_not_write_ends_nothing(self, store: Store, unsubscribing: Unsubscribing) -> None:
        """Also one of another key, one that is cut, and what is no token at all."""
        token = token_of(unsubscribing.link(AMINA, START))
        other = Unsubscribing(store, Hands(), pepper="other", base="", days=60)
        last = token[:-1] + ("A" if token[-1] != "A" else "Q")
        first = ("B" if token[0] != "B" else "C") + token[1:]

        for wrong in (other.token(AMINA, 60_000), last, first, token[:-4], "", "é", "a", "x" * 500):
            assert not await unsubscribing.stopped(wrong)
