"""Every SMS there is, and the slots whoever sends it must fill. The words are in `menus/<language>.yaml`."""

from collections.abc import Mapping

PRICE = ("principal", "net", "fee", "interest", "total", "due", "apr", "penalty")
PAID = ("reference", "amount", "loan", "at", "receipt", "owed", "next", "due", "extra", "wallet")
UNPAID = ("reference", "amount", "loan", "account", "min", "by")

MESSAGES: Mapping[str, tuple[str, ...]] = {
    "register.welcome": ("first_name",),
    "register.terms": (),
    "borrow.offer": PRICE,
    "borrow.terms": (*PRICE, "loan"),
    "borrow.paid": (*PRICE, "reference", "phone", "at", "receipt"),
    "borrow.slow": ("reference", "net", "by"),
    "borrow.unpaid": ("reference", "net"),
    "borrow.refused": ("reference", "net"),
    "repay.paid": PAID,
    "repay.wallet": PAID,
    "repay.cleared": PAID,
    "repay.cleared_wallet": PAID,
    "repay.extra": PAID,
    "repay.short": UNPAID[:3],
    "repay.nothing": UNPAID[:3],
    "repay.cancelled": UNPAID,
    "repay.wrong_pin": UNPAID,
    "repay.timeout": UNPAID,
    "repay.low": UNPAID,
    "repay.busy": UNPAID,
    "repay.refused": UNPAID,
    "repay.uncertain": (*UNPAID[:3], "by"),
    "pin.changed": (),
    "pin.locked": (),
}
