"""Delivery reports of SMS providers: kept, matched to their message, answered 200."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from aiohttp import web

from gateway.clock import Clock
from gateway.providers.contract import SmsProvider, UssdProvider
from gateway.store import messages
from gateway.store.engine import Store
from gateway.web.problems import problem
from gateway.web.ussd import fields_of, may_call


class Provider(UssdProvider, SmsProvider, Protocol):
    """One who carries both."""


class SmsRoutes:
    def __init__(self, store: Store, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._store = store
        self._providers = providers
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        yield web.post("/api/sms/delivery/{provider}", self.deliver)
        yield web.post("/api/sms/delivery/{provider}/{token}", self.deliver)

    async def deliver(self, request: web.Request) -> web.Response:
        provider = self._providers.get(request.match_info["provider"])
        if provider is None:
            return problem(404, "not-found", "No such provider.")
        if not may_call(provider, request.match_info.get("token", "")):
            return problem(403, "wrong-token", "This address is not open.")
        report = provider.parse_delivery(await fields_of(request, frozenset({"form"})))
        async with self._store.begin() as connection:
            await messages.reported(
                connection,
                provider.name,
                report.provider_id,
                status=report.status,
                state=report.state,
                reason=report.reason,
                now=self._clock(),
            )
        return web.Response(text="")
