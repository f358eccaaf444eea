"""Officers behind the same code: look up a customer, pause, reset, unlock, send a statement, ask for a payment.

The officer's own PIN opens it; each act asks it again. Nobody on the staff sees a balance, an identity number or a PIN,
and nobody acts on their own account. A lost line is moved by two officers.
"""

from collections.abc import Callable, Iterable, Mapping

from flows.amounts import up_to_shilling, whole_shillings
from flows.kit import HOME, Emit, Flow, Gone, Offer, Refusal, View, ask, choose, decide, end, secret
from flows.known import LineRequest, Loan, Member, Prompted, StaffLeft
from flows.text import msisdn, national_id
from menus.values import Ksh, MaskedPhone, ShortName

WALLET = "wallet"
LEAST_CENTS = 1_00
MOST_CENTS = 250_000_00
REASONS = ("fraud", "lost", "asked", "other")
Acting = Callable[[View], Emit]

PROMPT_STATES = ("waiting", "asked", "paid", "cancelled", "expired", "refused", "unsure")


def _left(view: View) -> StaffLeft:
    known: StaffLeft = view.fact("staff_left")
    return known


def _may_look(view: View) -> bool:
    return _left(view).look_ups > 0


def _lines_waiting(view: View) -> tuple[LineRequest, ...]:
    known: tuple[LineRequest, ...] = view.fact("lines_waiting")
    return known


def _menu(view: View) -> Iterable[Offer]:
    waiting = len(_lines_waiting(view))
    yield from (Offer("look_up"), Offer("prompts"), Offer("lost"))
    if waiting:
        yield Offer("confirm", slots={"count": waiting})


def _member_on(view: View, phone: str) -> Member:
    """Raises Gone when nobody is on the line any more."""
    found: Member | None = view.fact("member", phone)
    if found is None:
        raise Gone(phone)
    return found


def _member(view: View) -> Member:
    return _member_on(view, view.data["phone"])


def _phone(view: View, text: str) -> str | Refusal:
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    if number == view.fact("customer").phone:
        return Refusal("own_account")
    return number if view.fact("member", number) else Refusal("no_member")


def _looked_up(view: View) -> Emit:
    return Emit("staff.look_up", "LU", {"customer": _member_on(view, view.answer).id})


def _shown_as(view: View) -> str:
    member = _member(view)
    if member.is_paused:
        return "paused"
    if not member.has_pin:
        return "pinless"
    return "locked" if member.is_locked else "customer"


def _described(view: View) -> Mapping[str, object]:
    member = _member(view)
    late = sum(1 for loan in member.loans if loan.days_late)
    return {**_person(view), "tier": member.tier, "count": len(member.loans), "late": late}


def _person(view: View) -> Mapping[str, object]:
    member = _member(view)
    return {"person": ShortName(member.name), "phone": MaskedPhone(member.phone)}


def _acts(view: View) -> Iterable[Offer]:
    """What can be done for this customer now, each under its own digit."""
    member = _member(view)
    if member.is_paused:
        yield Offer("activate", digits="6")
        return
    yield Offer("prompt", digits="1")
    yield Offer("statement", digits="2")
    yield Offer("reset", digits="3")
    if member.is_locked:
        yield Offer("unlock", digits="4")
    yield Offer("deactivate", digits="5")


def _debts(view: View) -> Iterable[Offer]:
    """The customer's own debts, and their wallet; nothing else may be asked for."""
    member = _member(view)
    for loan in member.loans:
        label = "late" if loan.days_late else "each"
        yield Offer(loan.reference, label, {"loan": loan.reference, "amount": Ksh(up_to_shilling(loan.owed_cents))})
    if member.takes_deposits:
        yield Offer(WALLET, WALLET)


def _owed_cents(view: View) -> int:
    about = view.data["about"]
    if about == WALLET:
        return MOST_CENTS
    return min(MOST_CENTS, up_to_shilling(_loan(view, about).owed_cents))


def _loan(view: View, reference: str) -> Loan:
    for loan in _member(view).loans:
        if loan.reference == reference:
            return loan
    raise Gone(reference)


def _is_paying(view: View) -> bool:
    return view.data["about"] in _member(view).paying


def _may_prompt(view: View) -> bool:
    return _member(view).prompts_left > 0


def _range(view: View) -> Mapping[str, object]:
    return {**_person(view), "min": Ksh(LEAST_CENTS), "max": Ksh(_owed_cents(view))}


def _amount(view: View, text: str) -> int | Refusal:
    return whole_shillings(text, LEAST_CENTS, _owed_cents(view))


def _about(view: View) -> str:
    return "ask_wallet" if view.data["about"] == WALLET else "ask_loan"


def _asked(view: View) -> Mapping[str, object]:
    return {**_person(view), "amount": Ksh(view.data["amount"]), "loan": view.data["about"]}


def _prompt(view: View) -> Emit:
    data = view.data
    intent = {"customer": _member(view).id, "about": data["about"], "amount_cents": data["amount"]}
    return Emit("staff.prompt", "ST", intent)


def _prompted(view: View) -> Mapping[str, object]:
    """The payment's reference: the letters of the request."""
    return {**_asked(view), "reference": "PP" + view.data["reference"][2:]}


def _statement_ways(view: View) -> Iterable[Offer]:
    yield Offer("sms")
    if _member(view).has_email:
        yield Offer("email")


def _send_statement(view: View) -> Emit:
    return Emit("staff.statement", "ST", {"customer": _member(view).id, "by": view.answer})


def _identity(view: View, text: str) -> str | Refusal:
    """What the caller says it is; the officer never sees what it should be."""
    number = national_id(text)
    return number if number and view.fact("is_id_of", view.data["phone"], number) else Refusal("caller_id")


def _act(kind: str, reason: str = "") -> Acting:
    def emitted(view: View) -> Emit:
        return Emit(kind, "ST", {"customer": _member(view).id, "reason": view.data.get("why", reason)})

    return emitted


def _prompts(view: View) -> Iterable[Offer]:
    known: tuple[Prompted, ...] = view.fact("prompted")
    return (
        Offer("", each.state, {
            "reference": each.reference, "person": ShortName(each.person), "amount": Ksh(each.amount_cents),
        })
        for each in known
    )  # fmt: skip


def _has_prompts(view: View) -> bool:
    return bool(view.fact("prompted"))


def _lost_id(view: View, text: str) -> str | Refusal:
    """Keeps the line of whoever has this identity number, not the number."""
    number = national_id(text)
    if number is None:
        return Refusal("id")
    found: Member | None = view.fact("member_of_id", number)
    if found is None or found.is_paused:
        return Refusal("no_member")
    return Refusal("own_account") if found.id == view.session.customer else found.phone


def _new_line(view: View, text: str) -> str | Refusal:
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    return number if view.fact("line_free", number) else Refusal("line_taken")


def _move(view: View) -> Mapping[str, object]:
    return {**_person(view), "new_phone": MaskedPhone(view.data["line"])}


def _lose(view: View) -> Emit:
    member = _member(view)
    return Emit("line.lost", "LL", {"customer": member.id, "phone": view.data["line"]}, f"line:{member.id}")


def _moving(view: View) -> Mapping[str, object]:
    return {**_move(view), "reference": view.data["reference"]}


def _waiting(view: View) -> Iterable[Offer]:
    return (
        Offer(each.id, "each", {"person": ShortName(each.person), "new_phone": MaskedPhone(each.new_phone)})
        for each in _lines_waiting(view)
    )


def _request(view: View) -> LineRequest:
    for each in _lines_waiting(view):
        if each.id == view.data["request"]:
            return each
    raise Gone("answered")


def _question(view: View) -> Mapping[str, object]:
    request = _request(view)
    return {
        "person": ShortName(request.person),
        "id_end": request.id_end,
        "phone": MaskedPhone(request.phone),
        "new_phone": MaskedPhone(request.new_phone),
        "officer": ShortName(request.asked_by),
    }


def _kept_question(view: View) -> Mapping[str, object]:
    return {"reference_asked": _request(view).reference}


def _decide(state: str) -> Acting:
    def emitted(view: View) -> Emit:
        return Emit("line.decide", "LD", {"approval": _request(view).id, "state": state})

    return emitted


def _decided(view: View) -> Mapping[str, object]:
    return {"reference": view.data["reference_asked"]}


flow = Flow(
    "officer",
    [
        choose(
            "menu",
            to={"look_up": "looking", "prompts": "prompts_any", "lost": "lost", "confirm": "confirm"},
            offers=_menu,
        ),
        decide("looking", [(_may_look, "phone"), (None, "enough")]),
        ask("phone", parse=_phone, to="customer", emits=_looked_up, refuses=("phone", "own_account", "no_member")),
        choose(
            "customer",
            to={
                "prompt": "about",
                "statement": "statement",
                "reset": "identity",
                "unlock": "unlock",
                "deactivate": "why",
                "activate": "activate",
            },
            offers=_acts,
            words=_shown_as,
            variants=("customer", "locked", "pinless", "paused"),
            slots=_described,
        ),
        choose("about", to="prompting", saves="about", offers=_debts, labels=("each", "late", WALLET), slots=_person),
        decide("prompting", [(_is_paying, "paying"), (_may_prompt, "amount"), (None, "enough")]),
        end("paying", slots=_person),
        ask("amount", parse=_amount, to="ask", slots=_range, refuses=("amount",)),
        secret("ask", to="asked", words=_about, variants=("ask_loan", "ask_wallet"), slots=_asked, emits=_prompt),
        end("asked", slots=_prompted),
        choose(
            "statement",
            to={"sms": "sent", "email": "sent"},
            offers=_statement_ways,
            slots=_person,
            emits=_send_statement,
            confirms=True,
        ),
        end("sent", slots=_person),
        ask("identity", parse=_identity, saves="", to="reset", slots=_person, refuses=("caller_id",)),
        secret("reset", to="was_reset", slots=_person, emits=_act("staff.reset_pin", "forgotten, ID named")),
        end("was_reset", slots=_person),
        secret("unlock", to="unlocked", slots=_person, emits=_act("staff.unlock", "locked out")),
        end("unlocked", slots=_person),
        choose(
            "why", to="deactivate", saves="why", offers=lambda _: map(Offer, REASONS), labels=REASONS, slots=_person
        ),
        secret("deactivate", to="deactivated", slots=_person, emits=_act("staff.deactivate")),
        end("deactivated", slots=_person),
        secret("activate", to="activated", slots=_person, emits=_act("staff.activate", "looked at again")),
        end("activated", slots=_person),
        decide("prompts_any", [(_has_prompts, "prompts"), (None, "no_prompts")]),
        choose("prompts", to=HOME, lines=_prompts, labels=PROMPT_STATES, offers=lambda _: ()),
        end("no_prompts"),
        ask("lost", parse=_lost_id, saves="phone", to="line", refuses=("id", "no_member", "own_account")),
        ask("line", parse=_new_line, to="move", slots=_person, refuses=("phone", "line_taken")),
        secret("move", to="moving", slots=_move, emits=_lose),
        end("moving", slots=_moving),
        choose("confirm", to="question", saves="request", offers=_waiting, labels=("each",)),
        choose(
            "question",
            to={"agree": "agree", "refuse": "refuse"},
            slots=_question,
            binds=_kept_question,
            confirms=True,
        ),
        secret("agree", to="agreed", slots=_question, emits=_decide("approved")),
        secret("refuse", to="refused", slots=_question, emits=_decide("declined")),
        end("agreed", slots=_decided),
        end("refused", slots=_decided),
        end("enough"),
    ],
    private=True,
)
