"""USSD callbacks of carriers. A hop that names a phone always gets a screen; what is no hop gets a 4xx."""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

import msgspec
import structlog
from aiohttp import hdrs, web

from gateway.conversation import Conversation
from gateway.endings import Endings
from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound
from gateway.providers.contract import Dialect, UssdProvider, WrittenTo
from gateway.web.problems import problem, same

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
FIELDS_MAX = 40

log = structlog.get_logger("ussd")


class UssdRoutes:
    """One handler per provider, with and without its token in the path."""

    def __init__(
        self,
        conversation: Conversation,
        providers: Mapping[str, UssdProvider],
        default: str,
        endings: Endings,
    ) -> None:
        self._conversation = conversation
        self._providers = providers
        self._default = default
        self._endings = endings

    def table(self) -> Iterable[web.RouteDef]:
        yield from self._both("/api/ussd/handler", self._providers[self._default])
        for name, provider in self._providers.items():
            yield from self._both(f"/api/ussd/{name}", provider)
            yield web.post(f"/api/ussd/events/{name}", self.ended)
            yield web.post(f"/api/ussd/events/{name}/{{token}}", self.ended)

    def _both(self, path: str, provider: UssdProvider) -> Iterable[web.RouteDef]:
        methods = ["GET"] if provider.accepts == {"query"} else ["POST"]
        for method in methods:
            yield web.route(method, path, self.handle)
            yield web.route(method, f"{path}/{{token}}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Parse, converse, answer in the provider's own dialect."""
        provider = self._providers.get(request.path.split("/")[3], self._providers[self._default])
        if refusal := refusal_of(provider, request):
            return refusal
        try:
            found = provider.parse_ussd(await fields_of(request, provider.accepts))
        except NotACallback as error:
            return no_callback(provider, error)
        if isinstance(found, Ended):
            await self._endings.noted(found)
            return web.Response(text="")
        return await self._answered(provider, found)

    async def _answered(self, provider: UssdProvider, inbound: Inbound) -> web.Response:
        written = provider.reply_ussd(await self._conversation.answer(inbound))
        headers = {**written.headers, hdrs.CONTENT_TYPE: f"{written.content_type}; charset=utf-8"}
        return web.Response(body=written.body.encode(), headers=headers)

    async def ended(self, request: web.Request) -> web.Response:
        """A carrier tells that a session is over."""
        provider = self._providers[request.path.split("/")[4]]
        if refusal := refusal_of(provider, request):
            return refusal
        try:
            found = provider.parse_end(await fields_of(request, provider.accepts | {"form", "json"}))
        except NotACallback as error:
            return no_callback(provider, error)
        await self._endings.noted(found)
        return web.Response(text="")


def may_call(provider: UssdProvider | WrittenTo, token: str) -> bool:
    """With a token set only its path is open; without one, only if the configuration says so by name."""
    if provider.callback_token:
        return same(token, provider.callback_token)
    return provider.open_callbacks and not token


async def fields_of(request: web.Request, accepts: frozenset[Dialect]) -> dict[str, str]:
    """The fields of a form, a flat JSON object or a query, without NUL, which no phone sends and not every database
    keeps. Raises NotACallback for what the dialect does not have."""
    if "query" in accepts and request.method == hdrs.METH_GET:
        return _kept(_pairs(request.rel_url.raw_query_string))
    if "form" in accepts and request.content_type == FORM:
        return _kept(_pairs((await request.read()).decode("utf-8", "replace")))
    if "json" in accepts and request.content_type == JSON:
        return _kept(_flat(await request.read()))
    raise NotACallback(f"expected {' or '.join(sorted(accepts))}")


def _kept(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value.replace("\0", "") for name, value in fields.items()}


def _pairs(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="replace"))
    except ValueError as error:
        raise NotACallback("too many fields") from error


def _flat(body: bytes) -> dict[str, str]:
    """Scalars as text: `true`, `12`. What is nested or null is left out."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotACallback("expected a JSON object") from error
    if len(fields) > FIELDS_MAX:
        raise NotACallback("too many fields")
    return {name: _text(value) for name, value in fields.items() if isinstance(value, str | bool | int | float)}


def _text(value: str | bool | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def refusal_of(provider: UssdProvider | WrittenTo, request: web.Request) -> web.Response | None:
    if may_call(provider, request.match_info.get("token", "")):
        return None
    log.warning("not_a_callback", provider=provider.name, reason="wrong token")
    return problem(403, "wrong-token", "This address is not open.")


def no_callback(provider: UssdProvider | WrittenTo, error: NotACallback) -> web.Response:
    log.warning("not_a_callback", provider=provider.name, reason=str(error))
    return problem(400, "not-a-callback", str(error))
