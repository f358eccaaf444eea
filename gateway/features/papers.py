"""Statements and receipts: for operators, behind links in SMS, and beside each receipt by e-mail for who wants them."""

from gateway.config import Config
from gateway.errors import Misconfigured
from gateway.feature import Feature, Tools
from gateway.papers.desk import Desk
from gateway.papers.links import BASE_CHARACTERS_MAX, Links
from gateway.papers.reader import Reader
from gateway.playbooks.papers import Papers
from gateway.web.paper_links import PaperLinkRoutes
from gateway.web.papers import PapersRoutes

LINKS, CHECKS = "/s/", "/api/papers"


def feature(tools: Tools) -> Feature:
    links = links_of(tools)
    papers = Papers(tools.outbox, links)
    if tools.config.mail.host:
        tools.books.observers.append(papers.posted)
    desk = desk_of(tools)
    routes = PapersRoutes(desk, tools.store, tools.portfolio, tools.clock)
    return Feature(
        instants=papers.handlers(), routes=routes.table(), open_routes=PaperLinkRoutes(desk, links).open_table()
    )


def desk_of(tools: Tools) -> Desk:
    config = tools.config
    reader = Reader(tools.store, tools.portfolio, tools.clock)
    return Desk(
        reader, tools.store, lambda: tools.catalogue, tools.clock, config.organisation, config.papers,
        f"{tools.addresses.public_url}{CHECKS}",
    )  # fmt: skip


def links_of(tools: Tools) -> Links:
    """Raises Misconfigured when a link would not fit the SMS about it."""
    config = tools.config
    base = _base(config, tools.addresses.public_url)
    return Links(tools.store, tools.clock, config.papers, config.pins.pepper.get_secret_value(), base)


def _base(config: Config, public_url: str) -> str:
    base = config.papers.link_base or f"{public_url}{LINKS}"
    if len(base) > BASE_CHARACTERS_MAX and config.papers.links_a_day:
        raise Misconfigured(
            f"papers.link_base: links begin with {base}, which is longer than {BASE_CHARACTERS_MAX} characters;"
            " set a shorter address, or papers.links_a_day to 0"
        )
    return base
