"""Phones and amounts as people in Kenya write them."""

from decimal import Decimal, InvalidOperation

import phonenumbers


def e164(phone: str) -> str:
    """A phone number as `+254711000001`, from any form that people in Kenya use.

    Raises ValueError when it is no Kenyan mobile number: the pretend world outside has no others.
    """
    refusal = f"{phone!r} is not a Kenyan mobile number, such as 0711 000 001"
    try:
        number = phonenumbers.parse(phone, "KE")
    except phonenumbers.NumberParseException as error:
        raise ValueError(refusal) from error
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if number.country_code != 254 or not is_mobile:
        raise ValueError(refusal)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def cents(amount: str) -> int:
    """Cents from `2160.00`, `2,160` or `2160`. Raises ValueError for anything else."""
    try:
        value = Decimal(amount.replace(",", "")) * 100
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount of money") from None
    if not value.is_finite() or value != value.to_integral_value():
        raise ValueError(f"{amount!r} is not an amount of money")
    return int(value)
