"""The dialogue engine as configured: all flows, all words, the organisation's own names in them."""

from flows.built import flows
from flows.engine import Engine
from gateway.config import Config
from gateway.errors import Misconfigured
from gateway.live import LiveMenus
from menus.catalogue import FOLDER, Catalogue, CatalogueError, load


def catalogue_of(config: Config) -> Catalogue:
    """Every word. Raises Misconfigured naming the file and the entry that is wrong."""
    organisation = config.organisation
    constants = {
        "name": organisation.name,
        "code": organisation.code,
        "help_line": organisation.help_line,
        "paybill": config.rails.daraja.collection.shortcode,
        "terms_link": organisation.terms_link,
        "data_link": organisation.data_link,
    }
    try:
        return load(config.menus.folder or FOLDER, constants)
    except CatalogueError as error:
        raise Misconfigured(str(error)) from error


def menus_of(config: Config) -> LiveMenus:
    """The words in force. Raises Misconfigured as `catalogue_of` does."""
    folder = config.menus.folder or FOLDER

    def named(name: str) -> LiveMenus:
        organisation = config.organisation.model_copy(update={"name": name})
        return menus_of(config.model_copy(update={"organisation": organisation}))

    return LiveMenus(folder, lambda: catalogue_of(config), lambda catalogue: engine_of(config, catalogue), named)


def engine_of(config: Config, catalogue: Catalogue) -> Engine:
    return Engine(flows(catalogue.menu), catalogue, view_pin=config.pins.view)
