"""What `nyota check` and `nyota books check` prove before anybody depends on it."""

from collections.abc import Sequence
from pathlib import Path

from gateway.config import load
from gateway.dialogue import catalogue_of, engine_of
from gateway.errors import Misconfigured

DIAGRAMS_HEAD = """# The flows behind `*383#`

Drawn from the tables that run by `nyota check --diagrams docs/flows.md`; a test keeps this page current."""


def findings(config_path: Path | None) -> Sequence[object]:
    """Everything wrong with configuration, menus, flows, languages and screen fit; empty when all is well."""
    from flows.check import check as check_flows
    from gateway.app import products_of
    from gateway.ledgers.loading import settings_of as cores_of
    from gateway.providers.loading import settings_of
    from gateway.texting.short_codes import proved

    try:
        config = load(config_path)
        products_of(config)
        settings_of(config.providers)
        cores_of(config.ledger)
        catalogue = catalogue_of(config)
        proved(config.messages, catalogue.languages)
    except Misconfigured as error:
        return [error]
    return check_flows(engine_of(config, catalogue))


def flow_diagrams() -> str:
    """The state diagrams of all flows, as Markdown with Mermaid, drawn from the tables that run."""
    from flows.built import flows
    from flows.diagram import diagrams
    from menus.catalogue import load as load_menus

    drawn = diagrams(flows(load_menus().menu))
    sections = [f"## {name}\n\n```mermaid\n{text.rstrip()}\n```" for name, text in drawn.items()]
    return "\n\n".join([DIAGRAMS_HEAD, *sections]) + "\n"


async def explained(config_path: Path | None, data: Path, reference: str) -> Sequence[str]:
    """The story of a reference, line by line; empty when it is nobody's."""
    from gateway.explain.reading import story_of
    from gateway.explain.told import lines_of
    from gateway.store.engine import Store

    config = load(config_path, {"database": {"url": f"sqlite+aiosqlite:///{data / 'nyota.db'}"}})
    store = Store(config.database.url)
    try:
        async with store.read() as connection:
            story = await story_of(connection, reference)
    finally:
        await store.close()
    return list(lines_of(story)) if story else []
