"""A statement by SMS at once; of some days by e-mail, to an address that its owner has confirmed with a code,
or behind a link in an SMS; and receipts and reminders by e-mail beside those by SMS."""

import re
from collections.abc import Callable, Iterable, Mapping

from flows.kit import HOME, Emit, Flow, Offer, Refusal, View, ask, choose, decide, end, secret
from flows.known import Account

CODE = "email"
PERIODS = ("month", "before", "quarter")
ADDRESS_CHARACTERS_MAX = 80

_WORD = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ADDRESS = re.compile(rf"[a-z0-9_%+-]+(?:\.[a-z0-9_%+-]+)*@(?:{_WORD}\.)+[a-z]{{2,}}")


def _account(view: View) -> Account:
    account: Account = view.fact("account")
    return account


def _ways(view: View) -> Iterable[Offer]:
    """E-mail only where this organisation sends it, and statements and receipts only to a confirmed address."""
    account = _account(view)
    yield Offer("sms", digits="1")
    if account.has_mail and account.is_verified:
        yield Offer("email", digits="2")
    if account.has_mail:
        yield Offer("address", digits="3")
    if account.has_mail and account.awaits_code:
        yield Offer("code", digits="4")
    if account.has_links:
        yield Offer("link", digits="5")
    if account.has_mail and account.is_verified:
        yield Offer("receipts", "receipts_on" if account.mail_receipts else "receipts_off", digits="6")
        yield Offer("reminders", "reminders_on" if account.mail_reminders else "reminders_off", digits="7")


def _by_sms(view: View) -> Emit | None:
    return Emit("statement.sms", "ST", {}) if view.answer == "sms" else None


def _by_mail(view: View) -> Emit:
    return Emit("statement.mail", "ST", {"period": view.answer})


def _by_link(view: View) -> Emit:
    return Emit("statement.link", "ST", {"period": view.answer})


def _has_links(view: View) -> bool:
    return bool(view.fact("links_left"))


def _gets_receipts(view: View) -> bool:
    return _account(view).mail_receipts


def _gets_reminders(view: View) -> bool:
    return _account(view).mail_reminders


def _wish(kind: str) -> Callable[[View], Emit | None]:
    """With what makes the consent: which wording, in which language."""

    def wish(view: View) -> Emit | None:
        if view.answer == "no":
            return None
        version = view.fact("organisation").terms_version
        intent = {"on": view.answer == "agree", "version": version, "language": view.session.language}
        return Emit(kind, "RM", intent)

    return wish


_wish_receipts, _wish_reminders = _wish("receipts.mail"), _wish("reminders.mail")


def _has_codes(view: View) -> bool:
    return bool(view.fact("codes_left", CODE))


def _address(_: View, text: str) -> str | Refusal:
    """In small letters and without the spaces of a keypad."""
    address = text.replace(" ", "").lower()
    fits = len(address) <= ADDRESS_CHARACTERS_MAX and _ADDRESS.fullmatch(address)
    return address if fits else Refusal("email")


def _send_code(view: View) -> Emit:
    return Emit("email.set", "EM", {"email": view.answer})


def _verify(_: View) -> Emit:
    return Emit("email.verify", "EM", {})


def _email(view: View) -> Mapping[str, object]:
    return {"email": _account(view).email}


flow = Flow(
    "statement",
    [
        choose(
            "menu",
            to={
                "sms": "sent",
                "email": "period",
                "address": "asking",
                "code": "code",
                "link": "linking",
                "receipts": "receipts",
                "reminders": "reminders",
            },
            offers=_ways,
            labels=(
                "sms",
                "email",
                "address",
                "code",
                "link",
                "receipts_on",
                "receipts_off",
                "reminders_on",
                "reminders_off",
            ),
            emits=_by_sms,
        ),
        choose("period", to=dict.fromkeys(PERIODS, "mailed"), slots=_email, emits=_by_mail),
        decide("linking", [(_has_links, "link_period"), (None, "link_enough")]),
        choose("link_period", to=dict.fromkeys(PERIODS, "linked"), emits=_by_link),
        decide("receipts", [(_gets_receipts, "receipts_stop"), (None, "receipts_ask")]),
        choose(
            "receipts_ask", to={"agree": "receipts_on", "no": HOME}, slots=_email, emits=_wish_receipts, confirms=True
        ),
        choose(
            "receipts_stop", to={"stop": "receipts_off", "no": HOME}, slots=_email, emits=_wish_receipts, confirms=True
        ),
        decide("reminders", [(_gets_reminders, "reminders_stop"), (None, "reminders_ask")]),
        choose(
            "reminders_ask",
            to={"agree": "reminders_on", "no": HOME},
            slots=_email,
            emits=_wish_reminders,
            confirms=True,
        ),
        choose(
            "reminders_stop",
            to={"stop": "reminders_off", "no": HOME},
            slots=_email,
            emits=_wish_reminders,
            confirms=True,
        ),
        decide("asking", [(_has_codes, "address"), (None, "enough")]),
        ask("address", parse=_address, saves="", to="code", refuses=("email",), emits=_send_code),
        secret("code", kind="code", purpose=CODE, to="verified", emits=_verify),
        end("verified"),
        end("sent"),
        end("mailed", slots=_email),
        end("enough"),
        end("linked"),
        end("link_enough"),
        end("receipts_on", slots=_email),
        end("receipts_off"),
        end("reminders_on", slots=_email),
        end("reminders_off"),
    ],
    private=True,
)
