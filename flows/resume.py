"""What a redial finds: a request on its way (never asked again), or a conversation to go on with."""

from collections.abc import Mapping

from flows.kit import HOME, RESUME, Flow, Gone, Guard, View, choose
from flows.known import Request
from menus.values import Ksh

RESUMABLE = ("register", "borrow", "repay")


def _kept_flow(view: View) -> str:
    flow: str = view.data["kept"][0]
    return flow


def _kept_amount(view: View) -> Mapping[str, object]:
    data = view.data["kept"][2]
    amount = data.get("amount") or data.get("other")
    return {"amount": Ksh(amount)} if amount else {}


def _kept_words(view: View) -> str:
    flow = _kept_flow(view)
    return f"{flow}_amount" if _kept_amount(view) and flow != "register" else flow


def _request(view: View) -> Request:
    """The newest thing under way; for a chosen loan, the one about it."""
    requests: tuple[Request, ...] = view.fact("customer").requests
    about = [request for request in requests if request.about and request.about == view.data.get("loan")]
    for request in [*reversed(about), *reversed(requests)]:
        return request
    raise Gone("nothing is under way")


def _request_words(view: View) -> str:
    request = _request(view)
    return request.kind.replace(".", "_") if request.is_certain else "uncertain"


def _request_slots(view: View) -> Mapping[str, object]:
    request = _request(view)
    return {"reference": request.reference, "amount": Ksh(request.amount_cents), "loan": request.about}


def _again(flow: str) -> Guard:
    return lambda view: view.answer == "again" and _kept_flow(view) == flow


def _continues(view: View) -> bool:
    return bool(view.answer == "continue")


flow = Flow(
    "resume",
    [
        choose(
            "ask",
            to=[
                (_continues, RESUME),
                *((_again(name), f"{name}:") for name in RESUMABLE),
                (None, HOME),
            ],
            words=_kept_words,
            slots=_kept_amount,
            place="home_only",
        ),
        choose(
            "accepted",
            to={"menu": HOME, "help": "help:"},
            words=_request_words,
            slots=_request_slots,
            place="none",
        ),
    ],
)
