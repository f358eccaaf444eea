"""How a loan's money is written into the books: who is owed, what is earned, and when.

Interest is contracted at the payout (deferred) and earned when it is paid; penalties and late fees are income when
they are paid. A fee taken from the payout is earned with it. Duties are owed to the state from the payout on, whoever
has paid them by then: one inside a charge lowers our income, one that was added to the debt is lent until it is repaid.

A loan from person to person is not ours. What its borrower owes stands against what its lender is due, each
repayment lowers both, and the money goes on to the lender's wallet in the same journal. Only the fee is ours.
"""

from gateway.books import accounts as chart
from gateway.books.entry import Line
from gateway.lending.allocation import Parts
from gateway.lending.portfolio import WRITTEN_OFF
from gateway.lending.standings import LoanRecord, Standing
from gateway.lending.taxes import Charged, Duty, on_top_cents

INCOME: tuple[Charged, ...] = ("fee", "interest")


def paid_out_lines(standing: Standing, net_cents: int, source: str) -> list[Line]:
    """A loan that reached its borrower: `net_cents` left account `source`, principal and interest are owed."""
    loan_id, owed = standing.record.id, standing.loan.owed
    duties = duties_of(standing.record)
    added = added_duty_cents(standing.record)
    taken = on_top_cents(duties) - added
    inside = {on: sum(duty.cents for duty in duties if duty.inside and duty.on == on) for on in INCOME}
    lines = [
        Line(chart.loan_principal(loan_id), owed.principal),
        Line(source, -net_cents),
        Line(chart.INCOME_FEES, net_cents - owed.principal + taken + inside["fee"]),
        Line(chart.INCOME_INTEREST, inside["interest"]),
        Line(chart.loan_fees(loan_id), added),
        Line(chart.TAX_PAYABLE, -sum(duty.cents for duty in duties)),
        Line(chart.loan_interest(loan_id), owed.interest),
        Line(chart.INTEREST_DEFERRED, -owed.interest),
    ]
    return [line for line in lines if line.amount_cents]


def duties_of(record: LoanRecord) -> tuple[Duty, ...]:
    """The duties in the price that was agreed."""
    return tuple(Duty.read(values) for values in record.quote.get("duties", ()))


def added_duty_cents(record: LoanRecord) -> int:
    """The duties that were added to the debt: nothing where charges were taken from the payout."""
    duties = duties_of(record)
    return on_top_cents(duties) if duties and record.quote["net_cents"] == record.principal_cents else 0


def lent_lines(lender_id: str, borrower_id: str, principal_cents: int, net_cents: int) -> list[Line]:
    """Money that one person lends another, wallet to wallet; what does not arrive is our fee."""
    lines = [
        Line(chart.wallet(lender_id), principal_cents),
        Line(chart.wallet(borrower_id), -net_cents),
        Line(chart.INCOME_FEES, net_cents - principal_cents),
    ]
    return [line for line in lines if line.amount_cents]


def claim_lines(standing: Standing) -> list[Line]:
    """What a borrower owes and a lender is due from the moment the money has arrived."""
    loan_id, owed = standing.record.id, standing.loan.owed
    lines = [
        Line(chart.peer_principal(loan_id), owed.principal),
        Line(chart.peer_interest(loan_id), owed.interest),
        Line(chart.peer_due(loan_id), -owed.principal - owed.interest),
    ]
    return [line for line in lines if line.amount_cents]


def written_off_lines(standing: Standing) -> list[Line]:
    """A loan that is counted as lost: principal and duties lent are a loss, interest was never earned."""
    record, owed = standing.record, standing.loan.outstanding
    duty = added_duty_cents(record)
    lent_duty = duty - min(duty, standing.loan.paid.fee)
    lines = [
        Line(chart.WRITE_OFF, owed.principal + lent_duty),
        Line(chart.loan_principal(record.id), -owed.principal),
        Line(chart.loan_fees(record.id), -lent_duty),
        Line(chart.INTEREST_DEFERRED, owed.interest),
        Line(chart.loan_interest(record.id), -owed.interest),
    ]
    return [line for line in lines if line.amount_cents]


def interest_lines(record: LoanRecord, cents: int) -> list[Line]:
    """Contracted interest that has become more by `cents`, or less."""
    return [Line(chart.loan_interest(record.id), cents), Line(chart.INTEREST_DEFERRED, -cents)] if cents else []


def opening_lines(standing: Standing) -> list[Line]:
    """A loan that was paid out before we kept it: what was owed on its first day, against the opening balance."""
    loan_id, owed = standing.record.id, standing.loan.owed
    lines = [
        Line(chart.loan_principal(loan_id), owed.principal),
        Line(chart.OPENING, -owed.principal),
        Line(chart.loan_interest(loan_id), owed.interest),
        Line(chart.INTEREST_DEFERRED, -owed.interest),
    ]
    return [line for line in lines if line.amount_cents]


def repaid_lines(record: LoanRecord, parts: Parts, *, fees_paid_cents: int = 0) -> list[Line]:
    """The credits of a repayment divided into `parts`; whoever books it adds where the money came from.

    What is paid on a loan that was written off is income from recoveries: nothing of it is in the books any more.

    `fees_paid_cents` is all that the loan has been paid of fees, these included.
    """
    if record.state == WRITTEN_OFF:
        lines = [Line(chart.INCOME_RECOVERY, -parts.total)]
    elif record.lender_id is None:
        lines = _ours(record.id, parts, _duty_share(record, parts, fees_paid_cents))
    else:
        lines = _passed_on(record.id, record.lender_id, parts)
    return [line for line in lines if line.amount_cents]


def repaid_keys(record: LoanRecord) -> list[str]:
    """Every account that a repayment of this loan may touch, besides the one that the money comes from."""
    parts = Parts(1, 1, 1, 1)
    lines = [*_ours(record.id, parts, 1), Line(chart.INCOME_RECOVERY, 0)]
    if record.lender_id is not None:
        lines = _passed_on(record.id, record.lender_id, parts)
    return [line.account_key for line in lines]


def _duty_share(record: LoanRecord, parts: Parts, fees_paid_cents: int) -> int:
    """What of the fees just paid is duty, which is owed to the state since the payout: it is paid first."""
    duty = added_duty_cents(record)
    return min(duty, fees_paid_cents) - min(duty, fees_paid_cents - parts.fee)


def lenders_cents(parts: Parts) -> int:
    """What of a repayment goes to the person who lent: everything but fees."""
    return parts.total - parts.fee


def _ours(loan_id: str, parts: Parts, duty_cents: int) -> list[Line]:
    return [
        Line(chart.loan_principal(loan_id), -parts.principal),
        Line(chart.loan_interest(loan_id), -parts.interest),
        Line(chart.INTEREST_DEFERRED, parts.interest),
        Line(chart.INCOME_INTEREST, -parts.interest),
        Line(chart.loan_fees(loan_id), -duty_cents),
        Line(chart.INCOME_FEES, duty_cents - parts.fee),
        Line(chart.INCOME_PENALTIES, -parts.penalty),
    ]


def _passed_on(loan_id: str, lender_id: str, parts: Parts) -> list[Line]:
    return [
        Line(chart.peer_principal(loan_id), -parts.principal),
        Line(chart.peer_interest(loan_id), -parts.interest),
        Line(chart.peer_due(loan_id), parts.principal + parts.interest),
        Line(chart.wallet(lender_id), -lenders_cents(parts)),
        Line(chart.INCOME_FEES, -parts.fee),
    ]
