"""What staff do to the accounts of others, over HTTP and from their phones: recorded, limited, never for themselves."""

from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from gateway.demo import PEOPLE
from gateway.store.tables import customers, operations
from tests.house import House, Houses
from tests.meddling import AMINA, BARAKA, typed
from tests.servers import wait_until

JANE, TOM = "+254711000009", "+254711000010"
AMINA_ID, BARAKA_ID = PEOPLE[0].national_id, PEOPLE[1].national_id
STAFF = ("10", "6058")
FREE = "+254711000066"


async def post(house: House, path: str, **body: Any) -> tuple[int, Any]:
    return await house.ops("POST", path, json={"by": "Tom Ops", **body})


async def shown(house: House, phone: str = AMINA) -> dict[str, Any]:
    status, body = await house.ops("GET", f"/api/customers/{phone}?by=Tom%20Ops")
    assert status == 200, body
    return dict(body)


async def done(house: House, phone: str = AMINA) -> list[str]:
    """What was done to somebody, the newest first, without the looking."""
    _, body = await house.ops("GET", f"/api/staff/actions?phone={phone}")
    return [action["action"] for action in body["actions"] if action["action"] != "look_up"]


async def templates(house: House, phone: str) -> list[str]:
    return [row.intent["template"] for row in await house.operations("sms.send") if row.intent["to"] == phone]


async def second_officer(house: House) -> None:
    """Tom, whose PIN is Jane's too."""
    async with house.gateway.store.begin() as connection:
        await connection.execute(
            insert(customers).values(
                id="tom", msisdn=TOM, name="Tom Odhiambo", national_id="26789123", language="en", role="officer",
                state="active", pin_hash=await house.gateway.hashes.made("6058"), created_at=0,
            )
        )  # fmt: skip


class TestPausing:
    async def test_a_paused_account_is_told_so_and_opened_again(self, house: House) -> None:
        """Its owner gets no menu meanwhile, and an SMS each time."""
        assert (await post(house, f"/api/customers/{AMINA}/deactivate", reason="phone stolen"))[0] == 200
        assert "END Your Nyota account is paused. Your money is safe." in await typed(house)
        assert (await post(house, f"/api/customers/{AMINA}/activate"))[0] == 200
        assert "Nyota: Amina" in await typed(house, session="ATUid_2")

        assert await done(house) == ["activate", "deactivate"]
        assert await templates(house, AMINA) == ["account.paused", "account.opened"]

    async def test_a_session_that_was_open_accepts_nothing_more(self, house: House) -> None:
        """The pause counts from its moment on, not from the next dial."""
        await typed(house, "2", "1", "2000", "1")
        await post(house, f"/api/customers/{AMINA}/deactivate", reason="phone stolen")

        screen = await house.hop("2*1*2000*1*4826")

        assert screen.startswith("END Your Nyota account is paused.")
        assert await house.operations("loan.disburse") == []

    async def test_twice_is_refused(self, house: House) -> None:
        """With a reason that programs can read."""
        await post(house, f"/api/customers/{AMINA}/deactivate", reason="phone stolen")
        status, body = await post(house, f"/api/customers/{AMINA}/deactivate", reason="phone stolen")

        assert status == 409
        assert body["type"].endswith(":state")

    async def test_a_reason_is_needed(self, house: House) -> None:
        """Pausing somebody is not done lightly."""
        assert (await post(house, f"/api/customers/{AMINA}/deactivate"))[0] == 422


class TestPins:
    async def test_a_reset_lets_the_phone_choose_once(self, house: House) -> None:
        """And no money leaves for some days."""
        await post(house, f"/api/customers/{AMINA}/reset-pin", reason="forgotten")
        assert (await shown(house))["hasPin"] is False
        assert "Choose a new Nyota PIN" in await typed(house)
        assert "END Your new Nyota PIN is set." in await typed(house, "7786", "7786")
        after = await shown(house)

        assert after["hasPin"] is True
        assert after["outgoingFrom"] is not None
        assert "Wallet Ksh" in await typed(house, "1", "7786", session="ATUid_2")
        assert await templates(house, AMINA) == ["pin.reset", "pin.changed"]

    async def test_whoever_does_not_choose_keeps_the_menu_and_may_repay(self, house: House) -> None:
        """A debt can be paid without a PIN; what needs one is locked."""
        await post(house, f"/api/customers/{AMINA}/reset-pin", reason="forgotten")
        await typed(house)

        assert "CON Nyota: Amina" in await house.hop("00")
        assert "Enter Nyota PIN" in await house.hop("00*1")
        assert "Nyota PIN locked" in await house.hop("00*1*4826")

    async def test_too_late_is_too_late(self, houses: Houses) -> None:
        """An opening is good for its hours only."""
        house = await houses.build(works=False)
        await post(house, f"/api/customers/{AMINA}/reset-pin", reason="forgotten")
        async with house.gateway.store.begin() as connection:
            await connection.execute(text("UPDATE pin_openings SET until = 1"))

        assert "CON Nyota: Amina" in await typed(house)

    async def test_a_locked_pin_is_unlocked_and_one_that_is_not_is_left(self, house: House) -> None:
        """The PIN they know works again."""
        assert (await post(house, f"/api/customers/{AMINA}/unlock"))[0] == 409
        assert "locked until" in await typed(house, "1", "1111", "1112", "1113")
        assert (await shown(house))["pinLocked"] is True
        assert (await post(house, f"/api/customers/{AMINA}/unlock"))[0] == 200

        assert "Wallet Ksh" in await typed(house, "1", "4826", session="ATUid_2")


class TestOfficers:
    async def test_customers_have_no_such_line(self, house: House) -> None:
        """Neither shown nor found by its digits, nor dialled ahead."""
        assert "10 " not in await typed(house)
        assert (await house.hop("10")).startswith("CON Choose 1-")

    async def test_one_who_is_no_officer_any_more_can_do_nothing(self, house: House) -> None:
        """The menu of a session only shows; the act looks again."""
        await typed(house, *STAFF, "1", "0711000001", "3", AMINA_ID, phone=JANE)
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.msisdn == JANE).values(role="customer"))

        screen = await house.hop(f"10*6058*1*0711000001*3*{AMINA_ID}*6058", phone=JANE)

        assert screen.startswith("END Nyota is slow now.")
        assert (await shown(house))["hasPin"] is True

    async def test_every_look_is_recorded_and_counted(self, houses: Houses) -> None:
        """With who looked."""
        house = await houses.build(works=False, staff={"look_ups_a_day": 1})
        await typed(house, *STAFF, "1", "0711000001", phone=JANE)
        _, body = await house.ops("GET", "/api/staff/actions")

        assert [(each["by"], each["action"], each["phone"]) for each in body["actions"]] == [
            ("Jane Muthoni", "look_up", AMINA)
        ]
        again = await typed(house, *STAFF, "1", phone=JANE, session="ATUid_2")
        assert again.startswith("END That was often enough today.")


class TestTheRecord:
    @pytest.mark.parametrize("change", ["UPDATE staff_actions SET reason = 'x'", "DELETE FROM staff_actions"])
    async def test_it_stays(self, houses: Houses, change: str) -> None:
        """The database itself refuses to change it."""
        house = await houses.build(works=False)
        await post(house, f"/api/customers/{AMINA}/tier", tier=3, reason="identity seen")

        with pytest.raises(DBAPIError, match="staff_actions"):
            async with house.gateway.store.begin() as connection:
                await connection.execute(text(change))
        _, body = await house.ops("GET", "/api/staff/actions")
        assert [(each["reason"], each["detail"]["to"]) for each in body["actions"]] == [("identity seen", 3)]

    async def test_on_sqlite_it_is_not_replaced_either(self, house: House) -> None:
        """A row that is replaced is deleted without its guard being asked."""
        await post(house, f"/api/customers/{AMINA}/tier", tier=3, reason="identity seen")
        forged = text(
            'INSERT OR REPLACE INTO staff_actions (id, "by", action, reason, detail, at)'
            " SELECT id, 'nobody', action, reason, detail, at FROM staff_actions LIMIT 1"
        )

        with pytest.raises(DBAPIError, match="not replaced"):
            async with house.gateway.store.begin() as connection:
                await connection.execute(forged)
        _, body = await house.ops("GET", "/api/staff/actions")
        assert [each["by"] for each in body["actions"]] != ["nobody"]

    async def test_it_is_read_page_by_page(self, house: House) -> None:
        """The newest first; `before` asks for those before."""
        for tier in (1, 2, 3):
            await post(house, f"/api/customers/{AMINA}/tier", tier=tier, reason="identity seen")
        _, first = await house.ops("GET", "/api/staff/actions?limit=2")
        last = first["actions"][-1]["id"]
        _, second = await house.ops("GET", f"/api/staff/actions?before={last}")

        assert [each["detail"]["to"] for each in (*first["actions"], *second["actions"])] == [3, 2, 1]


class TestPrompts:
    async def test_it_says_who_asks_and_shows_what_becomes_of_it(self, house: House) -> None:
        """SMS first, then the prompt; paid in the end."""
        status, asked = await post(house, "/api/prompts", phone="0711000001", amount="500", loan="LN7K2QD")
        assert status == 202

        async def is_paid() -> bool:
            return bool((await house.ops("GET", f"/api/prompts/{asked['reference']}"))[1]["state"] == "paid")

        await wait_until(is_paid, 20)
        assert (await templates(house, AMINA))[0] == "prompt.asked"
        _, listed = await house.ops("GET", "/api/prompts?by=Tom%20Ops")
        assert [each["reference"] for each in listed["prompts"]] == [asked["reference"]]

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"amount": "5000", "loan": "LN7K2QD"}, 409),
            ({"amount": "500", "loan": "LN22222"}, 409),
            ({"amount": "0.50", "loan": "LN7K2QD"}, 422),
            ({"amount": "many", "loan": "LN7K2QD"}, 422),
        ],
    )
    async def test_only_an_own_debt_and_no_more_than_it(self, house: House, body: dict[str, str], status: int) -> None:
        """Nobody is asked for somebody else's money."""
        assert (await post(house, "/api/prompts", phone=AMINA, **body))[0] == status
        assert await house.operations("repay.stk") == []

    async def test_one_at_a_time_and_so_many_a_day(self, houses: Houses) -> None:
        """Asking is not pestering."""
        house = await houses.build(works=False, staff={"prompts_a_day_each": 1})
        first = await post(house, "/api/prompts", phone=AMINA, amount="500", loan="LN7K2QD")
        second = await post(house, "/api/prompts", phone=AMINA, amount="500", loan="LN7K2QD")

        assert (first[0], second[0]) == (202, 409)
        assert len(await house.operations("repay.stk")) == 1

    async def test_one_that_could_not_be_sent_in_time_comes_no_more(self, houses: Houses) -> None:
        """Nobody remembers by then who asked."""
        house = await houses.build(works=False, staff={"prompt_notice_seconds": 600})
        _, asked = await post(house, "/api/prompts", phone=AMINA, amount="500", loan="LN7K2QD")
        await _is_due(house, "prompt.end")
        await house.gateway.worker.drain()

        _, found = await house.ops("GET", f"/api/prompts/{asked['reference']}")
        assert found["state"] == "expired"
        assert await house.outside.prompts(AMINA) == []
        assert (await house.operation(asked["reference"])).state == "rejected"

    async def test_one_that_was_sent_is_left_to_the_rail(self, houses: Houses) -> None:
        """Only asking tells what became of it."""
        house = await houses.build(works=False)
        _, asked = await post(house, "/api/prompts", phone=AMINA, amount="500", loan="LN7K2QD")
        await house.gateway.worker.drain()
        await _is_due(house, "prompt.end")
        await house.gateway.worker.drain()

        _, found = await house.ops("GET", f"/api/prompts/{asked['reference']}")
        assert found["state"] in {"asked", "paid"}


class TestLostLines:
    async def test_two_officers_move_it(self, house: House) -> None:
        """The one who asked cannot be the second; both lines are told; the PIN stays."""
        await second_officer(house)
        await typed(house, *STAFF, "3", AMINA_ID, "0711000066", "6058", phone=JANE)
        await _waits(house)
        assert "4 Confirm" not in await typed(house, *STAFF, phone=JANE, session="ATUid_2")
        screen = await typed(house, *STAFF, "4", "1", phone=TOM)
        assert "AMINA W., ID ends 789: from 0711***001 to 0711***066? Asked by JANE M." in screen
        assert "Enter your Nyota PIN" in await house.hop("10*6058*4*1*1", phone=TOM)
        assert "confirmed. The account moves now" in await house.hop("10*6058*4*1*1*6058", phone=TOM)
        await _over(house)

        assert "Nyota: Amina" in await typed(house, phone=FREE)
        assert "Choose language" in await typed(house, session="ATUid_3")
        assert "account.moved_old" in await templates(house, AMINA)
        assert "account.moved_new" in await templates(house, FREE)
        assert (await shown(house, FREE))["outgoingFrom"] is not None

    async def test_what_was_open_on_the_old_line_accepts_nothing_more(self, house: House) -> None:
        """A thief's session ends with the line."""
        await typed(house, "2", "1", "2000", "1")
        await _moved(house)

        assert (await house.hop("2*1*2000*1*4826")).startswith("END This line's Nyota account has changed meanwhile.")
        assert await house.operations("loan.disburse") == []

    async def test_one_person_is_not_enough(self, house: House) -> None:
        """Over HTTP as on the phone."""
        await _asked(house)
        status, body = await post(house, f"/api/customers/{AMINA}/line/confirm")

        assert (status, body["type"]) == (409, "urn:nyota:problem:oneself")
        assert (await shown(house))["phone"] == AMINA

    async def test_a_no_changes_nothing(self, house: House) -> None:
        """And ends it."""
        await _asked(house)
        answer = await post(house, f"/api/customers/{AMINA}/line/confirm", by="Ann Ops", decision="decline")
        await _over(house)

        assert answer[0] == 200
        assert (await shown(house))["phone"] == AMINA
        assert (await house.operations("line.lost"))[0].state == "rejected"

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            ({"nationalId": BARAKA_ID, "newPhone": FREE}, "identity"),
            ({"nationalId": AMINA_ID, "newPhone": BARAKA}, "taken"),
        ],
    )
    async def test_who_and_where_to_must_be_right(self, house: House, body: dict[str, str], problem: str) -> None:
        """A wrong identity number, or a line that somebody has."""
        status, answer = await post(house, f"/api/customers/{AMINA}/line", reason="phone lost", **body)

        assert (status, answer["type"]) == (409, f"urn:nyota:problem:{problem}")


class TestOverHttp:
    @pytest.mark.parametrize("path", ["deactivate", "reset-pin", "unlock", "statement", "tier", "line"])
    async def test_only_operators(self, house: House, path: str) -> None:
        """Without the token nothing is looked at."""
        async with house.http.post(f"{house.url}/api/customers/{AMINA}/{path}", json={"by": "Tom Ops"}) as answer:
            assert answer.status == 401

    async def test_nobody_on_a_line_is_not_found(self, house: House) -> None:
        """Nor is what is no phone."""
        assert (await house.ops("GET", "/api/customers/0711000098?by=Tom"))[0] == 404
        assert (await house.ops("GET", "/api/customers/hello?by=Tom"))[0] == 422
        assert (await house.ops("GET", f"/api/customers/{AMINA}"))[0] == 422

    async def test_a_statement_goes_to_the_customer(self, house: House) -> None:
        """Not into the answer."""
        status, body = await post(house, f"/api/customers/{AMINA}/statement")

        assert status == 200
        assert "5,000" not in str(body)
        assert await templates(house, AMINA) == ["account.statement"]
        assert (await post(house, f"/api/customers/{AMINA}/statement", channel="email"))[0] == 409


async def _asked(house: House) -> None:
    body = {"nationalId": AMINA_ID, "newPhone": FREE, "reason": "phone lost"}
    assert (await post(house, f"/api/customers/{AMINA}/line", **body))[0] == 200
    await _waits(house)


async def _moved(house: House) -> None:
    await _asked(house)
    assert (await post(house, f"/api/customers/{AMINA}/line/confirm", by="Ann Ops"))[0] == 200
    await _over(house)


async def _waits(house: House) -> None:
    """Until a lost line waits for the second person."""

    async def is_waiting() -> bool:
        return all(row.step == "decision" for row in await house.operations("line.lost"))

    await wait_until(is_waiting)


async def _over(house: House) -> None:
    """Until the lost line is settled one way or the other."""

    async def is_over() -> bool:
        return not any(row.is_open for row in await house.operations("line.lost"))

    await wait_until(is_over)


async def _is_due(house: House, kind: str) -> None:
    async with house.gateway.store.begin() as connection:
        await connection.execute(update(operations).where(operations.c.kind == kind).values(due_at=0))
