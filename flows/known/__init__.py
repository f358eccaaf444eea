"""The shapes of facts: what a flow may know about people, money and loans, read locally and dated.

The gateway fills them in; flows only look. Money is integer cents, days are dates in East Africa Time.
"""

from flows.known.lending import (
    Asked,
    AutoRepay,
    Borrower,
    Borrowing,
    Credit,
    Debtor,
    Due,
    Lender,
    Loan,
    PeerTerms,
    Product,
    Quote,
    Reason,
)
from flows.known.money import Allowed, Balances, Movement, PaidOut, Payee, Savings, Scheduled, Statement, Unclaimed
from flows.known.people import Account, Consent, Customer, Forgot, LinkedLine, Organisation, Request
from flows.known.staff import LineRequest, Member, Prompted, StaffLeft

__all__ = [
    "Account",
    "Allowed",
    "Asked",
    "AutoRepay",
    "Balances",
    "Borrower",
    "Borrowing",
    "Consent",
    "Credit",
    "Customer",
    "Debtor",
    "Due",
    "Forgot",
    "Lender",
    "LineRequest",
    "LinkedLine",
    "Loan",
    "Member",
    "Movement",
    "Organisation",
    "PaidOut",
    "Payee",
    "PeerTerms",
    "Product",
    "Prompted",
    "Quote",
    "Reason",
    "Request",
    "Savings",
    "Scheduled",
    "StaffLeft",
    "Statement",
    "Unclaimed",
]
