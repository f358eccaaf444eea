"""What a USSD benchmark found, as values: for people as a table, for scripts as JSON."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

RATIO_MIN = 0.5
P99_MS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, and the worst and best of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(median(values), min(values), max(values))

    def mapping(self, digits: int) -> dict[str, float]:
        return {name: round(getattr(self, name), digits) for name in ("median", "least", "most")}

    def text(self, pattern: str) -> str:
        return f"{self.median:{pattern}} ({self.least:{pattern}} - {self.most:{pattern}})"


@dataclass(frozen=True, slots=True)
class Figures:
    """Hops per second and CPU time per hop of both servers, round by round; latencies at half of the gateway's peak.

    The ratio of CPU times is the one that other work on the machine does not touch.
    """

    bare: Spread
    gateway: Spread
    ratio: Spread
    bare_cpu_us: Spread
    gateway_cpu_us: Spread
    cpu_ratio: Spread
    rounds: int
    offered_per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    live_sessions: int
    pin_checks_per_second: float
    is_pinned: bool

    def mapping(self) -> dict[str, Any]:
        return {
            "bareHopsPerSecond": self.bare.mapping(0),
            "gatewayHopsPerSecond": self.gateway.mapping(0),
            "ratio": self.ratio.mapping(3),
            "bareCpuUs": self.bare_cpu_us.mapping(1),
            "gatewayCpuUs": self.gateway_cpu_us.mapping(1),
            "cpuRatio": self.cpu_ratio.mapping(3),
            "rounds": self.rounds,
            "latency": {
                "offeredPerSecond": round(self.offered_per_second),
                "liveSessions": self.live_sessions,
                "p50Ms": round(self.p50_ms, 2),
                "p99Ms": round(self.p99_ms, 2),
                "maxMs": round(self.max_ms, 2),
            },
            "pinChecksPerSecond": round(self.pin_checks_per_second, 1),
            "oneCoreEach": self.is_pinned,
        }

    def show(self) -> None:
        """The table; the wanted figures stand beside the found ones."""
        table = Table(title="USSD turns without PIN: one process, one core, 32 connections")
        for heading in ("", "found", "wanted"):
            table.add_column(heading)
        table.add_row("bare handler, hops/s", self.bare.text(",.0f"), "")
        table.add_row("gateway, hops/s", self.gateway.text(",.0f"), "")
        table.add_row(f"ratio, {self.rounds} rounds", self.ratio.text(".2f"), f">= {RATIO_MIN:.2f}")
        cpu = f"{self.bare_cpu_us.median:,.0f} us / {self.gateway_cpu_us.median:,.0f} us"
        table.add_row("CPU of a hop, bare / gateway", f"{cpu} = {self.cpu_ratio.text('.2f')}", "")
        half = f"at {self.offered_per_second:,.0f}/s, {self.live_sessions:,} sessions"
        table.add_row(f"p50 {half}", f"{self.p50_ms:.2f} ms", "")
        table.add_row(f"p99 {half}", f"{self.p99_ms:.2f} ms", f"< {P99_MS_MAX:g} ms")
        table.add_row("slowest", f"{self.max_ms:.1f} ms", "")
        table.add_row("PIN checks/s (limited by the hash on purpose)", f"{self.pin_checks_per_second:,.0f}", "")
        Console().print(table)
        if not self.is_pinned:
            print("Nothing could be pinned to a core here: trust the ratio less.")
