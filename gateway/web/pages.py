"""The pages that people open from a link: nothing on them is kept, framed or told on."""

from aiohttp import web

PRIVATE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
}
"""On everything that shows somebody's money: nobody keeps it, frames it or is told where it was."""

STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:26em;margin:2em auto;padding:0 1em;color:#12202b}"
    "h1{font-size:1.3em;color:#0b3d5c}label{display:block;margin:1em 0 .3em}"
    "input{font-size:1.4em;width:6em;padding:.3em;letter-spacing:.2em}"
    "button{font-size:1em;padding:.7em 1.2em;margin-top:1em;background:#0b3d5c;color:#fff;border:0;border-radius:4px}"
    ".no{color:#a4262c}p.small{color:#5b6770;font-size:.85em}"
)


def document(language: str, title: str, body: str) -> str:
    """A whole page. `title` and `body` are HTML already."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )


def shown(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=PRIVATE)
