"""Writing SMS to a house as a carrier hands them over, and reading what comes back."""

import re
from itertools import count
from typing import Any

from sqlalchemy import select

from gateway.store import customers
from gateway.texting.tables import inbound
from tests.house import House
from tests.servers import wait_until

AMINA, BARAKA, NOBODY = "+254711000001", "+254711000002", "+254711000003"
CODE = re.compile(r"\b(\d{6})\b")
AT_ONCE = {"delivery_seconds": 0.0}


async def who(house: House, line: str) -> Any:
    async with house.gateway.store.read() as connection:
        return await customers.on_line(connection, line)


class Pen:
    """Somebody's phone, for SMS only."""

    def __init__(self, house: House, line: str = AMINA) -> None:
        self.house = house
        self.line = line
        self._numbers = count(1)

    async def post(self, text: str, *, provider: str = "africastalking", **fields: str) -> int:
        """Hand a message over; the status of the answer."""
        form = {"id": f"in-{self.line}-{next(self._numbers)}", "from": self.line, "to": "383", "text": text, **fields}
        url = f"{self.house.url}/api/sms/inbound/{provider}"
        async with self.house.http.post(url, data={name: value for name, value in form.items() if value}) as response:
            return response.status

    async def write(self, text: str, **fields: str) -> list[str]:
        """Hand a message over and wait until all is settled; the SMS that came because of it, in order."""
        before = len(await self.came())
        assert await self.post(text, **fields) == 200
        await self.house.settled()
        await self._delivered()
        return (await self.came())[before:]

    async def _delivered(self) -> None:
        """What we handed over takes a moment to reach a phone."""
        handed = len(await self.house.texts(self.line))

        async def is_there() -> bool:
            return len(await self.came()) >= handed

        await wait_until(is_there)

    async def came(self) -> list[str]:
        """Every SMS that reached this phone."""
        return [sms.text for sms in await self.house.outside.messages(self.line)]

    async def confirm(self, asked: list[str]) -> list[str]:
        """Reply the code of the last message."""
        return await self.write(code_of(asked[-1]))


def code_of(text: str) -> str:
    found = CODE.search(text)
    assert found, f"no code in {text!r}"
    return found[1]


async def kept(house: House) -> list[Any]:
    """What is on disk of what people wrote."""
    async with house.gateway.store.read() as connection:
        return list(await connection.execute(select(inbound).order_by(inbound.c.id)))
