"""A whole house seals by itself, and health says how far it is."""

from pathlib import Path

from gateway.audit.heads import newest
from gateway.audit.keys import Keys
from gateway.audit.lateness import Lateness
from gateway.audit.proof import Trust, proved
from gateway.store.engine import Store
from tests.gateway.audit.vault import KEY, Vault
from tests.house import Houses
from tests.meddling import BORROW, healthy, typed
from tests.servers import wait_until


class TestAtHome:
    async def test_what_customers_do_is_sealed_and_told(self, houses: Houses, tmp_path: Path) -> None:
        """A loan is paid out; soon it is under a seal, the file knows, and everything is proved."""
        heads_file = tmp_path / "outside" / "heads.jsonl"
        house = await houses.build(audit={"key": KEY, "heads_file": heads_file, "seconds": 0.05})
        await typed(house, *BORROW)
        await house.settled()
        async with house.gateway.store.read() as connection:
            written = await house.gateway.books.trial_balance(connection)

        async def is_sealed() -> bool:
            _, report = await healthy(house)
            return bool(report["checks"]["seals"]["waitsSeconds"] == 0 and newest(heads_file, Keys(KEY)))

        await wait_until(is_sealed)
        async with house.gateway.store.read() as connection:
            found = await proved(connection, Trust(Keys(KEY), heads_file))

        assert found == []
        assert written != []

    async def test_without_a_key_nothing_is_sealed(self, houses: Houses) -> None:
        """And health says nothing of it."""
        house = await houses.build(works=False)

        _, report = await healthy(house)

        assert "seals" not in report["checks"]
        assert house.gateway.tools.config.audit.key.get_secret_value() == ""


class TestLateness:
    async def test_what_waits_too_long_degrades(self, fresh_sqlite: str) -> None:
        """Counted from the oldest posting that is not sealed."""
        vault = Vault(store := Store(fresh_sqlite), None)
        await vault.deposit("amina", 500, at=1_000)
        lateness = Lateness(store, lambda: 9_000, most_ms=5_000)

        before = await lateness.check()
        await vault.seal()
        after = await lateness.check()

        assert (before["status"], before["waitsSeconds"], before["at"]) == ("degraded", 8, None)
        assert (after["status"], after["waitsSeconds"], after["seal"]) == ("ok", 0, 3)
        await store.close()
