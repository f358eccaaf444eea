"""My account: PIN, language, auto-repay, offers, statement, phone, closing, and what was agreed to."""

from collections.abc import Iterable, Mapping

from flows.kit import HOME, Emit, Flow, Offer, View, choose, decide, end, secret
from flows.known import Account, Consent
from flows.language import LANGUAGE
from menus.values import Day

HINDRANCES = ("loan", "money", "owed", "request")
CONSENTS = ("terms", "data", "offers", "auto_repay", "receipts_mail", "reminders_mail")


def _account(view: View) -> Account:
    known: Account = view.fact("account")
    return known


def _lines(view: View) -> Iterable[Offer]:
    """Every line with how it stands now."""
    account = _account(view)
    auto = "auto_on" if account.auto_percent else "auto_off"
    offers = "offers_on" if account.offers else "offers_off"
    return (
        Offer("pin"), Offer("language"), Offer("auto", auto, {"percent": account.auto_percent}),
        Offer("offers", offers),
        Offer("statement"), Offer("phone"), Offer("close"), Offer("data"),
    )  # fmt: skip


def _change_pin(_: View) -> Emit:
    return Emit("pin.change", "PN", {})


def _set_language(view: View) -> Emit:
    return Emit("language.set", "LG", {"language": view.answer})


def _gets_offers(view: View) -> bool:
    return _account(view).offers


def _set_offers(view: View) -> Emit | None:
    """With what makes the consent: which wording, in which language."""
    if view.answer == "no":
        return None
    version = view.fact("organisation").terms_version
    intent = {"on": view.answer == "agree", "version": version, "language": view.session.language}
    return Emit("offers.set", "OF", intent)


def _is_hindered(view: View) -> bool:
    return bool(view.fact("closing"))


def _hindrance(view: View) -> str:
    return f"not_yet_{view.fact('closing')}"


def _close(_: View) -> Emit:
    return Emit("account.close", "CL", {})


def _reference(view: View) -> Mapping[str, object]:
    return {"reference": view.data["reference"]}


def _agreed(view: View) -> Iterable[Offer]:
    """What was agreed to and holds, a line each."""
    consents: tuple[Consent, ...] = view.fact("consents")
    today = view.facts.now.date()
    return (
        Offer("", consent.kind, {"version": consent.version, "day": Day(consent.on, today)})
        for consent in consents
        if consent.kind in CONSENTS
    )


def _export(view: View) -> Emit | None:
    return Emit("case.open", "CS", {"topic": "data export", "said": "all"}) if view.answer == "yes" else None


def _exported(view: View) -> Mapping[str, object]:
    return {"case": view.data["reference"]}


MENU = {
    "pin": "old",
    "language": "language",
    "auto": "auto:",
    "offers": "offers",
    "statement": "statement:",
    "phone": "phonechange:",
    "close": "close",
    "data": "data",
}

flow = Flow(
    "account",
    [
        choose(
            "menu",
            to=MENU,
            offers=_lines,
            labels=(
                "pin",
                "language",
                "auto_on",
                "auto_off",
                "offers_on",
                "offers_off",
                "statement",
                "phone",
                "close",
                "data",
            ),
        ),
        secret("old", to="new"),
        secret("new", kind="new", to="again"),
        secret("again", kind="again", to="changed", emits=_change_pin),
        end("changed"),
        choose("language", to="spoken", emits=_set_language, **LANGUAGE),
        end("spoken"),
        decide("offers", [(_gets_offers, "offers_stop"), (None, "offers_ask")]),
        choose("offers_ask", to={"agree": "offers_on", "no": HOME}, emits=_set_offers, confirms=True),
        choose("offers_stop", to={"stop": "offers_off", "no": HOME}, emits=_set_offers, confirms=True),
        end("offers_on"),
        end("offers_off"),
        decide("close", [(_is_hindered, "not_yet"), (None, "closing")]),
        end("not_yet", words=_hindrance, variants=tuple(f"not_yet_{each}" for each in HINDRANCES)),
        secret("closing", to="closed", emits=_close),
        end("closed", slots=_reference),
        choose("data", to={"agreed": "agreed", "export": "export", "linked": "linked:"}),
        choose(
            "agreed",
            to={"offers": "offers", "auto": "auto:"},
            lines=_agreed,
            offers=lambda _: (Offer("offers", "change_offers"), Offer("auto", "change_auto")),
            labels=(*CONSENTS, "change_offers", "change_auto"),
        ),
        choose("export", to={"yes": "exported", "no": HOME}, emits=_export, confirms=True),
        end("exported", slots=_exported),
    ],
)
