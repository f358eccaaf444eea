"""What the bank has in its catalogue: products, charges, ways to pay, configurations and its one office."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import wire
from simulator.standins.core.calls import OFFICE, Act, Ask, Read, Result, Write, whole
from simulator.standins.core.errors import duplicate, missing
from simulator.standins.core.schedule import (
    DAYS,
    DECLINING,
    EQUAL_INSTALMENTS,
    FLAT,
    MONTHS,
    PER_MONTH,
    PER_YEAR,
    SAME_AS_PERIOD,
    WHOLE_TERM,
)

AT_DISBURSEMENT, ON_A_DATE = 1, 2
FLAT_AMOUNT, PERCENT_OF_AMOUNT = 1, 2


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of loan. What an application does not say itself comes from here: multiple, days in a year, and how
    the rate is meant."""

    id: int
    name: str
    short_name: str
    least_cents: int
    most_cents: int
    count: int
    every: int
    frequency: int
    rate: Fraction
    rate_frequency: int
    interest_type: int
    multiple_cents: int = 100
    days_in_year: int = 365


@dataclass(frozen=True, slots=True)
class Charge:
    """`amount` is cents, or percent when it is calculated from the amount."""

    id: int
    name: str
    time: int
    calculation: int
    amount: Fraction
    is_penalty: bool = False


def _by_id(*products: Product) -> Mapping[int, Product]:
    return MappingProxyType({product.id: product for product in products})


PRODUCTS = _by_id(
    Product(1, "Quick", "QCK", 500_00, 5_000_00, 1, 30, DAYS, Fraction(8), WHOLE_TERM, FLAT),
    Product(2, "Growth", "GRW", 2_000_00, 50_000_00, 6, 1, MONTHS, Fraction(3), PER_MONTH, DECLINING),
    Product(3, "Peer", "PEER", 200_00, 10_000_00, 1, 30, DAYS, Fraction(10), WHOLE_TERM, FLAT),
    Product(4, "Standard", "STD", 50_00, 10_000_000_00, 12, 1, MONTHS, Fraction(16), PER_YEAR, DECLINING),
)
SAVINGS_PRODUCTS: Mapping[int, str] = MappingProxyType({1: "Savings", 2: "Wallet"})
CHARGES: Mapping[int, Charge] = MappingProxyType(
    {
        1: Charge(1, "Processing fee", AT_DISBURSEMENT, PERCENT_OF_AMOUNT, Fraction(1)),
        2: Charge(2, "Fee", ON_A_DATE, FLAT_AMOUNT, Fraction(100_00)),
        3: Charge(3, "Late penalty", ON_A_DATE, FLAT_AMOUNT, Fraction(50_00), is_penalty=True),
    }
)
_CONFIGURATIONS = (
    ("maker-checker", None),
    ("enable-business-date", None),
    ("rounding-mode", 6),
    ("enable-auto-generated-external-id", None),
    ("penalty-wait-period", 2),
    ("purge-processed-commands-older-than-days", 30),
)


def routes() -> tuple[Read | Write, ...]:
    supports = ("name", "description", "isCashPayment", "position")
    return (
        Read("GET", "offices", lambda _ask: [_office()]),
        Read("GET", "loanproducts", lambda ask: [_product(product) for product in PRODUCTS.values()]),
        Read("GET", "loanproducts/{product}", lambda ask: _product(product_of(ask.refs["product"]))),
        Read("GET", "savingsproducts", lambda _ask: [_savings_product(one) for one in SAVINGS_PRODUCTS]),
        Read("GET", "charges", lambda _ask: [_charge(charge) for charge in CHARGES.values()]),
        Read("GET", "paymenttypes", _payment_types),
        Write("POST", "paymenttypes", "", "CREATE", "PAYMENTTYPE", supports, _add_payment_type),
    )


def configurations(*, is_checked: bool, has_business_date: bool) -> dict[str, Any]:
    """The switches, as `GET configurations` shows them."""
    on = {"maker-checker": is_checked, "enable-business-date": has_business_date, "rounding-mode": True}
    rows = [
        wire.present({"id": number, "name": name, "enabled": on.get(name, False), "value": value, "trapDoor": False})
        for number, (name, value) in enumerate(_CONFIGURATIONS, start=1)
    ]
    return {"globalConfiguration": rows}


def open_payment_types(rows: Rows) -> None:
    """What is there from the first day on."""
    for number, name in enumerate(("Money Transfer", "M-PESA"), start=1):
        rows.execute(
            "INSERT INTO payment_types (id, name, description, is_cash, position) VALUES (?, ?, ?, 0, ?)"
            " ON CONFLICT DO NOTHING",
            number,
            name,
            name,
            number,
        )


def product_of(ref: str) -> Product:
    product = PRODUCTS.get(whole(ref))
    if product is None:
        raise missing("error.msg.loanproduct.id.invalid", f"Loan product with identifier {ref} does not exist", ref)
    return product


def payment_type(rows: Rows, ref: int) -> dict[str, Any]:
    row = rows.one("SELECT * FROM payment_types WHERE id = ?", ref)
    if row is None:
        raise missing("error.msg.paymenttype.id.invalid", f"PaymentType with identifier {ref} does not exist", ref)
    return {"id": row["id"], "name": row["name"]}


def _payment_types(ask: Ask) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "description": row["description"],
            "isCashPayment": bool(row["is_cash"]),
            "position": row["position"],
            "isSystemDefined": False,
        }
        for row in ask.rows.all("SELECT * FROM payment_types ORDER BY position, id")
    ]


def _add_payment_type(act: Act) -> Result:
    fields = act.fields
    name = fields.text("name")
    if act.rows.value("SELECT 1 FROM payment_types WHERE name = ?", name):
        raise duplicate("error.msg.payment.type.duplicate.name", f"Payment type {name} already exists", "name")
    added = act.rows.execute(
        "INSERT INTO payment_types (name, description, is_cash, position) VALUES (?, ?, ?, ?)",
        name,
        fields.optional("description", longest=500) or "",
        fields.flag("isCashPayment"),
        fields.whole("position"),
    )
    return {"resourceId": added.lastrowid}


def _office() -> dict[str, Any]:
    return {"id": OFFICE, "name": "Head Office", "nameDecorated": "Head Office", "hierarchy": "."}


def _product(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "name": product.name,
        "shortName": product.short_name,
        "currency": dict(wire.CURRENCY),
        "minPrincipal": wire.money(product.least_cents),
        "maxPrincipal": wire.money(product.most_cents),
        "numberOfRepayments": product.count,
        "repaymentEvery": product.every,
        "repaymentFrequencyType": {"id": product.frequency},
        "interestRatePerPeriod": float(product.rate),
        "interestRateFrequencyType": {"id": product.rate_frequency},
        "interestType": {"id": product.interest_type},
        "amortizationType": {"id": EQUAL_INSTALMENTS},
        "interestCalculationPeriodType": {"id": SAME_AS_PERIOD},
        "installmentAmountInMultiplesOf": product.multiple_cents // 100,
        "daysInYearType": {"id": product.days_in_year},
        "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "status": "loanProduct.active",
    }


def _savings_product(number: int) -> dict[str, Any]:
    return {"id": number, "name": SAVINGS_PRODUCTS[number], "currency": dict(wire.CURRENCY)}


def _charge(charge: Charge) -> dict[str, Any]:
    is_flat = charge.calculation == FLAT_AMOUNT
    return {
        "id": charge.id,
        "name": charge.name,
        "active": True,
        "penalty": charge.is_penalty,
        "amount": wire.money(int(charge.amount)) if is_flat else float(charge.amount),
        "chargeTimeType": {"id": charge.time},
        "chargeCalculationType": {"id": charge.calculation},
        "currency": dict(wire.CURRENCY),
    }
