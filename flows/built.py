"""Every conversation there is: one file in `flows/` each, with a `flow` named as the file.

Those that a line of `menus/main.yaml` names are opened by a digit; the others are entered from another flow, or by
what happens (joining, the PIN before money is shown, what a redial finds).
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from flows.kit import Flow
from flows.menu import menu
from menus.catalogue import MenuItem


def flows(items: Iterable[MenuItem]) -> tuple[Flow, ...]:
    """All flows, and the menu over those that have a line in it."""
    names = (found.name for found in iter_modules([str(Path(__file__).parent)]))
    found = tuple(flow for flow in map(_flow, names) if flow is not None)
    return (*found, menu(items, [flow.name for flow in found]))


def _flow(name: str) -> Flow | None:
    """The flow of a file; None where it holds something else."""
    flow = getattr(import_module(f"flows.{name}"), "flow", None)
    return flow if isinstance(flow, Flow) else None
