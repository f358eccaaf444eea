"""What somebody may have now: limit, score, and whether an officer has to look first."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Reason
from gateway.borrowing import records
from gateway.borrowing.limits import Ladder, Limit, limit
from gateway.borrowing.score import History, Rules, Score, Scorer
from gateway.lending.standings import Held
from gateway.store.customers import Customer


@dataclass(frozen=True, slots=True)
class Assessment:
    """`is_reviewed`: an officer decides, whatever the product says; `is_refused`: the record forbids a loan."""

    history: History
    limit: Limit
    score: Score
    is_reviewed: bool
    is_refused: bool

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those of the limit, then those of the record; each once."""
        named = (Reason("name"),) if self.history.name_differs else ()
        found: dict[str, Reason] = {}
        for reason in (*named, *self.limit.reasons, *self.score.reasons):
            found.setdefault(reason.code, reason)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Credit:
    """Runs on the caller's connection. Below `officer_below` points an officer decides, below `refuse_below` nobody
    lends."""

    ladder: Ladder = field(default_factory=Ladder)
    scorer: Scorer = field(default_factory=Rules)
    officer_below: int = 0
    refuse_below: int = 0

    async def assessed(self, connection: AsyncConnection, customer: Customer, held: Held, now: int) -> Assessment:
        """`held` are the customer's loans now; what they use of the limit is not the limit's affair."""
        history = await records.history(connection, customer, held, now)
        return self.judged(history)

    def judged(self, history: History) -> Assessment:
        score = self.scorer(history)
        return Assessment(
            history=history,
            limit=limit(history, self.ladder),
            score=score,
            is_reviewed=history.name_differs or score.points < self.officer_below,
            is_refused=history.is_blocked or score.points < self.refuse_below,
        )
