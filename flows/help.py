"""Help. Every line opens a case with a number and a day for the answer, or names the nearest agents."""

from collections.abc import Callable, Iterable, Mapping

from flows.kit import HOME, Emit, Flow, Offer, Refusal, View, ask, choose, end
from flows.text import national_id, payment_code
from menus.values import Clock

WORDS_MIN = 3


def _code(_: View, text: str) -> str | Refusal:
    return payment_code(text) or Refusal("code")


def _id(_: View, text: str) -> str | Refusal:
    return national_id(text) or Refusal("id")


def _story(_: View, text: str) -> str | Refusal:
    return text if len(text) >= WORDS_MIN else Refusal("story")


def _case(topic: str) -> Callable[[View], Emit | None]:
    """A case about `topic`, with what the person typed as its first evidence."""
    return lambda view: Emit("case.open", "CS", {"topic": topic, "said": view.answer})


def _call_back(view: View) -> Emit | None:
    return _case("call back")(view) if view.answer == "yes" else None


def _opened(view: View) -> Mapping[str, object]:
    return {"case": view.data["reference"], "answer_by": Clock(view.fact("answer_by"))}


def _agents(view: View) -> Iterable[Offer]:
    lines = view.fact("organisation").agents.splitlines()
    return (Offer("", "agent", {"agent": line.strip()}) for line in lines if line.strip())


MENU = {
    "paid": "code",
    "callback": "callback",
    "forgot": "forgot:",
    "fraud": "fraud",
    "complaint": "complaint",
    "agent": "agent",
}

flow = Flow(
    "help",
    [
        choose("menu", to=MENU),
        ask("code", parse=_code, to="paid", saves="", emits=_case("payment not shown"), refuses=("code",)),
        choose("callback", to={"yes": "called", "no": HOME}, emits=_call_back, confirms=True),
        ask("forgot", parse=_id, to="called", saves="", emits=_case("forgotten PIN"), refuses=("id",)),
        ask("fraud", parse=_story, to="case", saves="", emits=_case("fraud"), refuses=("story",)),
        ask("complaint", parse=_story, to="case", saves="", emits=_case("complaint"), refuses=("story",)),
        choose("agent", to=HOME, lines=_agents, labels=("agent",), offers=lambda _: ()),
        end("paid", slots=_opened),
        end("called", slots=_opened),
        end("case", slots=_opened),
    ],
)
