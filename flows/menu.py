"""The main menu of the code: digits from `menus/main.yaml`, learned by heart, so a gap is never filled."""

from collections.abc import Iterable, Mapping

from flows.kit import Flow, Offer, View, choose
from menus.catalogue import MenuItem
from menus.values import FirstName


def menu(items: Iterable[MenuItem], built: Iterable[str]) -> Flow:
    """The menu over those of `items` whose flow is `built`; the others leave their digit unused."""
    listed, there = tuple(items), set(built)
    available = tuple(item for item in listed if item.flow in there)
    offers = tuple(Offer(item.flow, digits=item.digits) for item in available)
    main = choose(
        "main",
        to={item.flow: f"{item.flow}:" for item in available},
        offers=lambda _: offers,
        labels=[item.flow for item in listed],
        slots=_greeting,
        place="none",
    )
    return Flow("menu", [main])


def _greeting(view: View) -> Mapping[str, object]:
    return {"first_name": FirstName(view.session.name)}
