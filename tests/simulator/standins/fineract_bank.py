"""A client of the pretend core banking server, for its tests: it knows the headers and writes bodies in full."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator.standins import stamps
from tests.simulator.standins.standins_town import Town

TODAY = "2026-03-31"
NOW = stamps.parse_spaced(f"{TODAY} 12:00:00")
FORMATS: dict[str, Any] = {"dateFormat": "yyyy-MM-dd", "locale": "en"}
API = "/fineract/fineract-provider/api"


@dataclass(frozen=True)
class Said:
    """One answer, with its numbers as they were written."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text, parse_float=Decimal)

    @property
    def is_cached(self) -> bool:
        return self.headers.get("x-served-from-cache") == "true"

    @property
    def code(self) -> str:
        """The code of the first error, which is the one that says what is wrong."""
        return str(self.json["errors"][0]["userMessageGlobalisationCode"])


class Bank:
    """The core in a town of its own."""

    def __init__(self, town: Town) -> None:
        self.town = town

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Said:
        """One call as an authenticated user of the tenant; `headers` replace what is usual."""
        usual = {
            "Authorization": f"Basic {base64.b64encode(b'mifos:password').decode()}",
            "Fineract-Platform-TenantId": "default",
            "Content-Type": "application/json",
        }
        if key is not None:
            usual["Idempotency-Key"] = key
        version = "" if path.startswith("v2/") else "v1/"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {name: value for name, value in (usual | dict(headers or {})).items() if value}
        url = self.town.url(f"{API}/{version}{path}")
        async with self.town.http.request(method, url, data=data, headers=sent) as answer:
            return Said(answer.status, dict(answer.headers), await answer.text())

    async def get(self, path: str) -> Any:
        said = await self.call("GET", path)
        assert said.status == 200, said.text
        return said.json

    async def post(self, path: str, *, key: str | None = None, **fields: Any) -> Said:
        return await self.call("POST", path, fields, key=key)

    async def done(self, path: str, *, key: str | None = None, **fields: Any) -> Any:
        """A write that must succeed."""
        said = await self.post(path, key=key, **fields)
        assert said.status == 200, said.text
        return said.json

    async def client(self, **changes: Any) -> int:
        fields: dict[str, Any] = {
            "officeId": 1,
            "firstname": "Amina",
            "lastname": "Wanjiru",
            "mobileNo": "254711000001",
            "externalId": "cu-1",
            "active": True,
            "activationDate": "2026-01-01",
        }
        return int((await self.done("clients", **(fields | FORMATS | changes)))["clientId"])

    def application(self, client: int, **changes: Any) -> dict[str, Any]:
        """24,000 at 16 % a year over six months from the first of January, in equal instalments."""
        fields: dict[str, Any] = {
            "clientId": client,
            "productId": 4,
            "loanType": "individual",
            "principal": "24000",
            "loanTermFrequency": 6,
            "loanTermFrequencyType": 2,
            "numberOfRepayments": 6,
            "repaymentEvery": 1,
            "repaymentFrequencyType": 2,
            "interestRatePerPeriod": "16",
            "amortizationType": 1,
            "interestType": 0,
            "interestCalculationPeriodType": 1,
            "transactionProcessingStrategyCode": "mifos-standard-strategy",
            "submittedOnDate": "2026-01-01",
            "expectedDisbursementDate": "2026-01-01",
            "externalId": "ln-1",
        }
        return fields | FORMATS | changes

    async def apply(self, client: int, **changes: Any) -> int:
        return int((await self.done("loans", **self.application(client, **changes)))["loanId"])

    async def approve(self, loan: int | str, **changes: Any) -> Any:
        fields: dict[str, Any] = {"approvedOnDate": "2026-01-01"} | FORMATS | changes
        return await self.done(f"loans/{loan}?command=approve", **fields)

    async def disburse(self, loan: int | str, **changes: Any) -> Any:
        fields: dict[str, Any] = {"actualDisbursementDate": "2026-01-01"} | FORMATS | changes
        return await self.done(f"loans/{loan}?command=disburse", **fields)

    async def active_loan(self, client: int | None = None, **changes: Any) -> int:
        loan = await self.apply(await self.client() if client is None else client, **changes)
        await self.approve(loan)
        await self.disburse(loan)
        return loan

    async def repay(self, loan: int | str, amount: str, *, key: str | None = None, **changes: Any) -> Said:
        fields: dict[str, Any] = {"transactionDate": TODAY, "transactionAmount": amount} | FORMATS | changes
        return await self.post(f"loans/{loan}/transactions?command=repayment", key=key, **fields)

    async def repaid(self, loan: int | str, amount: str, **changes: Any) -> int:
        said = await self.repay(loan, amount, **changes)
        assert said.status == 200, said.text
        return int(said.json["resourceId"])

    async def read(self, loan: int | str) -> Any:
        return await self.get(f"loans/{loan}?associations=repaymentSchedule,transactions")

    async def truth(self) -> Any:
        return await self.town.control("GET", "core")


@asynccontextmanager
async def bank(data: Path, *, now: Callable[[], float] = lambda: NOW, **knobs: Any) -> AsyncIterator[Bank]:
    """A running core on the last day of March."""
    async with Town(data, now=now, **knobs) as town:
        yield Bank(town)
