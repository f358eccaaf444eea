"""What a redial finds: a request on its way (never asked again), or a conversation to go on with."""

from collections.abc import Callable, Mapping

from flows.kit import HOME, RESUME, Flow, Gone, Guard, Step, View, choose
from flows.known import Request
from menus.values import Ksh, ShortName

RESUMABLE = ("register", "borrow", "repay", "wallet", "send", "peer")
UNDER_WAY = {
    "wallet.deposit": "wallet_deposit",
    "wallet.withdraw": "wallet_withdraw",
    "wallet.send": "wallet_send",
    "loan.disburse": "loan_disburse",
    "repay.stk": "repay_stk",
    "repay.wallet": "repay_wallet",
    "savings.save": "savings",
    "savings.move": "savings",
    "repay.other": "repay_other",
    "repay.for_stk": "repay_for",
    "repay.for_wallet": "repay_for",
    "peer.ask": "peer_ask",
}
UNCERTAIN = "uncertain"

Pick = Callable[[View], Request]


def _kept_flow(view: View) -> str:
    flow: str = view.data["kept"][0]
    return flow


def _kept_amount(view: View) -> Mapping[str, object]:
    data = view.data["kept"][2]
    amount = data.get("amount") or data.get("other")
    return {"amount": Ksh(amount)} if amount else {}


def _kept_words(view: View) -> str:
    flow = _kept_flow(view)
    return f"{flow}_amount" if _kept_amount(view) else flow


def _newest(view: View) -> Request:
    """The newest thing under way; for a chosen loan, the one about it. What only waits for a person comes last."""
    requests: tuple[Request, ...] = view.fact("customer").requests
    about = [request for request in requests if request.about and request.about == view.data.get("loan")]
    moving = [request for request in requests if not request.waits_for]
    for request in [*reversed(about), *reversed(moving), *reversed(requests)]:
        return request
    raise Gone("nothing is under way")


def _lending(view: View) -> Request:
    requests: tuple[Request, ...] = view.fact("customer").requests
    for request in requests:
        if request.kind == "loan.disburse":
            return request
    raise Gone("no loan is under way")


def _under_way(name: str, pick: Pick) -> Step:
    """What is on its way, as a screen. Of a kind that has no words of its own it says the least."""

    def words(view: View) -> str:
        request = pick(view)
        return UNDER_WAY.get(request.kind, UNCERTAIN) if request.is_certain else UNCERTAIN

    def slots(view: View) -> Mapping[str, object]:
        request = pick(view)
        return {
            "reference": request.reference,
            "amount": Ksh(request.amount_cents),
            "loan": request.about,
            "person": ShortName(request.waits_for),
        }

    return choose(
        name,
        to={"menu": HOME, "help": "help:"},
        words=words,
        variants=(*dict.fromkeys(UNDER_WAY.values()), UNCERTAIN),
        slots=slots,
        confirms=True,
        place="none",
    )


def _again(flow: str) -> Guard:
    return lambda view: bool(view.answer == "again" and _kept_flow(view) == flow)


def _continues(view: View) -> bool:
    return bool(view.answer == "continue")


flow = Flow(
    "resume",
    [
        choose(
            "ask",
            to=[(_continues, RESUME), *((_again(name), f"{name}:") for name in RESUMABLE), (None, HOME)],
            words=_kept_words,
            variants=(
                "register",
                *(f"{name}{kind}" for name in RESUMABLE if name != "register" for kind in ("", "_amount")),
            ),
            labels=("continue", "again"),
            slots=_kept_amount,
            place="home_only",
        ),
        _under_way("accepted", _newest),
        _under_way("lending", _lending),
    ],
)
