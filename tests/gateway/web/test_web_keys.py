"""`Idempotency-Key`: the same answer everywhere to whoever leaves it out."""

import asyncio
import re
from typing import Any

from tests.house import House, Houses

DEMANDING = {
    "/api/campaigns", "/api/mpesa/b2c/pay", "/api/mpesa/stk-push", "/api/sms/send", "/api/standing-orders",
    "/api/wallet/transfer",
}  # fmt: skip
"""What would move money or write to people twice."""
OPEN = ("/api/public/", "/api/sms/inbound", "/api/sms/delivery", "/api/sms/optout", "/api/ussd/")


class TestWithoutAKey:
    async def test_whatever_demands_one_says_so_alike(self, light: Houses) -> None:
        """400 and a type that programs can go by, before the body is looked at."""
        house = await light.build(works=False)

        paths = posts(house)
        said = dict(zip(paths, await asyncio.gather(*(self.posted(house, path) for path in paths)), strict=True))

        named = {path: answer for path, answer in said.items() if "Idempotency-Key" in str(answer[1])}
        assert named.keys() == DEMANDING
        assert {(status, body["type"]) for status, body in named.values()} == {
            (400, "urn:nyota:problem:idempotency-key-missing")
        }

    async def posted(self, house: House, path: str) -> tuple[int, Any]:
        return await house.ops("POST", re.sub(r"\{[^}]*\}", "X", path), json={"nothing": "known"})


def posts(house: House) -> set[str]:
    """All routes that operators post to."""
    resources = {route.resource for route in house.gateway.web().router.routes() if route.method == "POST"}
    paths = {resource.canonical for resource in resources if resource is not None}
    return {path for path in paths if path.startswith("/api/") and not path.startswith(OPEN)}
