"""The page behind a link in an SMS, and the statement it opens.

GET  /s/{token}     asks for the last four digits of the national ID
POST /s/{token}     digits=4321 -> the PDF
"""

import html
from collections.abc import Iterable, Sequence

from aiohttp import web

from gateway.papers.desk import Desk
from gateway.papers.links import Links
from gateway.papers.writing import Voice
from gateway.web.pages import document, shown
from gateway.web.papers import filed


class PaperLinkRoutes:
    """For whoever holds a link."""

    def __init__(self, desk: Desk, links: Links) -> None:
        self._desk = desk
        self._links = links

    def open_table(self) -> Iterable[web.RouteDef]:
        return (web.get("/s/{token}", self.ask), web.post("/s/{token}", self.opened))

    async def ask(self, _: web.Request) -> web.StreamResponse:
        """The same page whatever the link: looking at it says nothing, and uses nothing up."""
        return shown(page(self._voices()), 200)

    async def opened(self, request: web.Request) -> web.StreamResponse:
        """The statement, for the right digits; for anything else the same no."""
        fields = await request.post()
        digits = fields.get("digits", "")
        text = digits.strip() if isinstance(digits, str) else ""
        found = await self._links.opened(request.match_info["token"], text)
        if found is None:
            return shown(page(self._voices(), is_refused=True), 403)
        customer, days = found
        return await filed(lambda: self._desk.whole(customer, days, "link"), place="inline")

    def _voices(self) -> Sequence[Voice]:
        return [self._desk.voice(language) for language in self._desk.languages]


def page(voices: Sequence[Voice], *, is_refused: bool = False) -> str:
    """What somebody sees who opens a link, in every language: nothing is known about them yet."""

    def each(key: str, between: str = "<br>") -> str:
        return between.join(html.escape(voice(key)) for voice in voices)

    no = f'<p class="no" role="alert">{each("link.refused")}</p>' if is_refused else ""
    form = (
        f'<form method="post"><label for="digits">{each("link.ask")}</label>'
        '<input id="digits" name="digits" inputmode="numeric" pattern="[0-9]{4}" maxlength="4" required'
        f' autocomplete="off" autofocus><div><button>{each("link.show", " / ")}</button></div></form>'
    )
    over = f'<p class="small">{each("link.over")}</p>'
    return document(voices[0].language, each("link.title", " / "), f"{no}{form}{over}")
