"""`nyota bench ussd`: full dialogues against a bare handler of the same form, in turn, in one run.

Both servers share one core, one at a time busy; this process, Valkey and the idle stand-ins have the other. Rounds
alternate, so that whatever else the machine does falls on both.
"""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import aiohttp

from simulator.load import members
from simulator.load.bare import PATH
from simulator.load.child import (
    HOST,
    Child,
    ChildError,
    children,
    cores,
    cpu_seconds,
    end_on_sigterm,
    free_port,
    moved,
    pinned,
)
from simulator.load.dialogues import BROWSING, Dialogue, Hop, viewing
from simulator.load.driver import Driver, DriverError, Tally
from simulator.load.figures import Figures, Spread
from simulator.load.printing import printed

BROWSERS, VIEWERS = 1000, 200
"""Two crowds: whoever left a call in the middle is asked to go on with it next time."""
ROUNDS = 5
STARTING_SECONDS = 8.0
MEASURING_SECONDS_MIN = 3.0
SHARE_OF_ROUNDS, SHARE_OF_PACED, SHARE_OF_PINS = 0.7, 0.2, 0.1


def run(seconds: float, json_output: bool) -> int:
    """Measure for about so many seconds and print. Exit code 0 when there are figures, 1 when there are none."""
    measuring = max(MEASURING_SECONDS_MIN, seconds - STARTING_SECONDS)
    return printed(
        "ussd",
        lambda directory: _measured(directory, measuring),
        json_output=json_output,
        errors=(ChildError, DriverError),
    )


@dataclass(frozen=True, slots=True)
class Floor:
    """Which cores serve and which drive; both empty where there is only one or none can be chosen."""

    serving: frozenset[int]
    driving: frozenset[int]

    @classmethod
    def of_machine(cls) -> "Floor":
        usable = cores()
        if len(usable) < 2:
            return cls(frozenset(), frozenset())
        return cls(frozenset(usable[:1]), frozenset(usable[1:]))


@dataclass(frozen=True, slots=True)
class Server:
    """One of the two, up."""

    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class Servers:
    """Both servers, with the members' lines."""

    bare: Server
    gateway: Server
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """What one server did in one round; CPU time per hop in microseconds."""

    hops_per_second: float
    cpu_us: float


async def _measured(directory: Path, seconds: float) -> Figures:
    end_on_sigterm()
    floor = Floor.of_machine()
    with pinned(floor.driving):
        started: list[Child] = []
        try:
            servers = await _started(directory, floor, started)
            return await _figures(servers, seconds, is_pinned=bool(floor.serving))
        finally:
            for child in started:
                child.stop()


async def _started(directory: Path, floor: Floor, started: list[Child]) -> Servers:
    """Start the gateway once for its schema and once more with members, then the bare handler."""
    data, gateway_port, bare_port = directory / "data", free_port(), free_port()
    async with aiohttp.ClientSession() as http:
        first = _gateway(directory, data, gateway_port, floor)
        started.append(first)
        await first.answering(http, f"http://{HOST}:{gateway_port}")
        first.stop()
        phones = members.added(data, BROWSERS + VIEWERS)
        gateway = _gateway(directory, data, gateway_port, floor)
        started.append(gateway)
        await gateway.answering(http, f"http://{HOST}:{gateway_port}")
        with pinned(floor.serving):
            bare = Child("simulator.load.bare", ["--port", str(bare_port)], log=directory / "bare.log")
        started.append(bare)
        await bare.answering(http, f"http://{HOST}:{bare_port}{PATH}")
    for helper in children(gateway.pid):
        moved(helper, floor.driving)
    return Servers(Server(bare.pid, bare_port), Server(gateway.pid, gateway_port), tuple(phones))


def _gateway(directory: Path, data: Path, port: int, floor: Floor) -> Child:
    standins_port = str(free_port())
    with pinned(floor.serving):
        return Child(
            "gateway",
            ["up", "--headless", "--data", str(data), "--port", str(port)],
            log=directory / "gateway.log",
            environment={"NYOTA_STANDINS__PORT": standins_port},
        )


async def _figures(servers: Servers, seconds: float, *, is_pinned: bool) -> Figures:
    sessions = count(1)

    def crowd(phones: tuple[str, ...], hops: tuple[Hop, ...]) -> list[Dialogue]:
        return [Dialogue(phone, hops, sessions) for phone in phones]

    browsers, viewers = servers.phones[:BROWSERS], servers.phones[BROWSERS:]
    gateway = Driver(servers.gateway.port, crowd(browsers, BROWSING))
    bare = Driver(servers.bare.port, crowd(browsers, BROWSING), expects=False)
    each = seconds * SHARE_OF_ROUNDS / (2 * ROUNDS)
    pairs = [
        (await _round(bare, servers.bare.pid, each), await _round(gateway, servers.gateway.pid, each))
        for _ in range(ROUNDS)
    ]
    peak = Spread.of([ours.hops_per_second for _, ours in pairs])
    paced = _sound(await gateway.paced(seconds * SHARE_OF_PACED, per_second=peak.median / 2))
    pins = Driver(servers.gateway.port, crowd(viewers, viewing(members.AMINAS_PIN)))
    viewed = _sound(await pins.full_speed(seconds * SHARE_OF_PINS))
    return Figures(
        bare=Spread.of([bare.hops_per_second for bare, _ in pairs]),
        gateway=peak,
        ratio=Spread.of([ours.hops_per_second / bare.hops_per_second for bare, ours in pairs]),
        bare_cpu_us=Spread.of([bare.cpu_us for bare, _ in pairs]),
        gateway_cpu_us=Spread.of([ours.cpu_us for _, ours in pairs]),
        cpu_ratio=Spread.of([bare.cpu_us / ours.cpu_us if ours.cpu_us else 0.0 for bare, ours in pairs]),
        rounds=ROUNDS,
        offered_per_second=peak.median / 2,
        p50_ms=paced.percentile_ms(50),
        p99_ms=paced.percentile_ms(99),
        max_ms=paced.percentile_ms(100),
        live_sessions=len(browsers),
        pin_checks_per_second=viewed.finished_per_second,
        is_pinned=is_pinned,
    )


async def _round(driver: Driver, pid: int, seconds: float) -> Round:
    before = cpu_seconds(pid)
    tally = _sound(await driver.full_speed(seconds, warm_up_seconds=0.0))
    return Round(tally.hops_per_second, (cpu_seconds(pid) - before) / tally.hops * 1_000_000)


def _sound(tally: Tally) -> Tally:
    """A server that answers something else quickly has not been measured. Raises DriverError."""
    if tally.unexpected or not tally.hops:
        raise DriverError(f"{tally.unexpected} unexpected answers of {tally.hops}: {tally.example!r}")
    return tally
