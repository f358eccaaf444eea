"""What each result code of M-PESA means for us, per family of APIs: a number means different things in each.

`refused` is only said where the code proves that nothing moved and nothing still can; everything else is
`uncertain`, and then we ask. `sure` says how well a meaning is known: `proven` by a production system's own
records, `several` independent sources agree, `one` source, or sources in `conflict`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from gateway.rails.contract import Class, Words

DONE = "0"
LOCKED = "1001"
Sure = Literal["proven", "several", "one", "conflict"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row: how a code settles a request, which words the customer gets, what it says, and why so."""

    kind: Class
    words: Words
    text: str
    sure: Sure
    why: str


UNKNOWN = Meaning("uncertain", "uncertain", "a code on no list", "one", "not knowing a code proves nothing")
Table = Mapping[str, Meaning]

_BEFORE_MONEY = "M-PESA checks this before it moves anything"
_OURS = "our set-up is wrong: the customer can do nothing about it, and nothing was carried out"
_LISTED = "on lists of codes only, never seen in a record"

STK: Table = MappingProxyType({
    DONE: Meaning("done", "paid", "paid", "proven", "the money has moved"),
    "1": Meaning("refused", "low", "the payer's balance is too low", "several", _BEFORE_MONEY),
    "2": Meaning("refused", "refused", "below the minimum amount", "several", _BEFORE_MONEY),
    "3": Meaning("refused", "refused", "above the maximum amount", "several", _BEFORE_MONEY),
    "4": Meaning("refused", "refused", "above the payer's daily limit", "several", _BEFORE_MONEY),
    "8": Meaning("refused", "refused", "our account would be too full", "several", _BEFORE_MONEY),
    "17": Meaning("uncertain", "busy", "the same amount from the same phone within two minutes", "conflict",
                  "older lists call it an internal failure; busy once a query shows that nothing moved"),
    "26": Meaning("uncertain", "busy", "M-PESA is busy", "several",
                  "busy once a query shows that nothing moved"),
    LOCKED: Meaning("refused", "busy", "another M-PESA request is open on that phone", "several",
                    "no prompt was shown"),
    "1019": Meaning("refused", "cancelled", "the transaction expired", "several",
                    "no prompt is left to be paid"),
    "1025": Meaning("refused", "refused", "the prompt could not be sent", "several",
                    "no prompt was shown; often its text is too long"),
    "1032": Meaning("refused", "cancelled", "cancelled, or not answered in time", "proven",
                    "also reported for a prompt that nobody answered; either way it is closed"),
    "1036": Meaning("uncertain", "timeout", "no receipt that the prompt reached the phone", "one",
                    "the prompt may be on the phone all the same"),
    "1037": Meaning("uncertain", "timeout", "the phone was not reached or nobody answered", "proven",
                    "a success after it has been reported: keep asking"),
    "2001": Meaning("refused", "wrong_pin", "the M-PESA PIN was wrong", "several", _BEFORE_MONEY),
    "2006": Meaning("refused", "refused", "the payer's account is not active", "one", _BEFORE_MONEY),
    "2026": Meaning("uncertain", "timeout", "the session expired", "one", "too weakly known to be a refusal"),
    "2028": Meaning("refused", "refused", "this shortcode may not do this", "several", _OURS),
    "4999": Meaning("pending", "uncertain", "still being processed", "several", "only a query says so"),
    "8006": Meaning("refused", "refused", "the payer's M-PESA PIN is locked", "several", _BEFORE_MONEY),
    "9999": Meaning("refused", "refused", "the prompt could not be sent", "several",
                    "no prompt was shown; often its text is too long"),
    "SFC_IC0003": Meaning("refused", "refused", "the receiving shortcode does not exist", "several", _OURS),
})  # fmt: skip
"""Callback and query of a request for money."""

RESULT: Table = MappingProxyType({
    DONE: Meaning("done", "paid", "done", "proven", "the money has moved"),
    "1": Meaning("refused", "refused", "our float is too low", "proven", _BEFORE_MONEY),
    "2": Meaning("refused", "unpaid", "below the minimum amount", "proven", _BEFORE_MONEY),
    "3": Meaning("refused", "unpaid", "above the maximum amount", "several", _BEFORE_MONEY),
    "4": Meaning("refused", "unpaid", "above a daily limit", "several", _BEFORE_MONEY),
    "8": Meaning("refused", "unpaid", "the recipient's wallet would be too full", "several", _BEFORE_MONEY),
    "10": Meaning("refused", "unpaid", "the number is not registered", "several", _BEFORE_MONEY),
    "11": Meaning("refused", "refused", "our account is not in a state to pay", "several", _OURS),
    "15": Meaning("uncertain", "uncertain", "this id was sent before", "several",
                  "it speaks of the earlier request: only asking tells its fate"),
    "17": Meaning("uncertain", "uncertain", "internal failure", "several", "a catch-all: it proves nothing"),
    "18": Meaning("refused", "refused", "our operator's credential failed its check", "several", _OURS),
    "20": Meaning("refused", "refused", "our operator is not known", "several", _OURS),
    "21": Meaning("refused", "refused", "our operator lacks the role", "several", _OURS),
    "22": Meaning("refused", "refused", "our operator is not active", "several", _OURS),
    "24": Meaning("refused", "refused", "a parameter is missing", "several", _OURS),
    "25": Meaning("refused", "refused", "a parameter is invalid", "several", _OURS),
    "26": Meaning("uncertain", "uncertain", "M-PESA is busy", "several",
                  "whether the blocked request is dropped or kept is not written anywhere"),
    "2001": Meaning("refused", "refused", "our operator's password is wrong", "several",
                    f"{_OURS}; repeated, it locks the operator"),
    "2006": Meaning("refused", "refused", "the state of an account forbids it", "several", _BEFORE_MONEY),
    "2028": Meaning("refused", "refused", "this shortcode may not do this", "several", _OURS),
    "2040": Meaning("refused", "unpaid", "the recipient is not a registered customer", "several",
                    _BEFORE_MONEY),
    "8006": Meaning("refused", "refused", "our operator is locked", "several", _OURS),
    "SFC_IC0003": Meaning("refused", "unpaid", "the recipient does not exist", "several", _BEFORE_MONEY),
    "TP40153": Meaning("refused", "refused", "our operator may not do this", "several", _OURS),
    "5": Meaning("uncertain", "uncertain", "would go below a minimum balance", "several", _LISTED),
    "6": Meaning("uncertain", "uncertain", "the paying party is not resolved", "several", _LISTED),
    "7": Meaning("uncertain", "uncertain", "the receiving party is not resolved", "several", _LISTED),
    "12": Meaning("uncertain", "uncertain", "the receiving account is invalid", "several", _LISTED),
    "13": Meaning("uncertain", "uncertain", "the paying account is not resolved", "several", _LISTED),
    "14": Meaning("uncertain", "uncertain", "the receiving account is not resolved", "several", _LISTED),
    "19": Meaning("uncertain", "uncertain", "out of sequence", "several", _LISTED),
    "29": Meaning("uncertain", "uncertain", "an invalid command", "several", _LISTED),
})  # fmt: skip
"""The `Result` envelope of a pay-out. The codes from 100000000 up stay unknown on purpose: some of them say
that the request is kept and sent later."""


def meaning_of(code: str, table: Table) -> Meaning:
    return table.get(code, UNKNOWN)
