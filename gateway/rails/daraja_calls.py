"""What every call to Daraja has in common: its way of writing amounts, phones and times, who signs, and refusals."""

import re

from gateway.clock import local
from gateway.config import Daraja
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.rails.daraja_answers import Answer
from gateway.rails.daraja_bodies import phone

_UNSAFE = re.compile(r"[^A-Za-z0-9 -]")


def operator(config: Daraja, name_field: str) -> dict[str, str]:
    """The API operator who signs; the field of the name differs between calls."""
    return {name_field: config.initiator, "SecurityCredential": config.security_credential.get_secret_value()}


def demand_answered(answer: Answer) -> None:
    """Raises for every refusal; one that leaves doubt only means that there is no answer."""
    refusal = answer.refusal()
    if isinstance(refusal, Uncertain):
        raise Unavailable(str(refusal), **refusal.evidence)
    if refusal is not None:
        raise refusal


def demand_code(answer: Answer, wanted: set[str], *names: str) -> None:
    code = answer.fields.text(*(names or ("ResponseCode",)))
    if code not in wanted:
        raise Unavailable("Daraja gives no usable answer", status=answer.status, response=code)


def shillings(amount_cents: int) -> int:
    if amount_cents < 100 or amount_cents % 100:
        raise Rejected("M-PESA carries whole shillings", "amount", amount_cents=amount_cents)
    return amount_cents // 100


def daraja_phone(msisdn: str) -> str:
    number = phone(msisdn)
    if number is None:
        raise Rejected("M-PESA asks and pays Kenyan mobile numbers only", "msisdn")
    return number.removeprefix("+")


def safe(text: str, characters_max: int) -> str:
    """Other signs are reported to make the call fail."""
    return " ".join(_UNSAFE.sub(" ", text).split())[:characters_max].strip()


def spaced(at: int) -> str:
    return f"{local(at):%Y-%m-%d %H:%M:%S}"
