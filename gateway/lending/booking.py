"""How a loan's money is written into the books: who is owed, what is earned, and when.

Interest is contracted at the payout (deferred) and earned when it is paid; penalties and late fees are income when
they are paid. A fee taken from the payout is earned with it.
"""

from gateway.books import accounts as chart
from gateway.books.entry import Line
from gateway.lending.allocation import Parts
from gateway.lending.portfolio import LoanRecord, Standing


def paid_out_lines(standing: Standing, net_cents: int, source: str) -> list[Line]:
    """A loan that reached its borrower: `net_cents` left account `source`, principal and interest are owed."""
    loan_id, owed = standing.record.id, standing.loan.owed
    lines = [
        Line(chart.loan_principal(loan_id), owed.principal),
        Line(source, -net_cents),
        Line(chart.INCOME_FEES, net_cents - owed.principal),
        Line(chart.loan_interest(loan_id), owed.interest),
        Line(chart.INTEREST_DEFERRED, -owed.interest),
    ]
    return [line for line in lines if line.amount_cents]


def repaid_lines(record: LoanRecord, parts: Parts) -> list[Line]:
    """The credits of a repayment divided into `parts`; whoever books it adds where the money came from."""
    lines = [
        Line(chart.loan_principal(record.id), -parts.principal),
        Line(chart.loan_interest(record.id), -parts.interest),
        Line(chart.INTEREST_DEFERRED, parts.interest),
        Line(chart.INCOME_INTEREST, -parts.interest),
        Line(chart.INCOME_FEES, -parts.fee),
        Line(chart.INCOME_PENALTIES, -parts.penalty),
    ]
    return [line for line in lines if line.amount_cents]
