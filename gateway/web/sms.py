"""Delivery reports of SMS providers: kept first, answered 200."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from aiohttp import web

from gateway.providers.contract import Delivery, SmsProvider, UssdProvider
from gateway.web.problems import problem
from gateway.web.ussd import fields_of, refusal_of


class Provider(UssdProvider, SmsProvider, Protocol):
    """One who carries both."""


class Reports(Protocol):
    async def keep(self, provider: str, report: Delivery) -> None: ...


class SmsRoutes:
    def __init__(self, reports: Reports, providers: Mapping[str, Provider]) -> None:
        self._reports = reports
        self._providers = providers

    def table(self) -> Iterable[web.RouteDef]:
        yield web.post("/api/sms/delivery/{provider}", self.deliver)
        yield web.post("/api/sms/delivery/{provider}/{token}", self.deliver)

    async def deliver(self, request: web.Request) -> web.Response:
        provider = self._providers.get(request.match_info["provider"])
        if provider is None:
            return problem(404, "not-found", "No such provider.")
        if refusal := refusal_of(provider, request):
            return refusal
        report = provider.parse_delivery(await fields_of(request, frozenset({"form"})))
        await self._reports.keep(provider.name, report)
        return web.Response(text="")
