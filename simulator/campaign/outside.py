"""The stand-ins seen whole: all prompts, all messages, all money, what is still to come, and how to break things."""

from collections.abc import Sequence
from typing import Any

import msgspec

from simulator.campaign.plan import Breakage
from simulator.outside import Message, Outside, Prompt


class _Prompts(msgspec.Struct):
    prompts: tuple[Prompt, ...]


class _Messages(msgspec.Struct):
    messages: tuple[Message, ...]


class Pending(msgspec.Struct, rename="camel"):
    """What the outside world has still to do."""

    open_prompts: int
    pending_callbacks: int

    @property
    def is_nothing(self) -> bool:
        return not self.open_prompts and not self.pending_callbacks


class WholeOutside(Outside):
    """The control API without regard to whose phone it is. Raises Away when there is no usable answer."""

    async def all_prompts(self) -> Sequence[Prompt]:
        return (await self._ask("GET", "control/stk", _Prompts)).prompts

    async def all_messages(self) -> Sequence[Message]:
        return (await self._ask("GET", "control/sms", _Messages)).messages

    async def pending(self) -> Pending:
        return await self._ask("GET", "control/health", Pending)

    async def change(self, **settings: object) -> None:
        """Change settings by their own names: `promptSeconds`, `autoAnswer`, ..."""
        await self._ask("POST", "control/settings", Any, json=settings)

    async def breaks(self, fault: Breakage, *, seed: int) -> None:
        """Make a share of the calls fail in one way, until healed."""
        wanted = {"fault": fault.kind, "rate": fault.rate, "seconds": fault.seconds, "seed": seed}
        for api in fault.apis:
            await self._ask("POST", "control/faults", Any, json={"api": api, **wanted})

    async def heal(self) -> None:
        """No more faults."""
        await self._ask("DELETE", "control/faults", Any)

    async def without_mpesa(self, phone: str) -> None:
        await self._ask("POST", "control/people", Any, json={"phone": phone, "registered": False})
