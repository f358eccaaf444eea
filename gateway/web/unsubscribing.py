"""The page at the end of a campaign's letter, where its reader ends such letters.

GET  /u/{token}     a question and a button: whoever only looks, as mail filters do, ends nothing
POST /u/{token}     ends them; also what a mail program's own button sends (RFC 8058)
"""

import html
from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from gateway.papers.unsubscribing import Unsubscribing
from gateway.papers.writing import Voice
from gateway.web.pages import document, shown


class UnsubscribingRoutes:
    """For whoever holds a link. `voices` speak every language: who reads is not known before they say yes."""

    def __init__(self, unsubscribing: Unsubscribing, voices: Callable[[], Sequence[Voice]]) -> None:
        self._unsubscribing = unsubscribing
        self._voices = voices

    def open_table(self) -> Iterable[web.RouteDef]:
        return (web.get("/u/{token}", self.ask), web.post("/u/{token}", self.stop))

    async def ask(self, _: web.Request) -> web.Response:
        """The same page whatever the link."""
        return self._page("ask", 200)

    async def stop(self, request: web.Request) -> web.Response:
        is_done = await self._unsubscribing.stopped(request.match_info["token"])
        return self._page("done", 200) if is_done else self._page("refused", 403)

    def _page(self, said: str, status: int) -> web.Response:
        return shown(page(self._voices(), said), status)


def page(voices: Sequence[Voice], said: str) -> str:
    """What is said, in every language, and the button where it is the question."""

    def each(key: str, between: str = "<br>") -> str:
        return between.join(html.escape(voice(f"letters.{key}")) for voice in voices)

    button = f'<form method="post"><button>{each("stop", " / ")}</button></form>' if said == "ask" else ""
    body = f'<p>{each(said)}</p>{button}<p class="small">{each("back")}</p>'
    return document(voices[0].language, each("title", " / "), body)
