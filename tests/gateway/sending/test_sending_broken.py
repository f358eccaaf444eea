"""A message that cannot be written is a matter of its own: it holds up no other."""

from gateway.operations.claims import together
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on

STRANGER = "+254722000007"


class TestTogether:
    async def test_one_that_cannot_be_written_parks_alone(self, fresh_sqlite: str) -> None:
        """Its words are gone, or a value is missing; those that were claimed with it leave."""
        async with office_on(fresh_sqlite) as office:
            fine = await put(office, AMINA, "pin.changed")
            broken = await put(office, BARAKA, "no.such.words")
            bare = await put(office, STRANGER, "wallet.deposited")

            works = await office.shop.worker.claim(10, together({"sms.send"}))
            await office.shop.worker.work_together(works)

            assert {work.reference for work in works} == {fine, broken, bare}
            assert (await office.operation(fine)).state == "done"
            assert (await office.operation(broken)).state == "parked"
            assert (await office.operation(bare)).state == "parked"


async def put(office: Office, phone: str, template: str) -> str:
    intent = {"template": template, "to": phone, "values": {}, "language": "en"}
    return await office.put("sms.send", intent, prefix="SM")
