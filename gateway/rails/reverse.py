"""The step that has M-PESA give a payment back. It is sent once and never again: there is no id by which to probe, and
"reversed before" does not say by whom."""

from typing import Protocol

from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.operations import queue
from gateway.operations.outcome import Accepted, Outcome, Park, Unsure
from gateway.operations.playbook import Work
from gateway.rails.contract import Acknowledged, Result
from gateway.rails.daraja_organisation_results import REVERSED_BEFORE
from gateway.rails.organisation import Answers, Reverse
from gateway.rails.pauses import Direction
from gateway.rails.requests import RailRequest
from gateway.rails.steps import RailStep


class GivesBack(Protocol):
    """The part of a rail that this needs."""

    async def reverse(self, request: Reverse) -> Acknowledged: ...


class ReverseStep(RailStep):
    """Money leaves us, so a pause of pay-outs holds it too. `of` says through whom it goes."""

    name = "reverse"
    direction: Direction = "disburse"

    def of(self, organisation: GivesBack) -> "ReverseStep":
        self._organisation = organisation
        return self

    async def _sent(self, request: RailRequest) -> Outcome:
        async with self._store.read() as connection:
            receipt = (await queue.find(connection, request.operation_id)).intent["receipt"]
        urls = Answers(self._addresses.of("reversal/result", request), self._addresses.of("reversal/timeout", request))
        asked = Reverse(receipt, request.amount_cents, f"Nyota {request.account_reference}", urls)
        try:
            acknowledged = await self._organisation.reverse(asked)
        except Unavailable as error:
            return await self._unsent(request, error)
        except Rejected as error:
            if error.code == REVERSED_BEFORE:
                return _unclear()
            return await self._settled(request, Result("refused", error.code, "refused", str(error)), "answer")
        except Uncertain as error:
            return Unsure(self._patience.callback_ms, str(error), error.evidence)
        await self._noted(request, rail_id=acknowledged.rail_id)
        return Accepted(self._patience.callback_ms, "the reversal is under way")

    async def _asked(self, request: RailRequest) -> Outcome:
        """Only its result says what became of it; what never comes a person finds on the statement."""
        await self._counted(request)
        if request.result_code == REVERSED_BEFORE:
            return _unclear()
        return self._keep_asking(request, "only its result can say what became of it")

    def _sent_at_latest(self, work: Work) -> int:
        """From now on it is waited for, as long as any other."""
        return self._clock()


def _unclear() -> Outcome:
    return Park("M-PESA says that it was reversed before, and not by whom: see the statement")
