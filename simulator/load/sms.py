"""`nyota bench sms`: messages a second, beside a bare loop that posts the same requests, in one run.

Accepting goes through the operators' API, one request a message, while the worker sends what has come. Dispatching is
a backlog that drains: once with a text for each, once with one text for all. The gateway, one process with one
worker, has one core; this process, Valkey and the stand-ins share the other.
"""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from simulator.load import members
from simulator.load.child import (
    HOST,
    Child,
    ChildError,
    children,
    cpu_seconds,
    end_on_sigterm,
    free_port,
    moved,
    pinned,
)
from simulator.load.printing import printed
from simulator.load.sms_bare import TEXT
from simulator.load.sms_queue import queued
from simulator.load.ussd import Floor

PEOPLE = 1000
CALLERS = 16
A_SECOND_WANTED = 500.0
GUESS_A_SECOND = 500
"""How long a backlog is made: about as many as a share of the time should take."""
STARTING_SECONDS = 12.0
MEASURING_SECONDS_MIN = 6.0
SHARES = {"bare": 0.2, "accepting": 0.25, "own": 0.3, "same": 0.25}
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 90.0
UP_SECONDS = 60.0
_DONE = re.compile(r'^nyota_attempts_total\{kind="sms.send",outcome="done",step="send"\} ([\d.e+]+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Figures:
    """Messages a second, and the gateway's processor time of one in microseconds."""

    bare: float
    accepted: float
    own_texts: float
    own_cpu_us: float
    same_text: float
    same_cpu_us: float
    bare_cpu_us: float
    is_pinned: bool

    @property
    def ratio(self) -> float:
        return self.own_texts / self.bare if self.bare else 0.0

    def mapping(self) -> dict[str, Any]:
        return {
            "barePerSecond": round(self.bare, 1),
            "acceptedPerSecond": round(self.accepted, 1),
            "dispatchedPerSecond": round(self.own_texts, 1),
            "dispatchedSameTextPerSecond": round(self.same_text, 1),
            "ratio": round(self.ratio, 3),
            "bareCpuUs": round(self.bare_cpu_us),
            "dispatchedCpuUs": round(self.own_cpu_us),
            "dispatchedSameTextCpuUs": round(self.same_cpu_us),
            "oneCoreEach": self.is_pinned,
        }

    def show(self) -> None:
        """The table; the wanted figure stands beside the found one."""
        table = Table(title="SMS: one process with one worker on one core, the stand-in on the other")
        for heading in ("", "found", "wanted"):
            table.add_column(heading)
        table.add_row("bare loop, messages/s", f"{self.bare:,.0f}", "")
        wanted = f">= {A_SECOND_WANTED:,.0f}"
        table.add_row("accepted by the API, messages/s", f"{self.accepted:,.0f}", wanted)
        table.add_row("dispatched, own texts, messages/s", f"{self.own_texts:,.0f}", wanted)
        table.add_row("ratio to the bare loop", f"{self.ratio:.2f}", "")
        table.add_row("dispatched, one text for all, messages/s", f"{self.same_text:,.0f}", wanted)
        cpu = f"{self.bare_cpu_us:,.0f} / {self.own_cpu_us:,.0f} / {self.same_cpu_us:,.0f} us"
        table.add_row("CPU of a message, bare / own / one text", cpu, "")
        Console().print(table)
        if not self.is_pinned:
            print("Nothing could be pinned to a core here: trust the ratio less.")


def run(seconds: float, json_output: bool) -> int:
    """Measure for about so many seconds and print. Exit code 0 when there are figures, 1 when there are none."""
    measuring = max(MEASURING_SECONDS_MIN, seconds - STARTING_SECONDS)
    return printed("sms", lambda directory: _measured(directory, measuring), json_output=json_output)


@dataclass(frozen=True, slots=True)
class Dispatched:
    per_second: float
    cpu_us: float


class Bench:
    """One gateway's folder, started as often as it takes."""

    def __init__(self, directory: Path, floor: Floor, http: aiohttp.ClientSession) -> None:
        self._directory, self._floor, self._http = directory, floor, http
        self._data = directory / "data"
        self._port, self._standins_port = free_port(), free_port()
        self._child: Child | None = None
        self._phones: Sequence[str] = ()

    async def prepared(self) -> None:
        """The schema, then members."""
        await self.start()
        self.stop()
        self._phones = members.added(self._data, PEOPLE)

    async def start(self) -> Child:
        with pinned(self._floor.serving):
            self._child = Child(
                "gateway",
                ["up", "--headless", "--data", str(self._data), "--port", str(self._port)],
                log=self._directory / "gateway.log",
                environment={"NYOTA_STANDINS__PORT": str(self._standins_port)},
            )
        await self._child.answering(self._http, f"http://{HOST}:{self._port}", UP_SECONDS)
        for helper in children(self._child.pid):
            moved(helper, self._floor.driving)
        return self._child

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None

    async def bare(self, seconds: float) -> Dispatched:
        """The loop in a process of its own, on the gateway's core, while the gateway idles."""
        url = f"http://{HOST}:{self._standins_port}/africastalking/version1"
        with pinned(self._floor.serving):
            log = self._directory / "bare.log"
            child = Child("simulator.load.sms_bare", ["--url", url, "--seconds", str(seconds)], log=log)
        if await asyncio.to_thread(child.ended, seconds + PATIENCE_SECONDS):
            raise ChildError(f"the bare loop failed; see {log}")
        found = json.loads(log.read_text(encoding="utf-8"))
        return Dispatched(found["sent"] / found["seconds"], found["cpuSeconds"] / found["sent"] * 1_000_000)

    async def accepting(self, seconds: float) -> float:
        """Messages a second that the API takes, each in a request of its own."""
        numbers, started = count(), time.perf_counter()
        taken = 0

        async def call() -> None:
            nonlocal taken
            while time.perf_counter() - started < seconds:
                number = next(numbers)
                phone = self._phones[number % len(self._phones)]
                body = {"to": phone, "text": TEXT.format(number=number), "by": "bench"}
                headers = {**self._headers(), "Idempotency-Key": f"bench-{number}"}
                url = f"http://{HOST}:{self._port}/api/sms/send"
                async with self._http.post(url, json=body, headers=headers) as response:
                    if response.status != 202:
                        raise ChildError(f"a message was refused: {response.status} {await response.text()}")
                taken += 1

        await asyncio.gather(*(call() for _ in range(CALLERS)))
        return taken / (time.perf_counter() - started)

    async def until_dispatched(self, wanted: int) -> None:
        """Until the worker has handed over so many since it started."""
        await self._reaching(wanted)

    async def draining(self, wanted: int, *, same_text: bool) -> Dispatched:
        """A backlog from the first that is done to the last."""
        queued(self._data, self._phones, wanted, same_text=same_text)
        child = await self.start()
        first = await self._reaching(1)
        started, used = time.perf_counter(), cpu_seconds(child.pid)
        last = await self._reaching(wanted)
        took, cpu = time.perf_counter() - started, cpu_seconds(child.pid) - used
        self.stop()
        counted = max(1.0, last - first)
        return Dispatched(counted / took, cpu / counted * 1_000_000)

    async def _reaching(self, wanted: int) -> float:
        """How many have left, once it is so many. Raises ChildError when it takes too long."""
        ends = time.perf_counter() + PATIENCE_SECONDS
        while (done := await self._done()) < wanted:
            if time.perf_counter() > ends:
                raise ChildError(f"{wanted:.0f} messages did not leave in {PATIENCE_SECONDS:.0f} seconds")
            await asyncio.sleep(LOOK_SECONDS)
        return done

    async def _done(self) -> float:
        async with self._http.get(f"http://{HOST}:{self._port}/metrics", headers=self._headers()) as response:
            found = _DONE.search(await response.text())
        return float(found[1]) if found else 0.0

    def _headers(self) -> dict[str, str]:
        token = (self._data / "ops-token").read_text(encoding="ascii").strip()
        return {"Authorization": f"Bearer {token}"}


async def _measured(directory: Path, seconds: float) -> Figures:
    end_on_sigterm()
    floor = Floor.of_machine()
    share = {name: seconds * part for name, part in SHARES.items()}
    with pinned(floor.driving):
        async with aiohttp.ClientSession() as http:
            bench = Bench(directory, floor, http)
            try:
                await bench.prepared()
                await bench.start()
                bare = await bench.bare(share["bare"])
                accepted = await bench.accepting(share["accepting"])
                await bench.until_dispatched(int(accepted * share["accepting"]))
                bench.stop()
                own = await bench.draining(round(share["own"] * GUESS_A_SECOND), same_text=False)
                same = await bench.draining(round(share["same"] * GUESS_A_SECOND), same_text=True)
            finally:
                bench.stop()
    return Figures(
        bare=bare.per_second,
        accepted=accepted,
        own_texts=own.per_second,
        own_cpu_us=own.cpu_us,
        same_text=same.per_second,
        same_cpu_us=same.cpu_us,
        bare_cpu_us=bare.cpu_us,
        is_pinned=bool(floor.serving),
    )
