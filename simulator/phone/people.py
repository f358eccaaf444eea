"""The people of the demo: whose phone one can pick up without typing a number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone. `about` reminds whoever plays them of the demo data; `pin` is their Nyota PIN."""

    msisdn: str
    name: str
    about: str
    pin: str = ""


PEOPLE = (
    Person("+254711000001", "Amina Wanjiru", "Nyota PIN 4826, English", "4826"),
    Person("+254711000002", "Baraka Otieno", "Nyota PIN 7391, Swahili, lends", "7391"),
    Person("+254711000003", "A new customer", "not registered yet"),
    Person("+254711000009", "Loan officer", "Nyota PIN 6058, may approve", "6058"),
)

STRANGER = "Another phone"


def person(msisdn: str) -> Person:
    """Who holds this number; a stranger when it is nobody of the demo."""
    for known in PEOPLE:
        if known.msisdn == msisdn:
            return known
    return Person(msisdn, STRANGER, "not one of the demo people")


def spaced(msisdn: str) -> str:
    """A number as people read it out: `0711 000 001`; numbers from abroad stay as they are."""
    if not msisdn.startswith("+254") or len(msisdn) != 13:
        return msisdn
    digits = "0" + msisdn[4:]
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}"
