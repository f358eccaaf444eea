"""Every word on a paper (statement, receipt), and the slots it may have. The words are in `menus/<language>.yaml`."""

from collections.abc import Mapping

_TITLES = ("wallet", "savings", "loan", "all", "receipt")
_HEADS = (
    "date", "day", "reference", "receipt", "kind", "description", "status", "out", "in", "balance", "charged",
    "paid", "number", "due", "principal", "interest", "fees", "penalties", "instalment", "left",
    "account", "amount",
)  # fmt: skip
_FACTS = (
    "holder", "phone", "id", "period", "opening", "closing", "came", "went", "charged", "paid",
    "made", "code", "borrowed", "paid_out", "owed", "state", "at", "reference", "receipt",
    "wallet", "savings", "loan",
)  # fmt: skip
_SECTIONS = ("movements", "schedule", "repayments", "held", "nothing")
_LINES = (
    "mpesa_in", "mpesa_out", "wallet_in", "wallet_out", "savings_in", "savings_out", "fee", "interest", "opening",
    "paid_out", "interest_agreed", "penalty", "adjusted", "repaid", "waived",
)  # fmt: skip
_LINES_ABOUT = ("person_in", "person_out", "phone_in", "phone_out", "loan_in", "loan_out")
_STATES = ("posted", "held", "active", "closed", "written_off", "other")
_EVENTS = (
    "deposit", "withdraw", "send", "received", "repay", "payout", "savings_in", "savings_out", "returned", "moved",
    "paybill", "other",
)  # fmt: skip
_PAGE = ("title", "ask", "show", "refused", "over")

PAPERS: Mapping[str, tuple[str, ...]] = {
    **{f"title.{name}": () for name in _TITLES},
    **{f"head.{name}": () for name in _HEADS},
    **{f"fact.{name}": () for name in _FACTS},
    **{f"section.{name}": () for name in _SECTIONS},
    **{f"line.{name}": () for name in _LINES},
    **{f"line.{name}": ("about",) for name in _LINES_ABOUT},
    **{f"state.{name}": () for name in _STATES},
    **{f"event.{name}": () for name in _EVENTS},
    "note.page": ("page", "pages"),
    "note.days": ("since", "until"),
    "note.check": ("code",),
    "note.wrong": (),
    "note.filtered": ("count",),
    **{f"link.{name}": () for name in _PAGE},
    **{f"letters.{name}": () for name in ("title", "ask", "stop", "done", "refused", "back")},
}
