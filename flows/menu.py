"""The main menu of the code: digits from `menus/main.yaml`, learned by heart, so a gap is never filled."""

from collections.abc import Iterable, Mapping

from flows.kit import Flow, Offer, View, choose
from menus.catalogue import MenuItem
from menus.values import FirstName


def menu(items: Iterable[MenuItem], built: Iterable[str]) -> Flow:
    """The menu over those of `items` whose flow is `built`; the others leave their digit unused."""
    available = tuple(item for item in items if item.flow in set(built))
    offers = tuple(Offer(item.flow, digits=item.digits) for item in available)
    targets = {item.flow: f"{item.flow}:" for item in available}
    return Flow("menu", [choose("main", to=targets, offers=lambda _: offers, slots=_greeting, place="none")])


def _greeting(view: View) -> Mapping[str, object]:
    return {"first_name": FirstName(view.session.name)}
