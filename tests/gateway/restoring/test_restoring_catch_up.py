"""What a restored back office asks and does, with a rail that remembers what the database has forgotten."""

import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flows.loans import quoted as as_values
from flows.turn import Operation, reference
from gateway.accounts.audit import Deed
from gateway.clock import local_date
from gateway.facts.loans import quoted
from gateway.playbooks.catch_up import CatchUp, ReceivedStep, Thoroughness
from gateway.rails.contract import Result
from gateway.rails.hand import Hand, Refused
from gateway.rails.pauses import EVERY
from gateway.reconciling.taking import Bounds, Shortcodes, Taking
from gateway.restoring import records
from gateway.restoring.asking import KIND, asked
from gateway.restoring.records import Restore
from gateway.store.copies import copied
from gateway.store.engine import Store
from gateway.store.tables import callbacks
from tests.gateway.rails_flow.office import AMINA, BARAKA, PATIENCE, Office, Shop
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

HOUR_MS = 3_600_000
PART = 500_00
HAND = Hand(("daraja",), {"collect": 50.0, "disburse": 100.0})
THOROUGHNESS = Thoroughness(
    questions=3, wait_ms=HOUR_MS, margin_ms=HOUR_MS, every_ms=100.0, look_ms=10_000, answer_ms=24 * HOUR_MS
)


class Machine:
    """A back office on an SQLite file, of which copies are kept and put back."""

    def __init__(self, folder: Path, file: Path) -> None:
        self._folder = folder
        self._stores: list[Store] = []
        self.office = Office(self._opened(file))
        self._file = file
        self._wired()

    def kept(self) -> Path:
        """A copy of the database as it is now."""
        copy = self._folder / "kept.db"
        copied(self._file, copy)
        return copy

    async def restored(self, copy: Path) -> Restore:
        """The machine dies and comes back with the copy; the rail has forgotten nothing."""
        dead = self.office
        self._file = shutil.copyfile(copy, self._folder / f"back{len(self._stores)}.db")
        self.office = Office(self._opened(self._file))
        self.office.clock, self.office.rail, self.office.sms = dead.clock, dead.rail, dead.sms
        self.office.rail.outbox.clear()
        self.office.shop = Shop(self.office.store, self.office.rail, self.office.sms, self.office.clock)
        self._wired()
        async with self.office.store.begin() as connection:
            return await records.marked(connection, self.deed("the disk died"))

    def deed(self, why: str) -> Deed:
        return Deed("jane", "jane", why, "", self.office.clock())

    async def caught_up(self, *, looks: int = 400) -> Restore:
        """Ask the rail, with time going by, until there is a report, or nobody looks any more."""
        office = self.office
        async with office.store.begin() as connection:
            restore = await records.latest(connection)
            assert restore is not None
            await asked(connection, office.shop.outbox, restore, str(uuid.uuid4()))
            await records.became(connection, restore.id, "catching_up", office.clock())
        for _ in range(looks):
            await office.drained()
            await office.told()
            async with office.store.read() as connection:
                restore = await records.latest(connection)
            assert restore is not None
            if restore.is_caught_up:
                break
            office.clock.turn(10_000)
        return restore

    async def resumed(self, *, anyway: bool = False) -> Refused | None:
        async with self.office.store.begin() as connection:
            return await HAND.resume(connection, EVERY, ("disburse",), self.deed("all is known"), anyway=anyway)

    async def close(self) -> None:
        for store in self._stores:
            await store.close()

    def _opened(self, file: Path) -> Store:
        self._stores.append(Store(f"sqlite+aiosqlite:///{file}", busy_seconds=30))
        return self._stores[-1]

    def _wired(self) -> None:
        office, shop = self.office, self.office.shop
        bounds = Bounds(72 * HOUR_MS, 24 * HOUR_MS)
        taking = Taking(shop.callbacks, shop.books, Shortcodes(SHORTCODE, "600998"), bounds)
        received = ReceivedStep(office.rail, office.store, taking, office.clock, margin_ms=THOROUGHNESS.margin_ms)
        shop.playbooks[KIND] = CatchUp(office.rail, taking, THOROUGHNESS).playbook(received)


@pytest.fixture
async def machine(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path, shutil.copyfile(migrated_sqlite, tmp_path / "nyota.db"))
    await machine.office.open()
    yield machine
    await machine.close()


class TestPayoutsOfBefore:
    async def test_one_that_was_paid_after_the_point_is_found_paid(self, machine: Machine) -> None:
        """It had not left us, as far as the copy knows; the rail is asked, and says it did."""
        loan = await machine.office.borrow()
        copy = machine.kept()
        await machine.office.settled()
        await machine.restored(copy)

        report = (await machine.caught_up()).report

        assert (report["paid"], report["open"], report["unknown"]) == ([loan], [], [])
        assert (await machine.office.operation(loan)).state == "done"
        assert machine.office.rail.calls.count("disburse") == 1
        await machine.office.prove()

    async def test_one_that_never_left_goes_out_once_when_a_person_says_so(self, machine: Machine) -> None:
        """Until then the rail is asked and nothing is sent, however long that takes."""
        loan = await machine.office.borrow()
        await machine.restored(machine.kept())

        report = (await machine.caught_up()).report
        while_stopped = list(machine.office.rail.calls)
        await machine.resumed()
        await machine.office.settled()

        assert report["open"] == [loan]
        assert "disburse" not in while_stopped
        assert while_stopped.count("status") >= THOROUGHNESS.questions
        assert (await machine.office.operation(loan)).state == "done"
        assert machine.office.rail.calls.count("disburse") == 1
        await machine.office.prove()

    async def test_one_that_was_sent_before_and_answered_after_the_point(self, machine: Machine) -> None:
        """The callback was taken by the history that is forgotten."""
        machine.office.rail.tells = 0
        loan = await machine.office.borrow()
        await machine.office.drained()
        copy = machine.kept()
        await machine.office.settled()
        await machine.restored(copy)

        report = (await machine.caught_up()).report

        assert report["paid"] == [loan]
        assert machine.office.rail.calls.count("disburse") == 1
        await machine.office.prove()

    async def test_a_rail_that_says_nothing_leaves_it_open(self, machine: Machine) -> None:
        """The report is made all the same, and names it; resumed by a person the rail refuses to pay it twice."""
        loan = await machine.office.borrow()
        copy = machine.kept()
        await machine.office.settled()
        await machine.restored(copy)
        machine.office.rail.knows = False

        report = (await machine.caught_up()).report
        await machine.resumed()
        machine.office.clock.turn(HOUR_MS)
        await machine.office.drained()
        machine.office.rail.knows = True
        await machine.office.settled()

        assert report["open"] == [loan]
        assert (await machine.office.operation(loan)).state == "done"
        assert machine.office.rail.cents("b2c") == 1_980_00
        await machine.office.prove()


class TestWhatIsForgotten:
    async def test_a_turn_that_comes_again_has_the_same_id_at_the_rail(self, machine: Machine) -> None:
        """The phone goes on with its session, the operation with its name: the rail pays it once."""
        copy = machine.kept()
        identity = str(uuid.uuid4())
        loan = await again(machine, identity)
        await machine.office.settled()
        await machine.restored(copy)
        await machine.caught_up()

        await again(machine, identity)
        await machine.resumed()
        await machine.office.settled()

        assert (await machine.office.operation(loan)).state == "done"
        assert len([each for each in machine.office.rail.book if each.kind == "b2c"]) == 1
        await machine.office.prove()

    async def test_an_id_of_before_never_carries_other_money(self, machine: Machine) -> None:
        """What the rail says of another amount settles nothing: it stays in doubt until a person decides."""
        copy = machine.kept()
        identity = str(uuid.uuid4())
        await again(machine, identity)
        await machine.office.settled()
        await machine.restored(copy)
        await machine.caught_up()

        other = await again(machine, identity, cents=3_000_00)
        await machine.resumed()
        for _ in range(10):
            await machine.office.drained()
            await machine.office.told()
            machine.office.clock.turn(HOUR_MS)

        row = await machine.office.operation(other)
        assert (row.state, row.step) == ("uncertain", "disburse")
        assert len([each for each in machine.office.rail.book if each.kind == "b2c"]) == 1

    async def test_payments_since_the_point_are_credited_once(self, machine: Machine) -> None:
        """From the rail's own list; the confirmation that comes again changes nothing."""
        loan = await machine.office.lent()
        copy = machine.kept()
        await machine.office.receive(machine.office.rail.pay_paybill(AMINA, PART, loan))
        await machine.office.settled()
        await machine.restored(copy)

        report = (await machine.caught_up()).report
        confirmation = machine.office.rail.confirmation(machine.office.rail.book[-1])
        verdict = await machine.office.receive(confirmation)
        await machine.office.settled()

        assert (report["listed"], report["credited"]) == (1, 1)
        assert verdict == "repeated"
        assert await machine.office.owed(loan) == 2_160_00 - PART
        await machine.office.prove()

    async def test_a_list_that_is_closed_for_a_while_is_waited_for(self, machine: Machine) -> None:
        """Nothing is called caught up before it was read."""
        loan = await machine.office.lent()
        copy = machine.kept()
        await machine.office.receive(machine.office.rail.pay_paybill(AMINA, PART, loan))
        await machine.restored(copy)
        machine.office.rail.lists = False
        closed = await machine.caught_up(looks=50)
        machine.office.rail.lists = True

        opened = await machine.caught_up()
        await machine.office.settled()

        assert (closed.state, closed.report) == ("catching_up", {})
        assert opened.is_caught_up
        assert await machine.office.owed(loan) == 2_160_00 - PART

    async def test_a_prompt_of_before_is_not_raised_again(self, machine: Machine) -> None:
        """It may be on the phone's list of paid ones: the rail's list says so."""
        loan = await machine.office.lent()
        payment = await machine.office.prompt(loan, PART)
        copy = machine.kept()
        await machine.office.settled()
        prompts = machine.office.rail.calls.count("collect")
        await machine.restored(copy)

        report = (await machine.caught_up()).report

        assert report["paid"] == [payment]
        assert machine.office.rail.calls.count("collect") == prompts
        assert await machine.office.owed(loan) == 2_160_00 - PART
        await machine.office.prove()

    async def test_a_payout_that_only_the_rail_knows_is_named_and_has_a_case(self, machine: Machine) -> None:
        """Its result comes on a path that is forgotten; making the report again names it once."""
        copy = machine.kept()
        await machine.office.borrow(customer=BARAKA)
        await machine.office.drained()
        news = next(each for each in machine.office.rail.outbox if each.purpose == "b2c/result")
        moved = machine.office.rail.book[-1]
        await machine.restored(copy)
        assert await machine.office.receive(news) == "forged"

        await machine.caught_up()
        [unknown] = (await machine.caught_up()).report["unknown"]

        assert (unknown["receipt"], unknown["amount"]) == (moved.receipt, f"{moved.cents / 100:.2f}")
        assert await machine.office.cases() == ["reconciliation"]

    @pytest.mark.parametrize("body", ["{}", '{"kind": "done"}'])
    async def test_what_is_no_result_names_nothing(self, machine: Machine, body: str) -> None:
        """Anybody may post something at an address."""
        await machine.restored(machine.kept())
        async with machine.office.store.begin() as connection:
            await connection.execute(
                callbacks.insert().values(
                    rail="daraja",
                    purpose="b2c/result",
                    token="f" * 32,
                    body=body,
                    source="?",
                    verdict="forged",
                    received_at=machine.office.clock(),
                )
            )

        assert (await machine.caught_up()).report["unknown"] == []

    async def test_a_refusal_on_a_forgotten_path_is_no_money(self, machine: Machine) -> None:
        """Only what was paid is missing from the books."""
        await machine.restored(machine.kept())
        refused = Result("refused", "1", "refused", "float", our_id=str(uuid.uuid4()))
        await machine.office.receive(machine.office.rail.callback("b2c/result", "e" * 32, refused))

        assert (await machine.caught_up()).report["unknown"] == []


class TestTheStop:
    async def test_payouts_stay_stopped_until_it_is_caught_up_with(self, machine: Machine) -> None:
        """A person lets them go, knowing the report; in need also before, and that is on the record."""
        await machine.restored(machine.kept())

        early = await machine.resumed()
        await machine.caught_up()
        late = await machine.resumed()

        assert early is not None
        assert early.name == "not-caught-up"
        assert late is None

    async def test_in_need_they_go_before(self, machine: Machine) -> None:
        """It has to be said."""
        await machine.restored(machine.kept())

        assert await machine.resumed(anyway=True) is None

    async def test_what_is_asked_for_meanwhile_waits_and_is_paid(self, machine: Machine) -> None:
        """It is newer than the mark: nobody needs to ask about it."""
        await machine.restored(machine.kept())
        machine.office.clock.turn(1_000)
        loan = await machine.office.borrow()

        await machine.caught_up()
        before = list(machine.office.rail.calls)
        await machine.resumed()
        await machine.office.settled()

        assert "disburse" not in before
        assert "status" not in before
        assert (await machine.office.operation(loan)).state == "done"
        await machine.office.prove()

    async def test_a_pause_in_force_for_another_reason_stays(self, machine: Machine) -> None:
        """Marked twice is stopped once; the point is the last thing the copy knows of."""
        await machine.office.lent()
        known = machine.office.clock()
        copy = machine.kept()
        machine.office.clock.turn(HOUR_MS)

        restore = await machine.restored(copy)
        async with machine.office.store.begin() as connection:
            again = await records.marked(connection, machine.deed("once more"))

        assert restore.point == again.point <= known
        assert known - restore.point < PATIENCE.slow_ms


async def again(machine: Machine, identity: str, cents: int = 2_000_00) -> str:
    """A loan by the id that its turn gives it."""
    shop, named = machine.office.shop, reference("LN", identity)
    quote = as_values(quoted(shop.portfolio.products["quick"], cents, local_date(machine.office.clock())))
    intent = {"product": "quick", "quote": quote}
    async with machine.office.store.begin() as connection:
        await shop.outbox.put(connection, Operation(identity, "loan.disburse", named, AMINA, intent))
    return named
