"""`core.*`: what a remote core is told and asked. See `gateway.ledgers.steps` for how each command is said once.

All commands about one loan are in one lane, so that a core hears them in their order; what it refuses parks, and holds
up this loan and no other.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances
from gateway.ledgers.acts import (
    AccountAct,
    ApproveAct,
    ChargeAct,
    ClientAct,
    DisburseAct,
    LoanAct,
    MoveAct,
    RepayAct,
    UndoAct,
)
from gateway.ledgers.steps import Act, CommandStep, Line
from gateway.lending.portfolio import Portfolio
from gateway.mirror.keeper import Keeper
from gateway.mirror.reading import CustomerReading, LoanReading, Poll
from gateway.mirror.telling import BY_HAND, CHARGE, LOAN, REPAY, SAVE, UNDO, lane_of
from gateway.notices import values as say
from gateway.operations.outcome import Done, Outcome, Park
from gateway.operations.playbook import Local, Playbook, RemoteStep, Work
from gateway.playbooks.telling import Teller
from gateway.store import customers

REFRESH, POLL, READ = "core.refresh", "core.poll", "core.read"
PRIORITY = 7
"""After everything that somebody waits for."""

Figures = Callable[[AsyncConnection, str], Awaitable[Balances]]
"""What the balance screen shows of a phone."""


class CoreBook:
    """Makes the playbooks of one core."""

    def __init__(self, line: Line, portfolio: Portfolio, keeper: Keeper, teller: Teller) -> None:
        self._line = line
        self._portfolio = portfolio
        self._keeper = keeper
        self._teller = teller

    def commands(self) -> tuple[Playbook, ...]:
        """A loan's commands, and those of an account."""
        ledger, portfolio = self._line.ledger, self._portfolio
        client = ClientAct(ledger)
        return (
            self._about_loan(
                LOAN, client, LoanAct(ledger, portfolio), ApproveAct(ledger, portfolio), DisburseAct(ledger, portfolio)
            ),
            self._about_loan(REPAY, RepayAct(ledger, portfolio)),
            self._about_loan(UNDO, UndoAct(ledger, portfolio)),
            self._about_loan(CHARGE, ChargeAct(ledger, portfolio)),
            Playbook(
                kind=BY_HAND,
                steps=(Local("enter", _by_hand), LoanReading(self._line, self._keeper)),
                lane=lambda _, intent: lane_of(intent["loan_id"]),
                priority=PRIORITY,
            ),
            Playbook(
                kind=READ,
                steps=(LoanReading(self._line, self._keeper),),
                lane=lambda _, intent: lane_of(intent["loan_id"]),
                priority=PRIORITY,
            ),
            Playbook(
                kind=SAVE,
                steps=self._commands(client, AccountAct(ledger), MoveAct(ledger)),
                lane=lambda customer, intent: f"core:{intent['account']}:{customer}",
                priority=PRIORITY,
            ),
        )

    def questions(self, figures: Figures, *, poll_ms: int, fresh_ms: int) -> tuple[Playbook, ...]:
        """A customer's new figures, told by SMS; and the poll."""
        return (
            Playbook(
                kind=REFRESH,
                steps=(CustomerReading(self._line, self._keeper), Local("tell", self._told(figures))),
                lane=lambda customer, _: f"core.refresh:{customer}",
                priority=PRIORITY,
            ),
            Playbook(
                kind=POLL,
                steps=(Poll(self._line, self._keeper, every_ms=poll_ms, fresh_ms=fresh_ms),),
                lane=lambda _customer, _intent: POLL,
                priority=PRIORITY,
            ),
        )

    def _about_loan(self, kind: str, *acts: Act) -> Playbook:
        return Playbook(
            kind=kind,
            steps=(*self._commands(*acts), LoanReading(self._line, self._keeper)),
            lane=lambda _, intent: lane_of(intent["loan_id"]),
            priority=PRIORITY,
        )

    def _commands(self, *acts: Act) -> tuple[RemoteStep, ...]:
        return tuple(CommandStep(self._line, act) for act in acts)

    def _told(self, figures: Figures) -> Callable[[AsyncConnection, Work, int], Awaitable[Outcome]]:
        async def tell(connection: AsyncConnection, work: Work, now: int) -> Outcome:
            """The figures that were promised."""
            customer = await customers.get(connection, work.customer_id)
            known = await figures(connection, customer.msisdn)
            values = {
                "at": say.clock(work.data["as_of"]),
                "wallet": say.ksh(known.wallet_cents),
                "savings": say.ksh(known.savings_cents),
                "loans": say.ksh(known.loans_cents),
            }
            await self._teller.tell(connection, work, "balance.fresh", values)
            return Done()

        return tell


async def _by_hand(connection: AsyncConnection, work: Work, now: int) -> Outcome:
    """Whoever has entered it at the core resolves this; then the loan's later commands go on."""
    return Park(f"no command of the core says `{work.intent['kind']}`: enter it there, then resolve this")
