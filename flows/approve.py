"""What others ask of me, and my answer: a loan from my wallet, a guarantee, or, for staff, a loan of the house.

The first answer counts; whoever comes later sees what it was. A yes needs the Nyota PIN, and so does an officer's no;
somebody's own no does not. Lenders may shut out one person, or all.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flows.kit import Emit, Flow, Gone, Guard, Offer, View, choose, decide, end, secret
from flows.known import Asked, Borrower
from flows.reasons import REASONS as RECORD
from flows.reasons import reason_offers
from menus.values import Day, Days, FullName, Ksh, ShortName

KINDS = ("peer", "guarantee", "officer")
REASONS = ("savings", "history", "income", "amount", "other")
"""Why an officer may decline; the applicant is told which."""


def _waiting(view: View) -> tuple[Asked, ...]:
    waiting: tuple[Asked, ...] = view.fact("asked")
    return waiting


def _has_none(view: View) -> bool:
    return not _waiting(view)


def _offered(view: View) -> Iterable[Offer]:
    return (Offer(each.id, each.kind, _slots_of(view, each)) for each in _waiting(view))


def _chosen(view: View) -> Asked:
    """The request that was chosen, as it stands now. Raises Gone when it is not for this person any more."""
    found: Asked | None = view.fact("asked_one", view.data["request"])
    if found is None:
        raise Gone(view.data["request"])
    return found


def _slots_of(view: View, asked: Asked) -> dict[str, object]:
    """The slots of every text about a request; those of its kind's own detail among them."""
    detail, today = asked.detail, view.facts.now.date()
    slots: dict[str, object] = {
        "reference": asked.reference,
        "person": ShortName(asked.name),
        "full_name": FullName(asked.name),
        **dict.fromkeys(("amount", "principal"), Ksh(asked.amount_cents)),
        "fee": Ksh(detail.get("fee_cents", 0)),
    }
    if asked.kind == "peer":
        slots |= {"total": Ksh(detail["total_cents"]), "due": Day(date.fromisoformat(detail["due"]), today)}
    elif asked.kind == "guarantee":
        slots["of"] = Ksh(detail["loan_cents"])
    else:
        slots |= {"product": detail["product"], "months": detail["term"], "limit": Ksh(detail["limit"])}
        slots["days"] = Days(detail["late"])
    return slots


def _slots(view: View) -> Mapping[str, object]:
    return _slots_of(view, _chosen(view))


def _is(kind: str) -> Guard:
    return lambda view: _chosen(view).kind == kind


def _is_over(view: View) -> bool:
    return _chosen(view).state != "open"


def _is_hindered(how: str) -> Guard:
    return lambda view: _chosen(view).hindrance == how


def _by_kind(name: str) -> Any:
    """Words of their own for each kind."""
    return lambda view: f"{name}_{_chosen(view).kind}"


def _variants(name: str, kinds: Iterable[str] = KINDS) -> tuple[str, ...]:
    return tuple(f"{name}_{kind}" for kind in kinds)


def _short_words(view: View) -> str:
    return "short_savings" if _chosen(view).kind == "guarantee" else "short"


def _short_offers(view: View) -> Iterable[Offer]:
    """Savings are made of wallet money, and may take days: there only the no is offered."""
    decline = Offer("decline", digits="2")
    return (decline,) if _chosen(view).kind == "guarantee" else (Offer("deposit"), decline)


def _no_offers(view: View) -> Iterable[Offer]:
    offers = (Offer("yes"), Offer("no"), Offer("block"))
    return (*offers, Offer("never")) if _chosen(view).kind == "peer" else offers


def _approve(view: View) -> Emit | None:
    asked = _chosen(view)
    return None if asked.state != "open" else Emit("approval.approve", "AP", {"request": asked.id})


def _decline(view: View) -> Emit | None:
    """`how` is whether it shall never be asked again: by this person (`block`), or by anybody (`never`)."""
    asked = _chosen(view)
    if view.answer == "no" or asked.state != "open":
        return None
    return Emit("approval.decline", "AP", {"request": asked.id, "how": view.answer})


def _decline_with_reason(view: View) -> Emit | None:
    asked = _chosen(view)
    if asked.state != "open":
        return None
    return Emit("approval.decline", "AP", {"request": asked.id, "reason": view.data["reason"]})


def _says_no_to_declining(view: View) -> bool:
    return bool(view.answer == "no")


def _over_words(view: View) -> str:
    state = _chosen(view).state
    return f"over_{state}" if state in {"approved", "declined"} else "over_late"


def _borrower(view: View) -> Mapping[str, object]:
    found: Borrower | None = view.fact("borrower", view.data["request"])
    if found is None:
        raise Gone(view.data["request"])
    return {
        **_slots(view),
        "savings": Ksh(found.saved_cents),
        "held": Ksh(found.pledged_cents),
        "owed": Ksh(found.owed_cents),
        "day": Day(found.since, view.facts.now.date()),
        "score": found.score,
    }


def _record(view: View) -> Iterable[Offer]:
    """What the score and the limit were made of when the loan was asked for."""
    found: Borrower | None = view.fact("borrower", view.data["request"])
    return reason_offers((reason.code, reason.value) for reason in found.reasons) if found else ()


def _none_words(view: View) -> str:
    return "none_shut" if view.fact("refuses_all") else "none"


def _none_offers(view: View) -> Iterable[Offer]:
    shut = view.fact("refuses_all")
    return (Offer("ask"), Offer("allow" if shut else "refuse", digits="2"), Offer("blocked", digits="3"))


def _shut_or_open(view: View) -> Emit | None:
    return Emit(f"peers.{view.answer}", "AP", {}) if view.answer in {"refuse", "allow"} else None


def _blocked(view: View) -> tuple[tuple[str, str], ...]:
    blocked: tuple[tuple[str, str], ...] = view.fact("blocked")
    return blocked


def _blocks_nobody(view: View) -> bool:
    return not _blocked(view)


def _blocked_offers(view: View) -> Iterable[Offer]:
    return (Offer(person, "each", {"person": ShortName(name)}) for person, name in _blocked(view))


def _unblock(view: View) -> Emit:
    return Emit("peers.unblock", "AP", {"person": view.answer})


flow = Flow(
    "approve",
    [
        decide("start", [(_has_none, "none"), (None, "list")]),
        choose("list", to={"*": "opened"}, saves="request", offers=_offered, labels=KINDS),
        decide(
            "opened",
            [
                (_is_over, "over"),
                (_is("officer"), "officer"),
                (_is("guarantee"), "guarantee"),
                (None, "detail"),
            ],
        ),
        choose("detail", to={"approve": "checked", "decline": "no"}, slots=_slots, confirms=True),
        choose("guarantee", to={"approve": "checked", "decline": "no"}, slots=_slots, confirms=True),
        choose("officer", to={"approve": "checked", "decline": "reason", "more": "more"}, slots=_slots, confirms=True),
        choose("more", to="officer", slots=_borrower, lines=_record, labels=RECORD, offers=lambda _: ()),
        decide(
            "checked",
            [
                (_is_over, "over"),
                (_is_hindered("later"), "later"),
                (_is_hindered("short"), "short"),
                (None, "pin"),
            ],
        ),
        choose(
            "short",
            to={"deposit": "wallet:deposit", "decline": "no"},
            words=_short_words,
            variants=("short", "short_savings"),
            slots=_slots,
            offers=_short_offers,
        ),
        secret(
            "pin",
            to=[(_is_over, "over"), (None, "done")],
            words=_by_kind("pin"),
            variants=_variants("pin"),
            slots=_slots,
            emits=_approve,
        ),
        end("done", words=_by_kind("done"), variants=_variants("done"), slots=_slots),
        choose(
            "no",
            to=[(_says_no_to_declining, "start"), (_is_over, "over"), (None, "declined")],
            slots=_slots,
            offers=_no_offers,
            labels=("yes", "no", "block", "never"),
            emits=_decline,
            confirms=True,
        ),
        choose("reason", to=dict.fromkeys(REASONS, "refuse"), saves="reason", slots=_slots),
        secret("refuse", to=[(_is_over, "over"), (None, "declined")], slots=_slots, emits=_decline_with_reason),
        end("declined", words=_by_kind("declined"), variants=_variants("declined"), slots=_slots),
        end("over", words=_over_words, variants=("over_approved", "over_declined", "over_late"), slots=_slots),
        end("later", slots=_slots),
        choose(
            "none",
            to={"ask": "peer:", "refuse": "refused", "allow": "allowed", "blocked": "blocking"},
            words=_none_words,
            variants=("none", "none_shut"),
            offers=_none_offers,
            emits=_shut_or_open,
        ),
        decide("blocking", [(_blocks_nobody, "unblocked"), (None, "blocked")]),
        choose("blocked", to={"*": "unblocked"}, offers=_blocked_offers, labels=("each",), emits=_unblock),
        end("refused"),
        end("allowed"),
        end("unblocked"),
    ],
)
