"""The steps of all flows as one graph: what can be reached, what leads out, what turns in circles."""

from collections.abc import Iterable, Iterator, Mapping

from flows.kit import AFTER, HOME, RESUME, SPECIAL, Flow, Step

Node = tuple[str, str]
ENTRIES = ("menu", "register", "resume", "view", "newpin", "firstpin")
"""Flows the engine opens by itself; of `resume` it also opens single steps."""

SHOWN_BY_ENGINE: tuple[Node, ...] = (("resume", "accepted"),)


class Graph:
    """Nodes are (flow, step). Targets that do not exist are no nodes; `unknown` lists them."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self.flows: Mapping[str, Flow] = {flow.name: flow for flow in flows}
        self.steps: Mapping[Node, Step] = {
            (flow.name, step.name): step for flow in self.flows.values() for step in flow.steps.values()
        }

    def targets(self, node: Node) -> Iterator[str]:
        """Where a step may lead, as written in its table."""
        return (target for _, target in self.steps[node].branches)

    def resolved(self, flow: str, target: str) -> Node | None:
        """The step a target means; None for the special places and for one that does not exist."""
        if ":" in target:
            flow, target = target.split(":", 1)
        name = target or (self.flows[flow].first if flow in self.flows else "")
        return (flow, name) if (flow, name) in self.steps else None

    def unknown(self) -> Iterator[tuple[Node, str]]:
        for node in self.steps:
            for target in self.targets(node):
                if target not in SPECIAL and self.resolved(node[0], target) is None:
                    yield node, target

    def following(self, node: Node) -> set[Node]:
        return {following for target in self.targets(node) if (following := self.resolved(node[0], target)) is not None}

    def reachable(self) -> set[Node]:
        """Every step somebody can come to."""
        entries = [(name, self.flows[name].first) for name in ENTRIES if name in self.flows]
        waiting = [node for node in (*entries, *SHOWN_BY_ENGINE) if node in self.steps]
        found = set(waiting)
        while waiting:
            fresh = self.following(waiting.pop()) - found
            found |= fresh
            waiting += fresh
        return found

    def leading_out(self) -> set[Node]:
        """Every step from which some way ends the session, or leads home."""
        out = {node for node in self.steps if self._is_way_out(node)}
        while fresh := {node for node in self.steps.keys() - out if self.following(node) & out}:
            out |= fresh
        return out

    def circling(self) -> set[Node]:
        """Steps without a screen that may follow each other for ever."""
        silent = {node for node, step in self.steps.items() if step.kind == "decide"}
        while settled := {node for node in silent if not self.following(node) & silent}:
            silent -= settled
        return {node for node in silent if node in self._after(node, silent)}

    def _after(self, node: Node, within: set[Node]) -> set[Node]:
        waiting = list(self.following(node) & within)
        found = set(waiting)
        while waiting:
            fresh = (self.following(waiting.pop()) & within) - found
            found |= fresh
            waiting += fresh
        return found

    def _is_way_out(self, node: Node) -> bool:
        step = self.steps[node]
        shows_way = step.kind not in {"end", "decide"} and step.place != "none"
        return step.kind == "end" or shows_way or bool({HOME, AFTER, RESUME} & set(self.targets(node)))
