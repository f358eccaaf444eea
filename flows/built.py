"""Every conversation there is: one file in `flows/` each, asked for by a line in `menus/main.yaml`.

Those that no digit opens (joining, the PIN before money is shown, what a redial finds) are always there.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from flows.kit import Flow
from flows.menu import menu
from menus.catalogue import MenuItem

ALWAYS = ("register", "view", "resume")


def flows(items: Iterable[MenuItem]) -> tuple[Flow, ...]:
    """The flows that the menu's lines name and that have a file, and the menu over them."""
    listed = tuple(items)
    names = dict.fromkeys([*ALWAYS, *(item.flow for item in listed)])
    found = tuple(flow for flow in map(_flow, names) if flow is not None)
    return (*found, menu(listed, [flow.name for flow in found]))


def _flow(name: str) -> Flow | None:
    """The flow of a file; None where there is no such file, or where it holds something else."""
    if not name.isidentifier() or find_spec(f"flows.{name}") is None:
        return None
    flow = getattr(import_module(f"flows.{name}"), "flow", None)
    return flow if isinstance(flow, Flow) else None
