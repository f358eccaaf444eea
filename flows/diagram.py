"""The state diagram of each flow as Mermaid text, drawn from the same tables that run.

stateDiagram-v2
    direction LR
    [*] --> start
    state start <<choice>>
    start --> none
    start --> list
    ...
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

from flows.kit import SPECIAL, Flow, Step

SPECIAL_NAMES = {"home:": "main menu", "after:": "what was asked for", "resumed:": "where it was left"}


def diagrams(flows: Iterable[Flow]) -> Mapping[str, str]:
    """The diagram of every flow by its name."""
    return {flow.name: diagram(flow) for flow in flows}


def diagram(flow: Flow) -> str:
    """One flow: gates are marked, steps without a screen are choices, other flows stand at the edge."""
    lines = ["stateDiagram-v2", "    direction LR", f"    [*] --> {flow.first}"]
    for step in flow.steps.values():
        lines += _state(step)
    lines += [f'    state "{label}" as {name}' for name, label in _elsewhere(flow).items()]
    for step in flow.steps.values():
        lines += _ways(step)
    return "\n".join(lines) + "\n"


def _state(step: Step) -> Iterator[str]:
    if step.kind == "decide":
        yield f"    state {step.name} <<choice>>"
    elif step.kind == "secret":
        yield f'    state "{step.name} (PIN)" as {step.name}'
    elif step.is_gate:
        yield f'    state "{step.name} (confirm)" as {step.name}'


def _ways(step: Step) -> Iterator[str]:
    if step.kind == "end":
        yield f"    {step.name} --> [*]"
        return
    for label, (_, target) in zip_longest(step.choices, step.branches):
        yield f"    {step.name} --> {_name(target)}" + (f": {label}" if label else "")


def _elsewhere(flow: Flow) -> Mapping[str, str]:
    """The targets outside of the flow: their names in the diagram and what is written there."""
    return {_name(target): _label(target) for _, target in flow.edges() if ":" in target}


def _name(target: str) -> str:
    if ":" not in target:
        return target
    flow, _, step = target.partition(":")
    return f"to_{flow}_{step}" if step else f"to_{flow}"


def _label(target: str) -> str:
    if target in SPECIAL:
        return SPECIAL_NAMES[target]
    flow, _, step = target.partition(":")
    return f"{flow} / {step}" if step else flow
