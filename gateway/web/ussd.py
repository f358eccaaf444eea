"""USSD callbacks of carriers. A hop that names a phone always gets a screen; what is no hop gets a 4xx."""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

import structlog
from aiohttp import hdrs, web

from gateway.conversation import Conversation
from gateway.errors import NotACallback
from gateway.providers.contract import UssdProvider
from gateway.web.problems import problem, same

FORM = "application/x-www-form-urlencoded"
FIELDS_MAX = 40

log = structlog.get_logger("ussd")


class UssdRoutes:
    """One handler per provider, with and without its token in the path."""

    def __init__(self, conversation: Conversation, providers: Mapping[str, UssdProvider], default: str) -> None:
        self._conversation = conversation
        self._providers = providers
        self._default = default

    def table(self) -> Iterable[web.RouteDef]:
        yield web.post("/api/ussd/handler", self.handle)
        yield web.post("/api/ussd/handler/{token}", self.handle)
        for name in self._providers:
            yield web.post(f"/api/ussd/{name}", self.handle)
            yield web.post(f"/api/ussd/{name}/{{token}}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Parse, converse, answer in the provider's own dialect."""
        provider = self._providers.get(request.path.split("/")[3], self._providers[self._default])
        if not may_call(provider, request.match_info.get("token", "")):
            log.warning("not_a_callback", provider=provider.name, reason="wrong token")
            return problem(403, "wrong-token", "This address is not open.")
        try:
            inbound = provider.parse_ussd(await form_of(request))
        except NotACallback as error:
            log.warning("not_a_callback", provider=provider.name, reason=str(error))
            return problem(400, "not-a-callback", str(error))
        content_type, body = provider.reply_ussd(await self._conversation.answer(inbound))
        return web.Response(body=body.encode(), headers={hdrs.CONTENT_TYPE: f"{content_type}; charset=utf-8"})


def may_call(provider: UssdProvider, token: str) -> bool:
    """With a token set only its path is open; without one, only if the configuration says so by name."""
    if provider.callback_token:
        return same(token, provider.callback_token)
    return provider.open_callbacks and not token


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form. Raises NotACallback for another content type or a body that is no form."""
    if request.content_type != FORM:
        raise NotACallback("expected a form")
    body = await request.read()
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise NotACallback("too many fields") from error
    return dict(pairs)
