"""The main menu of the code: digits from `menus/main.yaml`, learned by heart, so a gap is never filled."""

from collections.abc import Iterable, Mapping

from flows.kit import Flow, Offer, View, choose
from menus.catalogue import MenuItem
from menus.values import FirstName

APPROVE, WAITING = "approve", "approve_waiting"


def menu(items: Iterable[MenuItem], built: Iterable[str]) -> Flow:
    """The menu over those of `items` whose flow is `built`; the others leave their digit unused.

    A line for the staff is offered to nobody else. The one for approving says how many requests wait.
    """
    listed, there = tuple(items), set(built)
    available = tuple(item for item in listed if item.flow in there)
    offers = {
        role: tuple(Offer(item.flow, digits=item.digits) for item in available if item.role in {"", role})
        for role in {"", *(item.role for item in available)}
    }
    main = choose(
        "main",
        to={item.flow: f"{item.flow}:" for item in available},
        offers=lambda view: (_counted(view, each) for each in offers.get(view.session.role, offers[""])),
        labels=[*(item.flow for item in listed), *(WAITING for item in listed if item.flow == APPROVE)],
        slots=_greeting,
        place="none",
    )
    return Flow("menu", [main])


def _counted(view: View, offer: Offer) -> Offer:
    """The same line, with the number of requests that wait where there are any."""
    waiting = view.fact("waiting") if offer.value == APPROVE else 0
    return Offer(offer.value, WAITING, {"waiting": waiting}, offer.digits) if waiting else offer


def _greeting(view: View) -> Mapping[str, object]:
    return {"first_name": FirstName(view.session.name)}
