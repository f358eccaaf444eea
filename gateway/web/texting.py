"""What people write, and opt-outs, as carriers hand them over: kept first, answered 200, handled by the queue."""

from collections.abc import Callable, Iterable, Mapping

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from flows.text import msisdn as kenyan
from gateway.errors import NotACallback
from gateway.providers.contract import TEXT_CHARACTERS_MAX, WrittenTo
from gateway.texting.keeping import Keeping
from gateway.texting.rehearsal import Rehearsal
from gateway.web.problems import problem, validated
from gateway.web.ussd import fields_of, no_callback, refusal_of
from menus.values import masked

log = structlog.get_logger("sms_in")


class Written(BaseModel):
    """A message to try out, and from which line."""

    model_config = ConfigDict(extra="forbid")
    phone_number: str = Field(alias="phoneNumber")
    text: str = Field(max_length=TEXT_CHARACTERS_MAX)


class TextingRoutes:
    """One pair of addresses for each carrier that people can write to us through, with and without its token."""

    def __init__(
        self,
        keeping: Keeping,
        rehearsal: Callable[[], Rehearsal],
        providers: Mapping[str, WrittenTo],
    ) -> None:
        self._keeping = keeping
        self._rehearsal = rehearsal
        self._providers = providers

    def table(self) -> Iterable[web.RouteDef]:
        for path, handler in (("inbound", self.receive), ("optout", self.stop)):
            yield web.post(f"/api/sms/{path}/{{provider}}", handler)
            yield web.post(f"/api/sms/{path}/{{provider}}/{{token}}", handler)

    async def receive(self, request: web.Request) -> web.Response:
        """A message, or a part of one."""
        provider = self._allowed(request)
        if isinstance(provider, web.Response):
            return provider
        try:
            sms = provider.parse_sms(await fields_of(request, provider.accepts | {"form", "json"}))
        except NotACallback as error:
            return no_callback(provider, error)
        await self._keeping.message(sms)
        log.info("sms_in", provider=provider.name, phone=masked(sms.msisdn), characters=len(sms.text), parts=sms.parts)
        return web.Response(text="")

    async def stop(self, request: web.Request) -> web.Response:
        """Somebody wants no more messages, as their carrier tells."""
        provider = self._allowed(request)
        if isinstance(provider, web.Response):
            return provider
        try:
            line = provider.parse_stop(await fields_of(request, provider.accepts | {"form", "json"}))
        except NotACallback as error:
            return no_callback(provider, error)
        await self._keeping.stop(line)
        log.info("sms_stopped", provider=provider.name, phone=masked(line))
        return web.Response(text="")

    def operators_table(self) -> Iterable[web.RouteDef]:
        yield web.post("/api/sms/simulate", self.simulate)

    async def simulate(self, request: web.Request) -> web.StreamResponse:
        """What a message would lead to. Nothing is kept, sent or moved."""
        return await validated(request, Written, self._simulated)

    async def _simulated(self, written: Written) -> web.StreamResponse:
        line = kenyan(written.phone_number)
        if line is None:
            return problem(422, "invalid", "phoneNumber: not a Kenyan mobile number")
        return web.json_response(await self._rehearsal().of(line, written.text))

    def _allowed(self, request: web.Request) -> WrittenTo | web.Response:
        provider = self._providers.get(request.match_info["provider"])
        if provider is None:
            return problem(404, "not-found", "No such provider.")
        return refusal_of(provider, request) or provider
