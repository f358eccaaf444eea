"""The conversations that are measured, as the bytes that carry them: one request per hop, one phone per dialogue.

POST /api/ussd/handler HTTP/1.1 ... sessionId=ATUid_0c1f&phoneNumber=%2B254720000001&...&text=2%2A1
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from simulator.load.bare import PATH

_HEAD = (
    f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: %d\r\n\r\n"
).encode()
_SESSION = b"sessionId=ATUid_%032x"


@dataclass(frozen=True, slots=True)
class Hop:
    """All that was typed so far, and what the answer must contain."""

    text: str
    expects: bytes


BROWSING = (
    Hop("", b"2 Borrow"),
    Hop("2", b"Your limit"),
    Hop("2*1", b"how much?"),
    Hop("2*1*2000", b"you get"),
    Hop("2*1*2000*0", b"how much?"),
    Hop("2*1*2000*0*00", b"2 Borrow"),
)
"""Dial, Borrow, Quick, 2,000, see the cost, back, home, hang up. No PIN."""


def viewing(pin: str) -> tuple[Hop, ...]:
    """Dial, Balance, the PIN, hang up."""
    return (Hop("", b"2 Borrow"), Hop("1", b"PIN"), Hop(f"1*{pin}", b"Wallet"))


class Dialogue:
    """One phone that plays a conversation over and over, in a new session each time."""

    def __init__(self, phone: str, hops: Sequence[Hop], sessions: Iterator[int]) -> None:
        about = f"&phoneNumber={quote(phone, safe='')}&networkCode=63902&serviceCode=%2A383%23&text="
        self._bodies = [(about + quote(hop.text, safe="")).encode() for hop in hops]
        self._expects = [hop.expects for hop in hops]
        self._sessions = sessions
        self._session = 0
        self._at = -1

    def following(self) -> bytes:
        """The request of the next hop."""
        self._at = (self._at + 1) % len(self._bodies)
        if self._at == 0:
            self._session = next(self._sessions)
        body = _SESSION % self._session + self._bodies[self._at]
        return _HEAD % len(body) + body

    @property
    def expects(self) -> bytes:
        """What the answer to the last request must contain."""
        return self._expects[self._at]

    @property
    def is_over(self) -> bool:
        """Whether the last request was the last of its session."""
        return self._at == len(self._bodies) - 1
