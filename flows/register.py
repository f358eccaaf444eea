"""Join. Language, terms and data consent, identity, a new Nyota PIN twice; the wallet opens at once."""

from collections.abc import Mapping
from typing import Any

from flows.kit import Emit, Flow, Refusal, View, ask, choose, decide, end, secret
from flows.language import LANGUAGE
from flows.text import national_id, person_name
from menus.values import FirstName, FullName, Ksh


def _id(_: View, text: str) -> str | Refusal:
    return national_id(text) or Refusal("id")


def _taken(view: View) -> bool:
    """Whether the ID is on another line: somebody has to look at it, and nothing of the other is shown."""
    return bool(view.fact("id_taken", view.data["id"]))


def _taken_case(view: View) -> Emit | None:
    return Emit("case.open", "CS", {"topic": "id in use", "said": view.data["id"]}) if _taken(view) else None


def _known_id(view: View, text: str) -> str | Refusal:
    number = national_id(text)
    return number if number and view.fact("id_matches", number) else Refusal("known_id")


def _name(view: View, text: str) -> str | Refusal:
    return person_name(text) or Refusal("name")


def _person(view: View) -> Mapping[str, object]:
    return {"full_name": FullName(view.data["name"]), "national_id": view.data["id"]}


def _listed(view: View) -> bool:
    customer = view.fact("customer")
    return customer is not None and not customer.is_member


def _named(view: View) -> bool:
    return "name" in view.data


def _complete(view: View) -> bool:
    return "id" in view.data and _named(view)


def _welcome(view: View) -> Mapping[str, object]:
    return {"first_name": FirstName(view.data["name"]), "wallet": Ksh(0)}


def _terms_by_sms(view: View) -> Emit | None:
    if view.answer != "sms":
        return None
    return Emit("sms.notice", "SM", {"template": "register.terms", "language": view.data["language"]})


def _join(view: View) -> Emit:
    organisation = view.fact("organisation")
    data: Mapping[str, Any] = view.data
    intent = {key: data[key] for key in ("language", "name", "id")}
    return Emit("customer.register", "CU", {**intent, "terms_version": organisation.terms_version})


def _listed_name(view: View) -> Mapping[str, object]:
    """Whoever is on the members' list has given their name before."""
    return {"name": view.fact("customer").name} if _listed(view) else {}


_CONSENT: dict[str, Any] = {"emits": _terms_by_sms, "binds": _listed_name, "place": "none", "confirms": True}

flow = Flow(
    "register",
    [
        choose("language", to="status", place="none", **LANGUAGE),
        decide("status", [(_listed, "known"), (None, "terms")]),
        ask(
            "known",
            parse=_known_id,
            to="terms",
            saves="id",
            refuses=("known_id",),
            gives_up="known_third",
            place="back",
        ),
        choose("terms", to={"agree": "data", "sms": "terms", "no": "declined"}, **_CONSENT),
        choose("data", to={"agree": "identity", "sms": "data", "no": "declined"}, **_CONSENT),
        decide("identity", [(_listed, "pin"), (_complete, "check"), (None, "id")]),
        ask(
            "id",
            parse=_id,
            to=[(_taken, "taken"), (_named, "check"), (None, "name")],
            refuses=("id",),
            emits=_taken_case,
            place="back",
        ),
        ask("name", parse=_name, to="check", refuses=("name",), place="back"),
        choose("check", to={"yes": "pin", "name": "name", "id": "id"}, slots=_person, place="back"),
        secret("pin", kind="new", to="again", place="back"),
        secret("again", kind="again", to="done", emits=_join, place="back"),
        end("done", slots=_welcome),
        end("taken"),
        end("declined"),
    ],
    resumable=True,
)
